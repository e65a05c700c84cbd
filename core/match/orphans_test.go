package match

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/store"
)

// TestSweepOfProviders: of the servers that a provider lists, only one whose match
// is surely over is ended, at the second look.
func TestSweepOfProviders(t *testing.T) {
	f := newFixtureOver(t, newMemoryRecords())
	f.gather(t)
	live := f.start(t)
	f.feed.await(t, lobby.MatchStarted)
	must(t, f.await(t.Context(), live))
	over := func(id string) {
		must(t, f.recordFailure(t.Context(), &start{matchID: id}, errServerLost))
	}
	over(live) // recorded and not told yet
	over("over")
	over("starting")
	over("loose")
	f.starts["starting"] = &start{}
	defer delete(f.starts, "starting")
	write := state.Write{Key: looseKey("loose"), Value: &Loose{ID: "loose", Provider: "stub"}}
	_, err := f.state.Apply(t.Context(), state.Tx{Game: "g", Writes: []state.Write{write}})
	must(t, err)

	all := []string{live, "over", "starting", "loose", "not of this game"}
	f.fleet.lists = func() ([]string, error) { return all, nil }
	look := func(before map[suspect]bool) map[suspect]bool { return f.sweepProviders(t.Context(), before) }
	seen := look(nil)
	if f.fleet.releases() != 0 {
		t.Errorf("released at the first look: %q", f.fleet.released)
	}
	all = nil // it was about to end
	seen = look(seen)
	all = []string{live, "over", "starting", "loose", "not of this game"}
	seen = look(seen)
	if f.fleet.releases() != 0 {
		t.Errorf("released at two looks that did not follow each other: %q", f.fleet.released)
	}
	seen = look(seen)
	if !slices.Equal(f.fleet.released, []string{"over"}) || f.SweptServers() != 1 {
		t.Errorf("released %q, counted %d", f.fleet.released, f.SweptServers())
	}
	f.fleet.cannot = script(errors.New("down"))
	look(seen)
	if f.SweptServers() != 1 {
		t.Error("a release that failed is counted")
	}
	for _, err := range []error{errors.New("down"), allocation.ErrCannotList} {
		f.fleet.lists = func() ([]string, error) { return []string{"over"}, err }
		before := f.fleet.releases()
		look(look(nil))
		if f.fleet.releases() != before {
			t.Errorf("released after %v", err)
		}
	}
	if f.lobbyState(t) != lobby.InMatch {
		t.Error("the match did not go on")
	}
}

// TestSweepOfALiveMatchThatNobodyCanRead: no answer is no leave to end a server.
func TestSweepOfALiveMatchThatNobodyCanRead(t *testing.T) {
	docs := &faulty{}
	f := newFixtureOver(t, newMemoryRecords(), docs.over)
	must(t, f.recordFailure(t.Context(), &start{matchID: "m"}, errServerLost))
	f.fleet.lists = func() ([]string, error) { return []string{"m"}, nil }
	docs.read = errors.New("down")
	f.sweepProviders(t.Context(), f.sweepProviders(t.Context(), map[suspect]bool{{"stub", "m"}: true}))
	if f.fleet.releases() != 0 {
		t.Errorf("released %q", f.fleet.released)
	}
}

// left is what a run that was killed has left of one start or match.
type left struct {
	loose    *Loose
	live     bool // the match has begun
	recorded bool // its end is recorded
}

// TestRecoverSettlesServers: whatever an earlier run was killed at, each server is
// given back once, or goes on with its match.
func TestRecoverSettlesServers(t *testing.T) {
	known := server
	for name, c := range map[string]struct {
		left
		cannot          error // of Release
		releases, named int
		orphans         int
		recorded        string // code of the record
	}{
		"asked":                                 {left: left{loose: &Loose{}}, releases: 1, orphans: 1, recorded: "allocation_unknown"},
		"asked, no release":                     {left: left{loose: &Loose{}}, cannot: allocation.ErrCannotRelease, releases: 1, orphans: 1, recorded: "allocation_unknown"},
		"server came":                           {left: left{loose: &Loose{Server: &known}}, releases: 1, named: 1, recorded: "allocation_unknown"},
		"match over":                            {left: left{loose: &Loose{Server: &known, Played: true}, recorded: true}, releases: 1, named: 1, recorded: "server_lost"},
		"match over, no release":                {left: left{loose: &Loose{Server: &known, Played: true}, recorded: true}, cannot: allocation.ErrCannotRelease, releases: 1, named: 1, recorded: "server_lost"},
		"end recorded":                          {left: left{live: true, recorded: true}, releases: 1, named: 1, recorded: "server_lost"},
		"end recorded and a trace of the start": {left: left{loose: &Loose{}, live: true, recorded: true}, releases: 1, named: 1, recorded: "server_lost"},
		"in its match":                          {left: left{live: true}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixtureOver(t, newMemoryRecords())
			if c.cannot != nil {
				f.fleet.cannot = script(c.cannot)
			}
			var writes []state.Write
			if c.loose != nil {
				l := *c.loose
				l.ID, l.Provider, l.LobbyID = "m", "stub", "gone"
				writes = append(writes, state.Write{Key: looseKey("m"), Value: &l, Deadline: time.Now().Add(time.Hour)})
			}
			if c.live {
				m := &Live{ID: "m", LobbyID: "gone", Server: server, StartedAt: time.Now()}
				writes = append(writes, state.Write{Key: state.Key{Kind: KindMatch, ID: "m"}, Value: m, Deadline: time.Now().Add(time.Hour)})
			}
			_, err := f.state.Apply(t.Context(), state.Tx{Game: "g", Writes: writes})
			must(t, err)
			if c.left.recorded {
				must(t, f.recordFailure(t.Context(), &start{matchID: "m"}, errServerLost))
			}
			must(t, f.Recover(t.Context(), nil))
			must(t, f.Close(t.Context())) // waits for what goes on
			if f.fleet.releases() != c.releases || f.fleet.named() != c.named || len(f.orphansOf(t)) != c.orphans {
				t.Errorf("released %q, named %d, orphans %+v", f.fleet.released, f.fleet.named(), f.orphansOf(t))
			}
			if docs := f.looseDocs(t); len(docs) != 0 {
				t.Errorf("kept %+v", docs)
			}
			live, err := f.live(t.Context(), "m")
			if err != nil || (live != nil) != (c.recorded == "") {
				t.Errorf("live %+v, %v", live, err)
			}
			m, err := f.records.MatchByID(t.Context(), "g", "m")
			if c.recorded == "" && !errors.Is(err, store.ErrNotFound) || c.recorded != "" && (err != nil || m.Code != c.recorded) {
				t.Errorf("recorded %+v, %v", m, err)
			}
		})
	}
}

// TestRecoverDoesNotWaitForProviders: one that hangs keeps no node from starting,
// and a node that ends does not wait for it for ever.
func TestRecoverDoesNotWaitForProviders(t *testing.T) {
	f := newFixtureOver(t, newMemoryRecords())
	asked := make(chan struct{})
	f.fleet.cannot = func(ctx context.Context) error { close(asked); return hangs(ctx) }
	write := state.Write{Key: looseKey("m"), Value: &Loose{ID: "m", Provider: "stub", Server: &server}}
	_, err := f.state.Apply(t.Context(), state.Tx{Game: "g", Writes: []state.Write{write}})
	must(t, err)
	must(t, f.Recover(t.Context(), nil))
	<-asked
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	list, err := f.Waiting(t.Context())
	if err != nil || len(list) != 1 || list[0].Tries != 0 || len(f.orphansOf(t)) != 0 {
		t.Errorf("for the next run there is %+v, %v; orphans %+v", list, err, f.orphansOf(t))
	}
}
