package local

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"go.uber.org/zap"
)

// TestWatch reads the stream over a real socket: the state at once, every
// change after it, and the end when the sidecar closes.
func TestWatch(t *testing.T) {
	g := testObject(2)
	s, err := openSidecar(g, nil, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	s.serve()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/watch/gameserver", s.port), nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	next := func() gameServerView {
		t.Helper()
		var line struct {
			Result *gameServerView `json:"result"`
		}
		if !lines.Scan() || json.Unmarshal(lines.Bytes(), &line) != nil || line.Result == nil {
			t.Fatalf("line is %q, %v", lines.Text(), lines.Err())
		}
		return *line.Result
	}
	if v := next(); v.Status.State != stateScheduled {
		t.Errorf("first is %s", v.Status.State)
	}
	g.set(stateStarting)
	g.set(stateStarting) // no change, no line
	g.markReady()
	_, _ = g.addPlayer("p")
	_, _ = g.addPlayer("p")
	g.setPayload("other")
	for i, want := range []state{stateStarting, stateReady, stateReady, stateReady} {
		v := next()
		if v.Status.State != want || (len(v.Status.Lists["players"].Values) == 1) != (i >= 2) || (v.Meta.Annotations[payloadAnnotation] == "other") != (i == 3) {
			t.Errorf("line %d is %+v", i, v)
		}
	}
	s.close()
	if lines.Scan() {
		t.Errorf("after the end: %q", lines.Text())
	}
	s.wait()
	if len(g.watchers) != 0 {
		t.Error("a watcher is left")
	}
}

func TestWatchersAreBounded(t *testing.T) {
	g := testObject(0)
	for range maxWatchers {
		if _, err := g.watch(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := g.watch(); err == nil {
		t.Error("one too many")
	}
}

// TestSlowWatcher: who does not read loses the oldest changes, never the newest,
// and holds nobody up.
func TestSlowWatcher(t *testing.T) {
	g := testObject(0)
	w, err := g.watch()
	if err != nil {
		t.Fatal(err)
	}
	for i := range watchQueue * 3 {
		g.setPayload(fmt.Sprint(i))
	}
	var last []byte
	for len(w.frames) > 0 {
		last = <-w.frames
	}
	var line struct {
		Result gameServerView `json:"result"`
	}
	if err := json.Unmarshal(last, &line); err != nil {
		t.Fatal(err)
	}
	if got := line.Result.Meta.Annotations[payloadAnnotation]; got != fmt.Sprint(watchQueue*3-1) {
		t.Errorf("the newest is %s", got)
	}
}

func TestWatchEndsWithItsReader(t *testing.T) {
	s := testSidecar(0)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/watch/gameserver", nil)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	s.ServeHTTP(discardWriter{}, r)
	if len(s.object.watchers) != 0 {
		t.Error("a watcher is left")
	}
}

type discardWriter struct{}

func (discardWriter) Header() http.Header         { return http.Header{} }
func (discardWriter) Write(p []byte) (int, error) { return len(p), nil }
func (discardWriter) WriteHeader(int)             {}
func (discardWriter) Flush()                      {}
