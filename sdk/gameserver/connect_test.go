package gameserver

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestConnectOverASocket(t *testing.T) {
	for _, camel := range []bool{false, true} {
		f := newFake("")
		f.camel = camel
		s := connect(t, f)
		g, err := s.GameServer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if g.Name != "fake-1" || g.State != "Scheduled" || g.Labels["game"] != "arena" || g.Annotations["agones.dev/x"] != "1" ||
			len(g.Ports) != 1 || g.Ports[0] != (Port{"default", 21000}) || g.Lists[listName].Capacity != 8 {
			t.Errorf("camel %v: game server is %v with %v, %v, %v", camel, g, g.Ports, g.Labels, g.Lists)
		}
		if s.Local() {
			t.Error("a server with a sidecar says it is local")
		}
	}
}

// flaky is a sidecar that comes up after some tries.
type flaky struct {
	refusals int
	then     http.Handler
	at       []time.Time
}

func (f *flaky) RoundTrip(r *http.Request) (*http.Response, error) {
	f.at = append(f.at, time.Now())
	if len(f.at) <= f.refusals {
		return refusing{func() {}}.RoundTrip(r)
	}
	return direct{f.then}.RoundTrip(r)
}

func TestConnectBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		via := &flaky{refusals: 7, then: newFake("")}
		// No signs of health while the tries are counted.
		s, err := Connect(t.Context(), Options{Getenv: env(), Transport: via, HealthInterval: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.Close()
		for i, want := range []float64{0.25, 0.5, 1, 2, 4, 4, 4} {
			got := via.at[i+1].Sub(via.at[i]).Seconds()
			if got < want*0.8-1e-6 || got > want*1.2+1e-6 {
				t.Errorf("wait %d was %.3f s, want %.2f ±20 %%", i, got, want)
			}
		}
	})
}

func TestConnectGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		_, err := Connect(t.Context(), Options{Getenv: env(), Transport: refusing{func() {}}})
		wantErr(t, err, ErrUnavailable)
		if d := time.Since(begin); d != 30*time.Second {
			t.Errorf("gave up after %s, want 30s", d)
		}
	})
}

func TestConnectIsBoundedByASidecarThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tries atomic.Int32
		hangs := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { tries.Add(1); <-r.Context().Done() })
		_, err := Connect(t.Context(), Options{Getenv: env(), Transport: direct{hangs}})
		wantErr(t, err, ErrUnavailable)
		if n := tries.Load(); n < 4 {
			t.Errorf("%d tries in 30 s, want one at least every 3 s + 4.8 s", n)
		}
		synctest.Wait()
	})
}

func TestConnectEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		// With a port in the environment a sidecar is expected: wait for it.
		o := Options{Getenv: env("AGONES_SDK_HTTP_PORT", "9358"), Transport: refusing{func() {}}, AllowLocal: true}
		_, err := Connect(ctx, o)
		wantErr(t, err, context.DeadlineExceeded)
	})
}

func TestLocalMode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		via := refusing{func() { tries++ }}
		cases := []struct {
			name  string
			env   func(string) string
			allow bool
			local bool
			tries int
		}{
			{"asked for", env("GAMEFLOW_SDK_MODE", "local"), false, true, 0},
			{"allowed, no port", env(), true, true, 1},
			{"allowed, port", env("AGONES_SDK_HTTP_PORT", "9358"), true, true, 10},
			{"forbidden", env("GAMEFLOW_SDK_MODE", "sidecar"), true, false, 10},
			{"not allowed", env(), false, false, 10},
		}
		for _, c := range cases {
			tries = 0
			s, err := Connect(t.Context(), Options{Getenv: c.env, AllowLocal: c.allow, Transport: via})
			if (err == nil) != c.local {
				t.Fatalf("%s: error is %v", c.name, err)
			}
			if c.tries < 10 && tries != c.tries || c.tries == 10 && tries < 9 {
				t.Errorf("%s: %d tries, want %d", c.name, tries, c.tries)
			}
			if err != nil {
				wantErr(t, err, ErrUnavailable)
				continue
			}
			if !s.Local() {
				t.Errorf("%s: not local", c.name)
			}
			s.Close()
		}
	})
}

func TestLocalModeOverAClosedPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	l.Close()
	o := Options{Getenv: env("AGONES_SDK_HTTP_PORT", port), ConnectTimeout: 50 * time.Millisecond}
	_, err = Connect(t.Context(), o)
	wantErr(t, err, ErrUnavailable)
	o.AllowLocal = true
	s, err := Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}

func TestPort(t *testing.T) {
	s := &Server{getenv: env("GAMEFLOW_DEFAULT_PORT", "21000", "GAMEFLOW_VOICE_CHAT_PORT", "21001", "GAMEFLOW_BAD_PORT", "70000",
		"GAMEFLOW_WORD_PORT", "x", "GAMEFLOW_REGION", "eu", "GAMEFLOW_BUILD_ID", "b7")}
	for name, want := range map[string]int{"": 21000, "default": 21000, "voice-chat": 21001, "VOICE_CHAT": 21001, "bad": 0, "word": 0, "none": 0} {
		got, err := s.Port(name)
		if got != want || (want == 0) != (err != nil) {
			t.Errorf("port %q is %d, %v; want %d", name, got, err, want)
		}
		if err != nil {
			wantErr(t, err, ErrNoPort)
			if !strings.Contains(err.Error(), "GAMEFLOW_") {
				t.Errorf("%v does not name the variable", err)
			}
		}
	}
	if s.Region() != "eu" || s.BuildID() != "b7" {
		t.Error("region or build id is wrong")
	}
}
