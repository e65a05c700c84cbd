package match

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/sdk/hook"
)

// report reports as the match's server does.
func (f *fixture) report(t testing.TB, id, body string) (string, error) {
	t.Helper()
	answer, err := f.Report(t.Context(), id, f.signer.resultToken(id), []byte(body))
	return string(answer), err
}

// TestAnEndWaitsForTheResult: while hooks look at a result, the server's end and
// the match's time limit come. The result is what counts.
func TestAnEndWaitsForTheResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixtureOver(t, newMemoryRecords())
		inside, seen := make(chan struct{}), make(chan struct{})
		f.ruledBy(t, (&ruleset{version: "1", result: func(*hook.Report) { close(inside); <-seen }}).hook(hook.PointMatchResult))
		f.gather(t)
		id := f.start(t)
		f.feed.await(t, lobby.MatchStarted)
		time.Sleep(time.Hour - 100*time.Millisecond)
		defer f.runAll(t)()
		var wg sync.WaitGroup
		wg.Go(func() {
			if answer, err := f.report(t, id, goodResult); err != nil {
				t.Errorf("%s, %v", answer, err)
			}
		})
		<-inside
		wg.Go(func() { f.ServerEnded(context.Background(), "g", id, allocation.EndedCrashed) })
		wg.Go(func() {
			if _, err := f.report(t, id, `{"other": true}`); err != nil {
				t.Error("a repetition is refused:", err)
			}
		})
		time.Sleep(400 * time.Millisecond) // the limit is over; the hook has its deadline still
		synctest.Wait()
		if f.feed.told(lobby.MatchEnded)+f.feed.told(lobby.MatchFailed) != 0 {
			t.Errorf("told %+v", f.feed.events)
		}
		close(seen)
		wg.Wait()
		time.Sleep(time.Second)
		if e := f.feed.await(t, lobby.MatchEnded); len(e.Result) == 0 || f.feed.told(lobby.MatchFailed) != 0 || f.feed.told(lobby.MatchEnded) != 1 {
			t.Errorf("told %+v", f.feed.events)
		}
	})
}

// TestAnEndThatIsWorkedOnForEver does not keep a match from its time limit.
func TestAnEndThatIsWorkedOnForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixtureOver(t, newMemoryRecords())
		defer f.runAll(t)()
		f.gather(t)
		id := f.start(t)
		f.feed.await(t, lobby.MatchStarted)
		done, _, err := f.takeTurn(t.Context(), id)
		must(t, err)
		defer done(nil)
		time.Sleep(time.Hour + lastReport - time.Second)
		if n := f.feed.told(lobby.MatchFailed); n != 0 {
			t.Error("it did not wait")
		}
		time.Sleep(2 * time.Second)
		if e := f.feed.await(t, lobby.MatchFailed); e.MatchID != id || e.Fault.Code != "match_timeout" {
			t.Errorf("told %+v", e)
		}
	})
}

// TestAnEndAfterARefusedResult: a result that was refused leaves the end as it is.
func TestAnEndAfterARefusedResult(t *testing.T) {
	f := newFixtureOver(t, newMemoryRecords())
	f.gather(t)
	id := f.start(t)
	f.feed.await(t, lobby.MatchStarted)
	if _, err := f.report(t, id, `{}`); !errors.Is(err, ErrInvalid) {
		t.Error(err)
	}
	f.ServerEnded(t.Context(), "g", id, allocation.EndedClean)
	if e := f.feed.await(t, lobby.MatchEnded); e.Result != nil {
		t.Errorf("told %+v", e)
	}
	if _, err := f.report(t, id, goodResult); !errors.Is(err, ErrClosed) {
		t.Errorf("a result after the end: %v", err)
	}
	if len(f.turns) != 0 {
		t.Errorf("%d turns are kept", len(f.turns))
	}
}

// TestEndsAtOnce: all ways to end a match come at the same moment. One of them
// ends it, all that report get the same word, the server goes once.
func TestEndsAtOnce(t *testing.T) {
	for range 20 {
		f := newFixtureOver(t, newMemoryRecords())
		f.gather(t)
		id := f.start(t)
		f.feed.await(t, lobby.MatchStarted)
		live, err := f.live(t.Context(), id)
		must(t, err)
		var wg sync.WaitGroup
		var mu sync.Mutex
		answers := map[string]bool{}
		for range 3 {
			wg.Go(func() {
				answer, err := f.report(t, id, goodResult)
				if err != nil && !errors.Is(err, ErrClosed) {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				answers[answer] = true
			})
			wg.Go(func() { f.ServerEnded(context.Background(), "g", id, allocation.EndedCrashed) })
			wg.Go(func() { f.endLost(f.log, live) })
		}
		wg.Wait()
		must(t, f.Close(t.Context()))
		if len(answers) != 1 || f.feed.told(lobby.MatchEnded)+f.feed.told(lobby.MatchFailed) != 1 || f.fleet.releases() != 1 {
			t.Errorf("answers %v, told %+v, released %q", answers, f.feed.events, f.fleet.released)
		}
		m, err := f.records.MatchByID(t.Context(), "g", id)
		if err != nil || (m.Result != nil) == answers[""] {
			t.Errorf("recorded %+v, %v; answered %v", m, err, answers)
		}
	}
}

// TestOwedEnds: something fails for a while when a server has ended. The end is
// recorded and told when it can be, once, and is not tried all the time.
func TestOwedEnds(t *testing.T) {
	broken := errors.New("disk")
	for name, c := range map[string]struct {
		fail func(*faulty, *memoryRecords, *atomic.Int32)
	}{
		"unreadable": {func(s *faulty, _ *memoryRecords, _ *atomic.Int32) { s.set(func() { s.read = broken }) }},
		"not recorded": {func(_ *faulty, m *memoryRecords, tries *atomic.Int32) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.fail = func() error { tries.Add(1); return broken }
		}},
		"not told": {func(s *faulty, _ *memoryRecords, tries *atomic.Int32) {
			s.set(func() {
				s.write = func(tx state.Tx) (error, error) {
					if writes(tx, lobby.KindLobby) {
						tries.Add(1)
					}
					return broken, nil
				}
			})
		}},
		"not forgotten": {func(s *faulty, _ *memoryRecords, tries *atomic.Int32) {
			s.set(func() {
				s.write = func(tx state.Tx) (error, error) {
					if writes(tx, KindLoose) {
						tries.Add(1)
						return broken, nil
					}
					return nil, nil
				}
			})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				docs, records := &faulty{}, newMemoryRecords()
				f := newFixtureOver(t, records, docs.over)
				var events atomic.Int32
				f.ruledBy(t, (&ruleset{version: "1", events: func(e *hook.Event) {
					if e.GetMatchEnded() != nil {
						events.Add(1)
					}
				}}).hook(hook.PointEvents))
				defer f.runAll(t)()
				f.gather(t)
				id := f.start(t)
				f.feed.await(t, lobby.MatchStarted)
				synctest.Wait()
				var tries atomic.Int32
				c.fail(docs, records, &tries)
				f.ServerEnded(t.Context(), "g", id, allocation.EndedCrashed)
				time.Sleep(time.Minute)
				if n := tries.Load(); n > 20 {
					t.Errorf("tried %d times in a minute", n)
				}
				if f.fleet.releases() != 0 {
					t.Error("released before the end was told")
				}
				docs.set(func() { docs.read, docs.write = nil, nil })
				records.mu.Lock()
				records.fail = nil
				records.mu.Unlock()
				time.Sleep(oweAtMost + time.Second)
				synctest.Wait()
				if e := f.feed.await(t, lobby.MatchFailed); e.Fault.Code != "server_lost" || f.feed.told(lobby.MatchFailed) != 1 {
					t.Errorf("told %+v", f.feed.events)
				}
				if m, err := records.MatchByID(t.Context(), "g", id); err != nil || m.Code != "server_lost" || events.Load() != 1 {
					t.Errorf("recorded %+v, %v; hooks were told %d times", m, err, events.Load())
				}
				if f.fleet.releases() != 1 || len(f.looseDocs(t)) != 0 || len(f.owed) != 0 {
					t.Errorf("released %q, %d owed", f.fleet.released, len(f.owed))
				}
			})
		})
	}
}

// TestAResultIsAnsweredBeforeItIsTold: once it is recorded, who reported need not
// wait for the lobby.
func TestAResultIsAnsweredBeforeItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		docs := &faulty{}
		f := newFixtureOver(t, newMemoryRecords(), docs.over)
		defer f.runAll(t)()
		f.gather(t)
		id := f.start(t)
		f.feed.await(t, lobby.MatchStarted)
		synctest.Wait()
		docs.set(func() { docs.write = func(state.Tx) (error, error) { return errors.New("disk"), nil } })
		answer, err := f.report(t, id, goodResult)
		if err != nil || answer == "" {
			t.Fatalf("%s, %v", answer, err)
		}
		if again, err := f.report(t, id, `{}`); err != nil || again != answer {
			t.Errorf("again: %s, %v", again, err)
		}
		docs.set(func() { docs.write = nil })
		time.Sleep(time.Second)
		if e := f.feed.await(t, lobby.MatchEnded); len(e.Result) == 0 {
			t.Errorf("told %+v", e)
		}
	})
}

// TestAReportThatCouldNotBeSaved is no end: it comes again, and counts.
func TestAReportThatCouldNotBeSaved(t *testing.T) {
	records := newMemoryRecords()
	f := newFixtureOver(t, records)
	f.gather(t)
	id := f.start(t)
	f.feed.await(t, lobby.MatchStarted)
	records.fail = func() error { return errors.New("disk") }
	if answer, err := f.report(t, id, goodResult); err == nil {
		t.Errorf("answered %s", answer)
	}
	records.fail = nil
	must(t, errOf(f.report(t, id, goodResult)))
	if e := f.feed.await(t, lobby.MatchEnded); len(e.Result) == 0 {
		t.Errorf("told %+v", e)
	}
}

// TestTurns: who waits for a turn gets the answer of a report that was taken
// meanwhile, or the turn, or gives up with his context.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixtureOver(t, newMemoryRecords())
		for _, taken := range []string{"", "answer"} {
			done, _, err := f.takeTurn(t.Context(), "m")
			must(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, _, err := f.takeTurn(ctx, "m"); err == nil {
				t.Error("two have the turn")
			}
			if other, _, err := f.takeTurn(t.Context(), "another"); err != nil {
				t.Error(err)
			} else {
				other(nil)
			}
			next := make(chan string, 1)
			go func() {
				done, answer, err := f.takeTurn(t.Context(), "m")
				if done != nil {
					defer done(nil)
				}
				if (done == nil) != (taken != "") || err != nil {
					t.Errorf("after %q: %q, %v", taken, answer, err)
				}
				next <- string(answer)
			}()
			synctest.Wait()
			if !f.ending("m") || len(next) != 0 {
				t.Error("it did not wait")
			}
			var answer []byte
			if taken != "" {
				answer = []byte(taken)
			}
			done(answer)
			if got := <-next; got != taken {
				t.Errorf("got %q, want %q", got, taken)
			}
			synctest.Wait()
			if f.ending("m") || len(f.turns) != 0 {
				t.Error("a turn is kept")
			}
		}
	})
}
