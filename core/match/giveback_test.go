package match

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/store"
)

// script answers call by call, the last answer for good.
func script(answers ...error) func(context.Context) error {
	n := -1
	return func(context.Context) error {
		n = min(n+1, len(answers)-1)
		return answers[n]
	}
}

// hangs is a provider that does not answer.
func hangs(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestGivingBack goes through what a provider may say when a server that no match
// uses is to be ended.
func TestGivingBack(t *testing.T) {
	down := errors.New("provider down")
	none := func(context.Context, string) (allocation.Server, bool, error) { return allocation.Server{}, false, nil }
	still := func() func(context.Context, string) (allocation.Server, bool, error) {
		n := 0
		return func(context.Context, string) (allocation.Server, bool, error) { n++; return server, n < 3, nil }
	}
	doubt := func() func(context.Context, string) (allocation.Server, bool, error) {
		n := 0
		return func(context.Context, string) (allocation.Server, bool, error) {
			if n++; n < 3 {
				return allocation.Server{}, false, down
			}
			return allocation.Server{}, false, nil
		}
	}
	for name, c := range map[string]struct {
		start    error // of Allocate; nil: the start is cancelled, and its server comes
		played   bool  // the match was played
		release  func(context.Context) error
		find     func(context.Context, string) (allocation.Server, bool, error)
		releases int
		orphan   string // in its cause; "": there is none
	}{
		"released":                   {releases: 1},
		"released after a match":     {played: true, releases: 1},
		"released at the third try":  {release: script(down, down, nil), releases: 3},
		"after a match at the third": {played: true, release: script(down, down, nil), releases: 3},
		"never released":             {release: script(down), releases: looseTries, orphan: "release: provider down; server 127.0.0.1:7777 (s1)"},
		"never after a match":        {played: true, release: script(down), releases: looseTries, orphan: "the match is over; release: provider down"},
		"no answer":                  {release: hangs, releases: looseTries, orphan: "deadline exceeded"},
		"ends by itself":             {release: script(allocation.ErrCannotRelease), releases: 1, orphan: "server 127.0.0.1:7777 (s1)"},
		"ends by itself when played": {played: true, release: script(allocation.ErrCannotRelease), releases: 1},
		"provider removed":           {release: script(allocation.ErrNoProvider), releases: 1, orphan: "no such provider"},
		"unknown, not to be found":   {start: errCut, releases: 1, orphan: "cut"},
		"unknown, cannot end":        {start: errCut, release: script(allocation.ErrCannotRelease), find: none, releases: 1, orphan: "cut"},
		"unknown, surely none":       {start: errCut, find: none, releases: 1},
		"unknown, still there":       {start: errCut, find: still(), releases: 3},
		"unknown, no answer at once": {start: errCut, find: doubt(), releases: 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixtureOver(t, newMemoryRecords())
				defer f.runAll(t)()
				f.fleet.cannot, f.fleet.find = c.release, c.find
				f.fleet.answer = func(ctx context.Context, _ allocation.Request) (allocation.Server, error) {
					if c.start == nil && !c.played {
						<-ctx.Done()
					}
					return server, c.start
				}
				f.gather(t)
				id := f.start(t)
				switch {
				case c.played:
					f.feed.await(t, lobby.MatchStarted)
					must(t, errOf(f.Report(t.Context(), id, f.signer.resultToken(id), []byte(goodResult))))
				case c.start == nil:
					synctest.Wait()
					must(t, errOf(f.lobbies.CancelStart(t.Context(), who("ann"))))
				}
				synctest.Wait()
				if c.releases > 1 {
					time.Sleep(time.Minute)
					if list, err := f.Waiting(t.Context()); err != nil || len(list) != 1 || list[0].Tries != 1 || list[0].ID != id || list[0].Cause == "" {
						t.Errorf("waiting: %+v, %v", list, err)
					}
					if n := f.fleet.releases(); n != 1 {
						t.Errorf("tried %d times within a minute", n)
					}
				}
				time.Sleep(15 * time.Minute)
				synctest.Wait()
				if n := f.fleet.releases(); n != c.releases || (c.start == nil) != (f.fleet.named() == n) {
					t.Errorf("released %d times, want %d; named %d", n, c.releases, f.fleet.named())
				}
				list := f.orphansOf(t)
				if c.orphan == "" && len(list) != 0 || c.orphan != "" && (len(list) != 1 || !strings.Contains(list[0].Cause, c.orphan)) {
					t.Errorf("orphans %+v, want %q", list, c.orphan)
				}
				if n := f.RecordedOrphans(); n != len(list) {
					t.Errorf("counted %d of %d", n, len(list))
				}
				if docs := f.looseDocs(t); len(docs) != 0 {
					t.Errorf("kept %+v", docs)
				}
			})
		})
	}
}

// TestAnOrphanThatCannotBeWrittenDown is not forgotten.
func TestAnOrphanThatCannotBeWrittenDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		records := newMemoryRecords()
		must(t, records.AddOrphan(t.Context(), store.Orphan{Game: "g", MatchID: "of an earlier run"}))
		f := newFixtureOver(t, records)
		defer f.runAll(t)()
		records.full = errors.New("disk full")
		f.fleet.cannot = script(allocation.ErrCannotRelease)
		f.fleet.answer = func(context.Context, allocation.Request) (allocation.Server, error) {
			return allocation.Server{}, errCut
		}
		f.gather(t)
		must(t, f.await(t.Context(), f.start(t)))
		time.Sleep(time.Hour)
		if len(f.looseDocs(t)) != 1 || f.RecordedOrphans() != 1 {
			t.Fatalf("kept %+v, counted %d", f.looseDocs(t), f.RecordedOrphans())
		}
		records.mu.Lock()
		records.full = nil
		records.mu.Unlock()
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if len(f.looseDocs(t)) != 0 || len(f.orphansOf(t)) != 2 || f.RecordedOrphans() != 2 {
			t.Errorf("kept %+v, orphans %+v", f.looseDocs(t), f.orphansOf(t))
		}
	})
}

// TestOneNodeGivesBack: every node sweeps, and a server is released once.
func TestOneNodeGivesBack(t *testing.T) {
	f := newFixtureOver(t, newMemoryRecords())
	other := f
	other.build()
	defer func() {
		must(t, errors.Join(other.Close(context.Background()), other.lobbies.Close(context.Background())))
	}()
	const servers = 40
	for i := range servers {
		l := &Loose{ID: fmt.Sprint("m", i), LobbyID: "l", Provider: "stub", Server: &server}
		write := state.Write{Key: looseKey(l.ID), Value: l, Deadline: time.Now().Add(-time.Second)}
		_, err := f.state.Apply(t.Context(), state.Tx{Game: "g", Writes: []state.Write{write}})
		must(t, err)
	}
	var wg sync.WaitGroup
	for _, s := range []*Service{f.Service, other.Service, f.Service, other.Service} {
		wg.Go(func() { s.sweepLoose(t.Context()) })
	}
	wg.Wait()
	if n := f.fleet.releases(); n != servers || len(f.looseDocs(t)) != 0 {
		t.Errorf("%d releases of %d servers, %d kept", n, servers, len(f.looseDocs(t)))
	}
}

// TestALooseServerOfALiveMatch is never given back, whoever left its document.
func TestALooseServerOfALiveMatch(t *testing.T) {
	f := newFixtureOver(t, newMemoryRecords())
	f.gather(t)
	id := f.start(t)
	f.feed.await(t, lobby.MatchStarted)
	must(t, f.await(t.Context(), id))
	write := state.Write{Key: looseKey(id), Value: &Loose{ID: id, Provider: "stub"}, Deadline: time.Now().Add(-time.Second)}
	_, err := f.state.Apply(t.Context(), state.Tx{Game: "g", Writes: []state.Write{write}})
	must(t, err)
	f.sweepLoose(t.Context())
	if f.fleet.releases() != 0 || len(f.looseDocs(t)) != 0 {
		t.Errorf("released %q, kept %d", f.fleet.released, len(f.looseDocs(t)))
	}
	must(t, errOf(f.Report(t.Context(), id, f.signer.resultToken(id), []byte(goodResult))))
}

// TestADocumentThatNobodyCanRead is written down and looked at once.
func TestADocumentThatNobodyCanRead(t *testing.T) {
	f := newFixtureOver(t, newMemoryRecords())
	write := state.Write{Key: looseKey("m"), Value: state.Raw("{"), Deadline: time.Now().Add(-time.Second)}
	_, err := f.state.Apply(t.Context(), state.Tx{Game: "g", Writes: []state.Write{write}})
	must(t, err)
	f.sweepLoose(t.Context())
	f.sweepLoose(t.Context())
	if list := f.orphansOf(t); len(list) != 1 || list[0].MatchID != "m" || len(f.looseDocs(t)) != 0 || f.fleet.releases() != 0 {
		t.Errorf("orphans %+v, released %q", list, f.fleet.released)
	}
}

// TestOrphansAreListedOnce, although a crash may have one written down twice.
func TestOrphansAreListedOnce(t *testing.T) {
	f := newFixtureOver(t, newMemoryRecords())
	for _, l := range []Loose{{ID: "a", Cause: "first"}, {ID: "b"}, {ID: "a", Cause: "again"}} {
		must(t, f.writeDownOrphan(t.Context(), f.log, &l))
	}
	f.countOrphans(t.Context())
	if list := f.orphansOf(t); len(list) != 2 || list[0].Cause != "again" || f.RecordedOrphans() != 2 {
		t.Errorf("%+v", list)
	}
	for _, want := range []bool{true, false} {
		if found, err := f.DropOrphan(t.Context(), "a"); err != nil || found != want {
			t.Errorf("dropped: %t, %v", found, err)
		}
	}
	if list := f.orphansOf(t); len(list) != 1 || list[0].MatchID != "b" || f.RecordedOrphans() != 1 {
		t.Errorf("%+v, counted %d", list, f.RecordedOrphans())
	}
}
