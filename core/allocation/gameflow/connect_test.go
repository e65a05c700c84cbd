package gameflow_test

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

// TestNoConnectionIsNone: as long as nothing could be sent there is no server.
func TestNoConnectionIsNone(t *testing.T) {
	var calls atomic.Int64
	h := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	h.Config.ErrorLog = log.New(io.Discard, "", 0)
	h.EnableHTTP2 = true
	h.StartTLS() // nobody trusts its certificate
	defer h.Close()
	for _, fleet := range []bool{false, true} {
		if _, err := newKind(t, h.URL, fleet).Allocate(t.Context(), request("m")); outcome(err) != none || calls.Load() != 0 {
			t.Errorf("fleet %v: %v after %d calls, want none", fleet, err, calls.Load())
		}
	}
}

// TestHangUpIsUnknown: a peer that takes the connection and closes it may have read
// the call, at the first as at a later one.
func TestHangUpIsUnknown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Read(make([]byte, 1))
			c.Close()
		}
	}()
	defer func() { l.Close(); <-done }()
	for _, fleet := range []bool{false, true} {
		if _, err := newKind(t, "http://"+l.Addr().String(), fleet).Allocate(t.Context(), request("m")); outcome(err) != unknown {
			t.Errorf("fleet %v: %v, want unknown", fleet, err)
		}
	}
}

// TestOneCallOnly: a connection that is lost under a call does not make the client
// send it again by itself, new or used before.
func TestOneCallOnly(t *testing.T) {
	platform := newPlatform(t)
	for _, fleet := range []bool{false, true} {
		p := newKind(t, platform.URL, fleet)
		for i, b := range []gameflowtest.Behaviour{gameflowtest.Cut(), gameflowtest.OK(), gameflowtest.Cut(), gameflowtest.OK(), gameflowtest.HalfBody()} {
			platform.Script(b)
			before := platform.Count()
			_, err := p.Allocate(t.Context(), request("m"))
			if (err == nil) != (b.Name == "ok") || platform.Count() != before+1 {
				t.Errorf("fleet %v, call %d, %s: %v after %d calls", fleet, i, b.Name, err, platform.Count()-before)
			}
		}
	}
}
