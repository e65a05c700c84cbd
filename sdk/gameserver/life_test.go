package gameserver

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// faked connects to the fake in this process, inside a bubble of faked time.
func faked(t *testing.T, f http.Handler, o Options) *Server {
	t.Helper()
	o.Transport = direct{f}
	if o.Getenv == nil {
		o.Getenv = env()
	}
	s, err := Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestHealthIsSentUntilClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("")
		s := faked(t, f, Options{})
		time.Sleep(26 * time.Second)
		if n := f.count("POST /health"); n != 6 {
			t.Errorf("%d signs of health in 26 s, want 6", n)
		}
		s.Close()
		s.Close() // twice is fine
		time.Sleep(time.Minute)
		if n := f.count("POST /health"); n != 6 {
			t.Errorf("%d signs of health after Close, want 6", n)
		}
	})
}

func TestHealthIntervalHasAFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("")
		s := faked(t, f, Options{HealthInterval: time.Microsecond})
		time.Sleep(5100 * time.Millisecond)
		s.Close()
		if n := f.count("POST /health"); n != 11 {
			t.Errorf("%d signs of health in 5.1 s, want one every 500 ms", n)
		}
	})
}

func TestHealthDegradesAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("")
		f.failNext("POST /health", 503, 503, 503, 503, 503, 503, 503)
		var log bytes.Buffer
		s := faked(t, f, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		time.Sleep(24 * time.Second) // five refused
		if !s.Healthy() {
			t.Error("degraded after five failures")
		}
		time.Sleep(5 * time.Second)
		if s.Healthy() {
			t.Error("healthy after six failures")
		}
		time.Sleep(10 * time.Second)
		if !s.Healthy() {
			t.Error("not healthy after an accepted sign")
		}
		s.Close()
		if n := strings.Count(log.String(), "\n"); n != 2 {
			t.Errorf("%d log lines, want one for each turn:\n%s", n, &log)
		}
	})
}

func TestReadyAndShutdown(t *testing.T) {
	f := newFake("")
	s := connect(t, f)
	if err := s.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if state, _ := f.current(); state != "Ready" {
		t.Errorf("state is %s", state)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if state, _ := f.current(); state != "Shutdown" {
		t.Errorf("state is %s", state)
	}
}

func TestReadyIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("")
		s := faked(t, f, Options{})
		defer s.Close()
		f.failNext("POST /ready", 503, 500)
		if err := s.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.failNext("POST /ready", 400)
		var refused *SidecarError
		if err := s.Ready(t.Context()); !asSidecar(err, &refused) || refused.Status != 400 || refused.Code != 14 {
			t.Errorf("a refusal for good gave %v", err)
		}
		if n := f.count("POST /ready"); n != 4 {
			t.Errorf("%d calls, want 4: a refusal for good is not repeated", n)
		}
		f.failNext("POST /shutdown", 503, 503, 503)
		if err := s.Shutdown(t.Context()); !asSidecar(err, &refused) || refused.Status != 503 {
			t.Errorf("three failures gave %v", err)
		}
	})
}

func TestCloseEndsCallsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("")
		s := faked(t, f, Options{})
		ended := make(chan error, 2)
		go func() { ended <- s.Watch(t.Context(), func(GameServer) bool { return true }) }()
		go func() {
			_, err := s.WaitPayload(t.Context())
			ended <- err
		}()
		synctest.Wait()
		s.Close()
		wantErr(t, <-ended, ErrClosed)
		wantErr(t, <-ended, ErrClosed)
		wantErr(t, s.Ready(t.Context()), ErrClosed)
		wantErr(t, s.PlayerConnected(t.Context(), "p1"), ErrClosed)
		_, err := s.Payload(t.Context())
		wantErr(t, err, ErrClosed)
	})
}

func TestACallersContextIsHisOwnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := faked(t, newFake(""), Options{})
		defer s.Close()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.WaitPayload(ctx)
		wantErr(t, err, context.Canceled)
	})
}

func TestARequestThatHangsEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("")
		hang := false
		s := faked(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if hang {
				<-r.Context().Done()
				return
			}
			f.ServeHTTP(w, r)
		}), Options{HealthInterval: time.Hour})
		defer s.Close()
		synctest.Wait()
		hang = true
		begin := time.Now()
		wantErr(t, s.PlayerConnected(t.Context(), "p1"), ErrUnavailable)
		if d := time.Since(begin); d != 3*time.Second {
			t.Errorf("ended after %s, want 3s", d)
		}
	})
}
