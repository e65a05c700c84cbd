package match

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/store"
)

var errCut = allocation.ErrUnknown.With(&allocation.UnknownError{Provider: "stub", Cause: errors.New("cut")})

// told counts the events of a kind.
func (f *feed) told(kind lobby.EventKind) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// looseDocs are the servers that the state knows as loose.
func (f *fixture) looseDocs(t testing.TB) []state.Doc {
	t.Helper()
	docs, err := f.allLoose(t.Context())
	must(t, err)
	return docs
}

func (f *fixture) orphansOf(t testing.TB) []store.Orphan {
	t.Helper()
	list, err := f.Orphans(t.Context())
	must(t, err)
	return list
}

// TestCancelledStarts: whoever ends the start, and whatever comes of the call that
// is under way, all are told once, what was made is given back, and the lobby can
// start again.
func TestCancelledStarts(t *testing.T) {
	hows := map[string]func(f *fixture, t *testing.T){
		"by its owner": func(f *fixture, t *testing.T) { must(t, errOf(f.lobbies.CancelStart(t.Context(), who("ann")))) },
		"by a leaver":  func(f *fixture, t *testing.T) { must(t, f.lobbies.Leave(t.Context(), who("bob"), nil)) },
		"by a kick":    func(f *fixture, t *testing.T) { must(t, errOf(f.lobbies.Kick(t.Context(), who("ann"), "bob"))) },
	}
	for what, c := range map[string]struct {
		err                      error
		releases, named, orphans int
	}{
		"a server comes":   {nil, 1, 1, 0},
		"nobody knows":     {errCut, 1, 0, 1},
		"surely no server": {allocation.ErrFailed.With(errors.New("refused")), 0, 0, 0},
	} {
		for how, end := range hows {
			t.Run(what+" "+how, func(t *testing.T) {
				t.Parallel()
				f := newFixtureOver(t, newMemoryRecords())
				arrived := make(chan struct{})
				f.fleet.answer = func(ctx context.Context, _ allocation.Request) (allocation.Server, error) {
					close(arrived)
					<-ctx.Done() // the cancel reaches the provider
					return server, c.err
				}
				f.gather(t)
				id := f.start(t)
				<-arrived
				end(&f, t)
				if e := f.feed.await(t, lobby.MatchFailed); e.Fault.Code != "start_cancelled" || e.MatchID != id {
					t.Errorf("told %+v", e)
				}
				must(t, f.await(t.Context(), id))
				if f.fleet.releases() != c.releases || f.fleet.named() != c.named {
					t.Errorf("released %q, of known servers %+v", f.fleet.released, f.fleet.known)
				}
				if list := f.orphansOf(t); len(list) != c.orphans || c.orphans == 1 && (list[0].MatchID != id || list[0].Provider != "stub") {
					t.Errorf("orphans %+v", list)
				}
				if docs := f.looseDocs(t); len(docs) != 0 {
					t.Errorf("kept %+v", docs)
				}
				if m, err := f.records.MatchByID(t.Context(), "g", id); err != nil || m.Code != "start_cancelled" {
					t.Errorf("recorded %+v, %v", m, err)
				}
				if n := f.feed.told(lobby.MatchFailed) + f.feed.told(lobby.StartRefused); n != 1 {
					t.Errorf("told %d times", n)
				}
				f.fleet.answer = nil
				s, err := f.lobbies.Get(t.Context(), f.lobbyID)
				must(t, err)
				if _, there := s.Lobby.Member("bob"); !there {
					must(t, errOf(f.lobbies.Join(t.Context(), who("cid"), lobby.JoinRequest{Code: s.Lobby.Code}, nil)))
					must(t, errOf(f.lobbies.Ready(t.Context(), who("cid"), true)))
				}
				if again := f.start(t); f.feed.await(t, lobby.MatchStarted).MatchID != again {
					t.Error("another match began")
				}
			})
		}
	}
}

// TestCancelledBeforeAnybodyWasAsked leaves nothing that could be given back.
func TestCancelledBeforeAnybodyWasAsked(t *testing.T) {
	f := newFixtureOver(t, newMemoryRecords())
	inside, cancelled := make(chan struct{}), make(chan struct{})
	f.ruledBy(t, (&ruleset{version: "1", balanced: func() { close(inside); <-cancelled }}).hook())
	f.gather(t)
	id := f.start(t)
	<-inside
	must(t, errOf(f.lobbies.CancelStart(t.Context(), who("ann"))))
	close(cancelled)
	must(t, f.await(t.Context(), id))
	if len(f.fleet.made) != 0 || f.fleet.releases() != 0 || len(f.looseDocs(t)) != 0 || len(f.orphansOf(t)) != 0 {
		t.Errorf("asked %d times, released %q", len(f.fleet.made), f.fleet.released)
	}
}

// TestWritesThatFailAtTheCommit: the write that makes the match fails, and has
// happened all the same or not. Members get one answer, the server goes once.
func TestWritesThatFailAtTheCommit(t *testing.T) {
	broken := errors.New("disk")
	for name, saved := range map[string]bool{"saved": true, "not saved": false} {
		t.Run(name, func(t *testing.T) {
			docs := &faulty{}
			f := newFixtureOver(t, newMemoryRecords(), docs.over)
			docs.write = func(tx state.Tx) (error, error) {
				switch {
				case !writes(tx, KindMatch):
					return nil, nil
				case saved:
					return nil, broken
				}
				return broken, nil
			}
			f.gather(t)
			id := f.start(t)
			e := f.feed.await(t, lobby.MatchFailed)
			must(t, f.await(t.Context(), id))
			must(t, f.Close(t.Context()))
			code := map[bool]string{true: "server_lost", false: "internal"}[saved]
			if e.Fault.Code != code || f.feed.told(lobby.MatchStarted) != 0 || f.feed.told(lobby.MatchFailed) != 1 {
				t.Errorf("told %+v", f.feed.events)
			}
			if f.fleet.releases() != 1 || f.fleet.named() != 1 || len(f.looseDocs(t)) != 0 {
				t.Errorf("released %q, kept %d", f.fleet.released, len(f.looseDocs(t)))
			}
			if live, err := f.live(t.Context(), id); live != nil || err != nil {
				t.Errorf("live: %+v, %v", live, err)
			}
			if f.lobbyState(t) != lobby.Open {
				t.Errorf("lobby is %s", f.lobbyState(t))
			}
			if _, err := f.Report(t.Context(), id, f.signer.resultToken(id), []byte(goodResult)); !errors.Is(err, ErrClosed) {
				t.Errorf("a late result: %v", err)
			}
		})
	}
}

// TestNoMatchOnAServerThatIsGivenBack: another node has taken the server, since
// the start should be over by now. Then no match begins with it.
func TestNoMatchOnAServerThatIsGivenBack(t *testing.T) {
	for name, before := range map[string]bool{"before it came": true, "when it had come": false} {
		for what, forgotten := range map[string]bool{"gone": true, "still at it": false} {
			t.Run(name+" "+what, func(t *testing.T) {
				docs := &faulty{}
				f := newFixtureOver(t, newMemoryRecords(), docs.over)
				other := func() {
					for _, d := range f.looseDocs(t) {
						l, err := decodeLoose(d)
						must(t, err)
						taken, err := f.takeAt(t.Context(), d, *l)
						if err != nil || taken == nil {
							t.Errorf("not taken: %v", err)
						} else if forgotten {
							_, _, err := f.swapLoose(t.Context(), state.Doc{Key: d.Key, Version: taken.version}, nil, time.Time{})
							must(t, err)
						}
					}
				}
				var once atomic.Bool
				docs.write = func(tx state.Tx) (error, error) {
					if !before && writes(tx, KindMatch) && once.CompareAndSwap(false, true) {
						other()
					}
					return nil, nil
				}
				f.fleet.answer = func(context.Context, allocation.Request) (allocation.Server, error) {
					if before {
						other()
					}
					return server, nil
				}
				f.gather(t)
				id := f.start(t)
				if e := f.feed.await(t, lobby.StartRefused); e.Fault.Code != "try_again" {
					t.Errorf("told %+v", e)
				}
				must(t, f.await(t.Context(), id))
				if live, err := f.live(t.Context(), id); live != nil || err != nil || f.feed.told(lobby.MatchStarted) != 0 {
					t.Errorf("a match began: %+v, %v", live, err)
				}
				if f.fleet.named() != 1 || len(f.looseDocs(t)) != 0 || f.lobbyState(t) != lobby.Open {
					t.Errorf("released %+v, kept %d, lobby %s", f.fleet.known, len(f.looseDocs(t)), f.lobbyState(t))
				}
			})
		}
	}
}

// panicking has a defect where a server is told of.
type panicking struct{ Events }

func (panicking) Wanted() bool                                  { return true }
func (panicking) ServerReady(string, string, allocation.Server) { panic("defect") }

// TestADefectInAStart costs the start and gives its server back.
func TestADefectInAStart(t *testing.T) {
	f := newFixtureOver(t, newMemoryRecords())
	f.Service.events = panicking{f.Service.events}
	f.gather(t)
	id := f.start(t)
	if e := f.feed.await(t, lobby.StartRefused); e.Fault.Code != "internal" {
		t.Errorf("told %+v", e)
	}
	must(t, f.await(t.Context(), id))
	if f.fleet.named() != 1 || len(f.looseDocs(t)) != 0 || f.lobbyState(t) != lobby.Open {
		t.Errorf("released %q, lobby %s", f.fleet.released, f.lobbyState(t))
	}
}

// TestStateIsDownWhenAServerComes: nothing can be saved from then on, so nothing is
// released either. When it can again, the deadline brings everything to its end.
func TestStateIsDownWhenAServerComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		docs := &faulty{}
		f := newFixtureOver(t, newMemoryRecords(), docs.over)
		defer f.runAll(t)()
		f.fleet.answer = func(context.Context, allocation.Request) (allocation.Server, error) {
			docs.set(func() { docs.write = func(state.Tx) (error, error) { return errors.New("disk"), nil } })
			return server, nil
		}
		f.gather(t)
		id := f.start(t)
		must(t, f.await(t.Context(), id))
		time.Sleep(time.Minute)
		if f.fleet.releases() != 0 {
			t.Error("released although nothing says that the match has not begun")
		}
		docs.set(func() { docs.write = nil })
		time.Sleep(4 * time.Minute)
		synctest.Wait()
		if f.fleet.releases() != 1 || len(f.looseDocs(t)) != 0 || f.lobbyState(t) != lobby.Open || f.feed.told(lobby.StartRefused) != 1 {
			t.Errorf("released %q, kept %d, lobby %s, told %+v", f.fleet.released, len(f.looseDocs(t)), f.lobbyState(t), f.feed.events)
		}
		if _, err := f.Report(t.Context(), id, f.signer.resultToken(id), []byte(goodResult)); !errors.Is(err, ErrClosed) {
			t.Errorf("a late result: %v", err)
		}
	})
}

// runAll runs the sweeps of a fixture's services until the function is called.
func (f *fixture) runAll(t testing.TB) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{}, 2)
	go func() { _ = f.Run(ctx); done <- struct{}{} }()
	go func() { _ = f.lobbies.Run(ctx); done <- struct{}{} }()
	return func() {
		cancel()
		<-done
		<-done
	}
}

// TestCausesAreBounded: what a provider says may be long and hold a key.
func TestCausesAreBounded(t *testing.T) {
	f := newFixtureOver(t, newMemoryRecords())
	long := strings.Repeat("a word ", 1000) + strings.Repeat("k", 43)
	f.fleet.answer = func(context.Context, allocation.Request) (allocation.Server, error) {
		return allocation.Server{}, allocation.ErrUnknown.With(&allocation.UnknownError{Provider: "stub", Cause: errors.New(strings.Repeat("k", 43) + long)})
	}
	f.gather(t)
	must(t, f.await(t.Context(), f.start(t)))
	list := f.orphansOf(t)
	if len(list) != 1 || len(list[0].Cause) > maxCause+3 || strings.Contains(list[0].Cause, "kkkk") {
		t.Errorf("%+v", list)
	}
}
