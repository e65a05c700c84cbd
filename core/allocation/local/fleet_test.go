//go:build linux

package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation"
)

func TestReadyServer(t *testing.T) {
	t.Setenv("MUSTER_SECRET", "not for servers")
	o := options(t, "serve")
	o.Env["LEVEL"], o.Env["AGONES_SDK_HTTP_PORT"] = "desert", "1"
	o.PortNames = []string{"query", "default"}
	f, obs := startFleet(t, o)
	s := allocate(t, f, "m-1")
	if s.Address != "127.0.0.1" || s.Name != "arena-m-1" || s.Region != "home" || s.Port < o.Ports.First || s.Port > o.Ports.Last {
		t.Errorf("server is %+v", s)
	}
	query := f.Servers()[0].Ports["query"]
	_, env := order(t, s, "GET", "/env", "")
	for _, want := range []string{
		"LEVEL=desert", "GAMEFLOW_DEFAULT_PORT=" + strconv.Itoa(s.Port), "GAMEFLOW_QUERY_PORT=" + strconv.Itoa(query),
		"GAMEFLOW_REGION=home", "GAMEFLOW_BUILD_ID=b1", "AGONES_SDK_HTTP_PORT=", "PATH=", "HOME=",
	} {
		if !strings.Contains("\n"+env, "\n"+want) {
			t.Errorf("no %s in its environment", want)
		}
	}
	if strings.Contains(env, "MUSTER_SECRET") || strings.Contains(env, "AGONES_SDK_HTTP_PORT=1\n") || strings.Count(env, "\n") != 9 {
		t.Errorf("its environment is\n%s", env)
	}
	if again := allocate(t, f, "m-1"); again != s || f.Len() != 1 {
		t.Errorf("a second call gave %+v", again)
	}
	if found, ok, err := f.Find(t.Context(), "arena", "m-1"); !ok || err != nil || found != s {
		t.Errorf("found %+v, %t, %v", found, ok, err)
	}
	pid := pidOf(f, "m-1")
	if err := f.Release(t.Context(), "arena", "m-1"); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := f.Find(t.Context(), "arena", "m-1"); ok {
		t.Error("a server that is ending is found")
	}
	eventually(t, "the server is gone", func() bool { return f.Len() == 0 })
	if !dead(pid) {
		t.Error("the process lives")
	}
	stopFleet(t, f)
	obs.wantNoEnd(t)
	if left, _ := os.ReadDir(f.records.dir); len(left) != 0 {
		t.Errorf("records are left: %v", left)
	}
	log, _ := os.ReadFile(filepath.Join(o.LogDir, "arena", "m-1.log"))
	if !strings.Contains(string(log), "game server in mode serve") {
		t.Errorf("log is %q", log)
	}
}

func TestStartFailures(t *testing.T) {
	for mode, want := range map[string]string{
		"crash":          "cannot load the map",
		"early shutdown": "asked for shutdown",
		"never":          "was not ready within",
	} {
		t.Run(mode, func(t *testing.T) {
			o := options(t, mode)
			if mode == "never" {
				o.Timeout = 100 * time.Millisecond
			}
			f, obs := startFleet(t, o)
			_, err := f.Allocate(t.Context(), request("m"))
			if !allocation.IsNone(err) || !strings.Contains(err.Error(), want) {
				t.Errorf("error is %v", err)
			}
			if f.Len() != 0 {
				t.Error("the server is still there")
			}
			stopFleet(t, f)
			obs.wantNoEnd(t)
			if left, _ := os.ReadDir(f.records.dir); len(left) != 0 {
				t.Errorf("records are left: %v", left)
			}
		})
	}
}

func TestProgramCannotRun(t *testing.T) {
	o := options(t, "serve")
	program := filepath.Join(o.Dir, "server")
	if err := os.WriteFile(program, []byte("no program"), 0o700); err != nil {
		t.Fatal(err)
	}
	o.Command = []string{"./server"}
	f, _ := startFleet(t, o)
	if _, err := f.Allocate(t.Context(), request("m")); !allocation.IsNone(err) {
		t.Errorf("error is %v", err)
	}
	o.Command = []string{"no-such-program-anywhere"}
	if _, err := New(o); err == nil {
		t.Error("a missing program is no error")
	}
}

func TestCallerGivesUp(t *testing.T) {
	f, obs := startFleet(t, options(t, "never"))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := f.Allocate(ctx, request("m"))
		done <- err
	}()
	eventually(t, "the process runs", func() bool { left, _ := os.ReadDir(f.records.dir); return len(left) == 1 })
	cancel()
	if err := <-done; !allocation.IsNone(err) || !errors.Is(err, context.Canceled) || f.Len() != 0 {
		t.Errorf("error is %v", err)
	}
	go func() {
		_, err := f.Allocate(t.Context(), request("m"))
		done <- err
	}()
	eventually(t, "the process runs", func() bool { left, _ := os.ReadDir(f.records.dir); return len(left) == 1 })
	_ = f.Release(t.Context(), "arena", "m")
	if err := <-done; !allocation.IsNone(err) {
		t.Errorf("error is %v", err)
	}
	stopFleet(t, f)
	obs.wantNoEnd(t)
}

func TestEnds(t *testing.T) {
	cases := map[string]struct {
		order, path string
		want        string
	}{
		"clean exit":   {"GET", "/exit/0", "clean"},
		"crash":        {"GET", "/exit/2", "crashed"},
		"signal":       {"GET", "/kill", "crashed"},
		"shutdown":     {"POST", "/sidecar/shutdown", "clean"},
		"unhealthy":    {"GET", "/mute", "unhealthy"},
		"nobody comes": {"GET", "/env", "idle"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := options(t, "serve")
			switch c.want {
			case "unhealthy":
				o.HealthTimeout = 500 * time.Millisecond
			case "idle":
				o.MaxPlayers, o.Idle = 4, 100*time.Millisecond
			}
			f, obs := startFleet(t, o)
			s := allocate(t, f, "m")
			order(t, s, c.order, c.path, "")
			obs.wantEnd(t, "arena m "+c.want)
			eventually(t, "the server is gone", func() bool { return f.Len() == 0 })
			_ = f.Release(t.Context(), "arena", "m")
			stopFleet(t, f)
			obs.wantNoEnd(t)
			if left, _ := os.ReadDir(f.records.dir); len(left) != 0 {
				t.Errorf("records are left: %v", left)
			}
		})
	}
}

// TestShutdownRightAfterReady holds that the start does not depend on whether the
// fleet or the server is faster: there is a server, and it ends cleanly.
func TestShutdownRightAfterReady(t *testing.T) {
	f, obs := startFleet(t, options(t, "brief"))
	for n := range 10 {
		match := fmt.Sprint("m", n)
		allocate(t, f, match)
		obs.wantEnd(t, "arena "+match+" clean")
	}
	eventually(t, "the servers are gone", func() bool { return f.Len() == 0 })
}

func TestPlayersKeepAServer(t *testing.T) {
	o := options(t, "serve")
	o.MaxPlayers, o.Idle = 2, 300*time.Millisecond
	f, obs := startFleet(t, o)
	s := allocate(t, f, "m")
	list := "/sidecar/v1beta1/lists/players"
	if status, body := order(t, s, "POST", list+":addValue", `{"value":"p1"}`); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	<-time.After(2 * o.Idle) // nothing to wait for but time
	if _, ok, _ := f.Find(t.Context(), "arena", "m"); !ok {
		t.Fatal("a server with a player was ended")
	}
	order(t, s, "POST", list+":removeValue", `{"value":"p1"}`)
	obs.wantEnd(t, "arena m idle")
}

func TestTwoServersAndNoMore(t *testing.T) {
	o := options(t, "serve")
	o.Max = 2
	f, _ := startFleet(t, o)
	var wg sync.WaitGroup
	var servers [2]allocation.Server
	for i := range servers {
		wg.Go(func() {
			var err error
			if servers[i], err = f.Allocate(t.Context(), request("m-"+strconv.Itoa(i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if servers[0].Port == servers[1].Port {
		t.Errorf("both have port %d", servers[0].Port)
	}
	if _, err := f.Allocate(t.Context(), request("m-2")); !allocation.IsNone(err) || !errors.Is(err, allocation.ErrFull) {
		t.Errorf("error is %v", err)
	}
	_ = f.Release(t.Context(), "arena", "m-0")
	eventually(t, "there is room", func() bool { return f.Len() == 1 })
	allocate(t, f, "m-2")
}

func TestNotOfThisFleet(t *testing.T) {
	f, err := New(options(t, "serve"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Allocate(t.Context(), request("m")); !allocation.IsNone(err) {
		t.Errorf("not started: %v", err)
	}
	if err := f.Stop(t.Context()); err != nil {
		t.Errorf("stop: %v", err)
	}
	f, _ = startFleet(t, options(t, "serve"))
	for _, id := range []string{"", "../m", "a/b", ".hidden", strings.Repeat("m", 81)} {
		if _, err := f.Allocate(t.Context(), request(id)); !allocation.IsNone(err) {
			t.Errorf("match %q: %v", id, err)
		}
	}
	other := request("m")
	other.Game = "other"
	if _, err := f.Allocate(t.Context(), other); !allocation.IsNone(err) {
		t.Errorf("other game: %v", err)
	}
	if err := f.Release(t.Context(), "other", "m"); err != nil {
		t.Error(err)
	}
	if err := f.Start(t.Context(), newObserver()); err == nil {
		t.Error("started twice")
	}
}
