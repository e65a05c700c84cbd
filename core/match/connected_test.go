package match

import (
	"slices"
	"sync"
	"testing"

	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/sdk/hook"
)

// TestPlayersConnect: hooks are told of the roster's humans and of nobody else.
func TestPlayersConnect(t *testing.T) {
	f := newFixture(t)
	var mu sync.Mutex
	var told []string
	r := f.ruledBy(t, (&ruleset{version: "1", events: func(e *hook.Event) {
		mu.Lock()
		defer mu.Unlock()
		if c := e.GetPlayerConnected(); c != nil {
			told = append(told, c.MatchId+" "+c.AccountId)
		}
	}}).hook(hook.PointEvents))
	f.gather(t)
	id := f.start(t)
	f.feed.await(t, lobby.MatchStarted)
	f.erased["bob"] = true
	for _, name := range []string{"ann", "bob", "mallory", ""} {
		f.PlayerConnected(t.Context(), "g", id, name)
	}
	f.PlayerConnected(t.Context(), "g", "another", "ann")
	must(t, r.Close(t.Context())) // all events are told
	mu.Lock()
	defer mu.Unlock()
	if want := []string{id + " ann"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}
