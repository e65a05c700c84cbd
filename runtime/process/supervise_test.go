//go:build linux

package process

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

// TestKilledInTheMiddle kills the plugin under every kind of call: each fails at
// once, as a failure, and the next one works.
func TestKilledInTheMiddle(t *testing.T) {
	o := options(t, "plugin", nil)
	w, logs := watch(&o), logged(&o)
	o.Timing.FirstWait = time.Millisecond
	p := begin(t, o)
	calls := map[string]func(context.Context) error{
		"authenticate": func(ctx context.Context) error {
			_, err := p.Impl().Authenticate(ctx, &hook.AuthRequest{Provider: "wait"})
			return err
		},
		"balance": func(ctx context.Context) error {
			_, err := p.Impl().BalanceTeams(ctx, &hook.Lobby{Id: "wait"})
			return err
		},
		"validate": func(ctx context.Context) error { return p.Impl().ValidateStart(ctx, &hook.Lobby{Id: "wait"}) },
		"rpc": func(ctx context.Context) error {
			_, err := ask(ctx, p, "wait", "")
			return err
		},
	}
	times := 0
	for name, call := range calls {
		logs.kept.TakeAll()
		failed := make(chan error, 1)
		go func() { failed <- call(t.Context()) }()
		logs.until(t, "waiting")
		began := time.Now()
		kill9(t, p.Status().PID)
		err := <-failed
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s failed after %s", name, took)
		}
		if _, refused := hook.AsRefusal(err); refused || !errors.Is(err, wire.ErrBroken) || hook.IsUnreachable(err) {
			t.Errorf("%s: %v", name, err)
		}
		times++
		s := w.restarted(t, times)
		if got, err := ask(t.Context(), p, "echo", name); got != name || !alive(s.PID) {
			t.Errorf("after %s: %v", name, err)
		}
		if s := p.Status(); s.Restarts != times || !strings.Contains(s.LastError, "it ended (signal: killed)") {
			t.Errorf("%+v", s)
		}
	}
}

// TestDiesByItself has the plugin end in ways of its own.
func TestDiesByItself(t *testing.T) {
	o := options(t, "plugin", nil)
	w := watch(&o)
	o.Timing.FirstWait = time.Millisecond
	p := begin(t, o)
	for i, c := range []struct{ name, part string }{
		{"exit", "it ended (exit status 7)"}, {"crash", "it last printed:\npanic: a goroutine's own text"},
	} {
		if _, err := ask(t.Context(), p, c.name, "text"); !errors.Is(err, wire.ErrBroken) {
			t.Errorf("%s: %v", c.name, err)
		}
		if s := w.restarted(t, i+1); !strings.Contains(s.LastError, c.part) {
			t.Errorf("%s: %q", c.name, s.LastError)
		}
	}
}

func TestHangingPluginIsStartedAgain(t *testing.T) {
	o := options(t, "plugin", nil)
	w := watch(&o)
	o.Timing.PingEvery, o.Timing.PingTimeout = 20*time.Millisecond, 200*time.Millisecond
	p := begin(t, o)
	if err := syscall.Kill(p.Status().PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if s := w.restarted(t, 1); !strings.Contains(s.LastError, "it does not answer") {
		t.Errorf("%+v", s)
	}
	if got, err := ask(t.Context(), p, "echo", "back"); got != "back" {
		t.Error(err)
	}
}

// TestCallsWhileItIsDownFailAtOnce breaks the program after the first start.
func TestCallsWhileItIsDownFailAtOnce(t *testing.T) {
	o := options(t, "plugin", nil)
	path := copyOf(t)
	o.Command = []string{path}
	w := watch(&o)
	o.Timing.Budget, o.Timing.FirstWait, o.Timing.MostWait = 4, 100*time.Millisecond, 100*time.Millisecond
	p := begin(t, o)
	if err := os.WriteFile(path+".new", []byte("#!/bin/sh\necho broken update\nexit 5\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	kill9(t, p.Status().PID)
	s := w.until(t, "waiting", func(s Status) bool { return s.State == Restarting && !s.Next.IsZero() })
	if s.PID != 0 || !strings.Contains(s.LastError, "broken update") {
		t.Errorf("%+v", s)
	}
	w.until(t, "quarantined", func(s Status) bool { return s.State == Quarantined })
	began := time.Now()
	_, err := ask(t.Context(), p, "echo", "")
	var down *DownError
	if !errors.Is(err, ErrDown) || !errors.As(err, &down) || down.State != Quarantined || time.Since(began) > 100*time.Millisecond {
		t.Errorf("%v", err)
	}
	wants(t, err, "died too often and is not started again until it is reloaded", "broken update")
	if left := children(t); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

func TestChecksumIsComparedAtRestarts(t *testing.T) {
	o := options(t, "plugin", nil)
	path := copyOf(t)
	o.Command = []string{path}
	sum, err := Checksum(o)
	if err != nil {
		t.Fatal(err)
	}
	o.SHA256 = sum
	w := watch(&o)
	o.Timing.Budget, o.Timing.FirstWait = 3, time.Millisecond
	p := begin(t, o)
	other := copyOf(t)
	file, err := os.OpenFile(other, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString("one more byte"); err != nil {
		t.Fatal(err)
	}
	file.Close()
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	kill9(t, p.Status().PID)
	s := w.until(t, "quarantined", func(s Status) bool { return s.State == Quarantined })
	if !strings.Contains(s.LastError, "is not the file that the config trusts") {
		t.Errorf("%+v", s)
	}
}

func TestFewerPointsAfterARestart(t *testing.T) {
	o := options(t, "plugin", nil)
	w := watch(&o)
	o.Timing.Budget, o.Timing.FirstWait = 3, time.Millisecond
	p := begin(t, o)
	p.opts.Env["TEST_CHILD"] = "narrow" // as if another program stood there now
	kill9(t, p.Status().PID)
	s := w.until(t, "quarantined", func(s Status) bool { return s.State == Quarantined })
	if !strings.Contains(s.LastError, "no longer serves") {
		t.Errorf("%+v", s)
	}
}
