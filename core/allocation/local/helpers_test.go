//go:build linux

package local

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation"
)

// observer remembers what it was told.
type observer struct {
	ends    chan string
	results chan string

	mu            sync.Mutex
	answer        func() (int, []byte)
	resultsBefore int // results told before the last end
}

func newObserver() *observer {
	return &observer{
		ends: make(chan string, 200), results: make(chan string, 200),
		answer: func() (int, []byte) { return http.StatusOK, []byte(`{"accepted":true}`) },
	}
}

func (o *observer) ServerEnded(_ context.Context, game, matchID string, end allocation.End) {
	o.mu.Lock()
	o.resultsBefore = len(o.results)
	o.mu.Unlock()
	o.ends <- game + " " + matchID + " " + end.String()
}

func (o *observer) Result(_ context.Context, game, matchID, bearer string, body []byte) (int, []byte) {
	o.mu.Lock()
	answer := o.answer
	o.mu.Unlock()
	status, raw := answer()
	o.results <- fmt.Sprintf("%s %s %s %s", game, matchID, bearer, body)
	return status, raw
}

// wantEnd waits for one end and checks it.
func (o *observer) wantEnd(t testing.TB, want string) {
	t.Helper()
	select {
	case got := <-o.ends:
		if got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	case <-time.After(20 * time.Second):
		t.Errorf("not told of %q", want)
	}
}

// wantNoEnd checks that nothing more was told. The fleet is stopped by then.
func (o *observer) wantNoEnd(t testing.TB) {
	t.Helper()
	select {
	case got := <-o.ends:
		t.Errorf("told %q as well", got)
	default:
	}
}

// testPorts gives every test a range of its own, and two runs at a time most
// likely different ones.
var testPorts = struct {
	sync.Mutex
	next int
}{next: 10000 + os.Getpid()%6*2000}

func nextPorts(n int) PortRange {
	testPorts.Lock()
	defer testPorts.Unlock()
	r := PortRange{testPorts.next, testPorts.next + n - 1}
	testPorts.next += n
	return r
}

func options(t testing.TB, mode string) Options {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The race detector would make every clean exit wait for a second.
	env := map[string]string{"TEST_CHILD": mode, "GORACE": "atexit_sleep_ms=0"}
	return Options{
		Game: "arena", Command: []string{program}, Dir: t.TempDir(), Env: env,
		Ports: nextPorts(20), Address: "127.0.0.1", Timeout: 20 * time.Second, Max: 10,
		StopGrace: 20 * time.Second, LogDir: t.TempDir(), StateDir: t.TempDir(), Region: "home", BuildID: "b1",
	}
}

// startFleet starts a fleet that is stopped at the test's end, when nothing of
// it may be left.
func startFleet(t testing.TB, o Options) (*Fleet, *observer) {
	t.Helper()
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	obs := newObserver()
	if err := f.Start(t.Context(), obs); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopFleet(t, f) })
	return f, obs
}

func stopFleet(t testing.TB, f *Fleet) {
	t.Helper()
	if err := f.Stop(context.Background()); err != nil {
		t.Errorf("stop: %v", err)
	}
	if f.Len() != 0 {
		t.Errorf("%d servers are left", f.Len())
	}
	for port := f.opts.Ports.First; port <= f.opts.Ports.Last; port++ {
		if !portFree(port) {
			t.Errorf("port %d is still taken", port)
		}
	}
	if n := len(f.opts.Book.taken); n != 0 {
		t.Errorf("%d ports are still in the book", n)
	}
}

func request(matchID string) allocation.Request {
	return allocation.Request{
		Game: "arena", MatchID: matchID, ResultURL: "https://muster.example/result",
		Payload: func(resultURL string) ([]byte, error) {
			return fmt.Appendf(nil, `{"matchId":%q,"resultUrl":%q}`, matchID, resultURL), nil
		},
	}
}

func allocate(t testing.TB, f *Fleet, matchID string) allocation.Server {
	t.Helper()
	s, err := f.Allocate(t.Context(), request(matchID))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func pidOf(f *Fleet, matchID string) int { return f.find("arena", matchID).proc.pid }

// order sends an order to a game server; it may die of it.
func order(t testing.TB, s allocation.Server, method, path, body string) (status int, answer string) {
	t.Helper()
	return orderPort(t, s.Port, method, path, body)
}

func orderPort(t testing.TB, port int, method, path, body string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1:"+strconv.Itoa(port)+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	raw, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(raw)
}

// eventually polls until it holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	limit := time.After(20 * time.Second)
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for !holds() {
		select {
		case <-poll.C:
		case <-limit:
			t.Fatalf("never: %s", what)
		}
	}
}

func dead(pid int) bool {
	st, err := readStat(pid)
	return err != nil || st.dead()
}
