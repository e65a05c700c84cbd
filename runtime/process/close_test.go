//go:build linux

package process

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
)

func TestCloseWaitsForCallsAndStops(t *testing.T) {
	file := filepath.Join(t.TempDir(), "stopped")
	o := options(t, "plugin", map[string]any{"greeting": "tell", "key": file})
	logs := logged(&o)
	w := watch(&o)
	p, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	pid := p.Status().PID
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := ask(ctx, p, "wait", "")
		ended <- err
	}()
	logs.until(t, "waiting")
	var closed sync.WaitGroup
	for range 2 {
		closed.Go(func() {
			if err := p.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	for p.isOpen() {
		runtime.Gosched()
	}
	if _, err := ask(t.Context(), p, "echo", ""); !errors.Is(err, ErrDown) {
		t.Errorf("a call while it is closed: %v", err)
	}
	select {
	case err := <-ended:
		t.Fatalf("the call was not waited for: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	closed.Wait()
	if alive(pid) {
		t.Error("it still runs")
	}
	if text, err := os.ReadFile(file); string(text) != "stopped" {
		t.Errorf("Stop was not called: %v", err)
	}
	if s := w.until(t, "closed", func(s Status) bool { return s.State == Closed }); s.PID != 0 {
		t.Errorf("%+v", s)
	}
	wants(t, func() error { _, err := ask(t.Context(), p, "echo", ""); return err }(), "was stopped")
}

func (p *Process) isOpen() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.closing
}

func TestCloseCutsCallsOff(t *testing.T) {
	o := options(t, "plugin", nil)
	logs := logged(&o)
	p, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	pid := p.Status().PID
	ended := make(chan error, 1)
	go func() {
		_, err := ask(context.Background(), p, "wait", "")
		ended <- err
	}()
	logs.until(t, "waiting")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := <-ended; err == nil || alive(pid) {
		t.Errorf("%v", err)
	}
}

// TestCloseOfAHangingPlugin ends one that answers nothing, not even its Stop.
func TestCloseOfAHangingPlugin(t *testing.T) {
	o := options(t, "plugin", nil)
	o.Timing.Stop = 100 * time.Millisecond
	p, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	pid := p.Status().PID
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(t.Context()); err != nil || alive(pid) {
		t.Error(err)
	}
}

// TestCloseInTheMiddleOfARestart closes while the plugin is being started, and
// while it waits for that.
func TestCloseInTheMiddleOfARestart(t *testing.T) {
	for _, slow := range []bool{true, false} {
		o := options(t, "plugin", nil)
		w := watch(&o)
		starting := make(chan struct{}, 10)
		o.Configure = func([]*pluginpb.Setting) (*structpb.Struct, error) {
			starting <- struct{}{}
			if len(starting) > 1 && slow {
				return structpb.NewStruct(map[string]any{"slow": "1h"})
			}
			if len(starting) > 1 {
				return nil, errors.New("no settings today")
			}
			return nil, nil
		}
		o.Timing.FirstWait, o.Timing.MostWait = time.Hour, time.Hour
		p, err := Start(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		kill9(t, p.Status().PID)
		if slow {
			w.until(t, "restarting", func(s Status) bool { return s.State == Restarting })
			<-starting
			<-starting
		} else {
			w.until(t, "waiting", func(s Status) bool { return s.State == Restarting && !s.Next.IsZero() })
		}
		if err := p.Close(t.Context()); err != nil || p.Status().State != Closed {
			t.Errorf("%+v: %v", p.Status(), err)
		}
		if left := children(t); len(left) > 0 {
			t.Errorf("left: %q", left)
		}
	}
}
