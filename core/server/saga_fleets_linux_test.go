package server_test

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

// sagaFleet is the provider of a saga's servers.
type sagaFleet interface {
	// game is the text of the game "arena".
	game(dir string) string
	// made is how many servers were made for the match that was started last.
	made(matchID string) int
	// survives: a server outlives the muster process that asked for it.
	survives() bool
	// settled waits until no server runs without a match.
	settled()
}

// stubFleet is the platform's stand-in as a provider.
type stubFleet struct {
	t        testing.TB
	platform *gameflowtest.Server
	gate     gate
	after    string // after_match; empty: "reopen"
}

// newStubFleet answers each call when the test says how.
func newStubFleet(t testing.TB) *stubFleet {
	f := &stubFleet{t: t, gate: gate{arrived: make(chan gameflowtest.Call, 64), answer: make(chan gameflowtest.Behaviour)}}
	f.platform = gameflowtest.NewServer(gameflowtest.Options{
		GameID: "g1", APIKey: "key",
		Decide: func(_ int, c gameflowtest.Call) gameflowtest.Behaviour {
			f.gate.arrived <- c
			select {
			case b := <-f.gate.answer:
				return b
			case <-t.Context().Done():
				return gameflowtest.Status(http.StatusServiceUnavailable)
			}
		},
	})
	t.Cleanup(f.platform.Close)
	return f
}

// newSlowFleet answers every call with a server, after a moment.
func newSlowFleet(t testing.TB) *stubFleet {
	f := &stubFleet{t: t, platform: gameflowtest.NewServer(gameflowtest.Options{
		GameID: "g1", APIKey: "key",
		Decide: func(int, gameflowtest.Call) gameflowtest.Behaviour { return gameflowtest.Slow(20 * time.Millisecond) },
	})}
	t.Cleanup(f.platform.Close)
	return f
}

func (f *stubFleet) game(string) string {
	return stubGame("arena", f.platform.URL, fmt.Sprintf("reconnect_grace = \"5m\"\nafter_match = %q", cmp.Or(f.after, "reopen")))
}
func (f *stubFleet) made(matchID string) int { return len(f.platform.Servers(matchID)) }
func (f *stubFleet) survives() bool          { return true }
func (f *stubFleet) settled()                {}

// localFleet is a fleet whose every process leaves a line in a file.
type localFleet struct {
	t           testing.TB
	first, last int
	lines       string
	before      int
}

func (f *localFleet) game(dir string) string {
	f.lines = filepath.Join(dir, "made")
	self, err := filepath.Abs(os.Args[0])
	must(f.t, err)
	return fmt.Sprintf(`
game "arena" {
  lobby {
    min_players     = 2
    reconnect_grace = "5m"
    after_match     = "reopen"
  }
  allocate "local" {
    command    = ["/bin/sh", "-c", "echo $GAMEFLOW_DEFAULT_PORT >> %s && exec %s"]
    env        = { %s = "play", GORACE = "atexit_sleep_ms=0" }
    ports      = "%d-%d"
    timeout    = "30s"
    stop_grace = "2s"
  }
}
`, f.lines, self, asGame, f.first, f.last)
}

func (f *localFleet) made(string) int {
	raw, err := os.ReadFile(f.lines)
	if err != nil {
		return 0
	}
	now := bytes.Count(raw, []byte("\n"))
	made := now - f.before
	f.before = now
	return made
}

func (f *localFleet) survives() bool { return false }
func (f *localFleet) settled()       { awaitNoServers(f.t, "play", f.first, f.last) }
