package statetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/muster-gg/muster/core/state"
)

// change reads keys, lets f make their new bodies, writes them and does so again
// until it wins.
func change(ctx context.Context, s state.Store, game string, f func(bodies []string) []string, keys ...state.Key) (uint64, error) {
	docs, err := s.Get(ctx, game, keys...)
	for {
		if err != nil {
			return 0, err
		}
		bodies := make([]string, len(docs))
		for i, d := range docs {
			if d.Value != nil {
				b, err := d.Value.AppendState(nil)
				if err != nil {
					return 0, err
				}
				bodies[i] = string(b)
			}
		}
		bodies = f(bodies)
		tx := state.Tx{Game: game}
		for i, d := range docs {
			tx.Writes = append(tx.Writes, put(d.Key, d.Version, bodies[i]))
		}
		var rev uint64
		rev, err = s.Apply(ctx, tx)
		var c *state.Conflict
		if !errors.As(err, &c) {
			return rev, err
		}
		docs, err = c.Docs, nil
	}
}

func number(body string) int {
	n, _ := strconv.Atoi(body)
	return n
}

func increments(t *testing.T, s state.Store) {
	const workers, each = 16, 50
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for range each {
				_, err := change(context.Background(), s, game, func(b []string) []string {
					return []string{fmt.Sprint(number(b[0]) + 1), fmt.Sprint(number(b[1]) + 1)}
				}, key("all"), key(fmt.Sprint("own", w%4)))
				if err != nil {
					t.Errorf("change: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	if got := number(text(t, get(t, s, game, key("all")))); got != workers*each {
		t.Fatalf("%d of %d increments are there", got, workers*each)
	}
	for w := range 4 {
		if got := number(text(t, get(t, s, game, key(fmt.Sprint("own", w))))); got != workers*each/4 {
			t.Fatalf("counter %d: %d of %d increments are there", w, got, workers*each/4)
		}
	}
}

// transfers moves amounts between accounts; comparisons over all of them see the
// same sum at any moment.
func transfers(t *testing.T, s state.Store) {
	const accounts, total = 5, 1000
	keys := make([]state.Key, accounts)
	for i := range keys {
		keys[i] = key(fmt.Sprint(i))
		apply(t, s, game, put(keys[i], 0, fmt.Sprint(total/accounts)))
	}
	var movers, auditors sync.WaitGroup
	var moved atomic.Bool
	for w := range 8 {
		movers.Go(func() {
			for i := range 60 {
				from, to := keys[(w+i)%accounts], keys[(w+i+1+i%3)%accounts]
				_, err := change(context.Background(), s, game, func(b []string) []string {
					return []string{fmt.Sprint(number(b[0]) - 1), fmt.Sprint(number(b[1]) + 1)}
				}, from, to)
				if err != nil {
					t.Errorf("transfer: %v", err)
					return
				}
			}
		})
	}
	for range 2 {
		auditors.Go(func() {
			for last := false; !last; {
				last = moved.Load()
				docs, err := s.Get(context.Background(), game, keys...)
				if err != nil {
					t.Errorf("Get: %v", err)
					return
				}
				tx, sum := state.Tx{Game: game}, 0
				for _, d := range docs {
					tx.Writes = append(tx.Writes, state.Write{Key: d.Key, Expect: d.Version, CheckOnly: true})
					sum += number(text(t, d))
				}
				// The comparison holds: this was the state at one moment.
				if _, err := s.Apply(context.Background(), tx); err == nil && sum != total {
					t.Errorf("the sum is %d, want %d", sum, total)
					return
				}
			}
		})
	}
	movers.Wait()
	moved.Store(true)
	auditors.Wait()
}

// revisionOrder: a transaction that begins after another was acknowledged gets a
// higher revision, and its effect is seen by every later Get.
func revisionOrder(t *testing.T, s state.Store) {
	var newest atomic.Uint64
	var mu sync.Mutex
	given := make(map[uint64]bool)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			var own uint64
			k := key(fmt.Sprint(w))
			for range 100 {
				before := newest.Load()
				rev, err := s.Apply(context.Background(), state.Tx{Game: game, Writes: []state.Write{put(k, own, "x")}})
				if err != nil || rev <= before {
					t.Errorf("revision %d, after %d had been acknowledged: %v", rev, before, err)
					return
				}
				for own = rev; ; {
					n := newest.Load()
					if n >= rev || newest.CompareAndSwap(n, rev) {
						break
					}
				}
				docs, err := s.Get(context.Background(), game, k)
				if err != nil || docs[0].Version != rev {
					t.Errorf("after revision %d, Get shows %d: %v", rev, docs[0].Version, err)
				}
				mu.Lock()
				if given[rev] {
					t.Errorf("revision %d was given twice", rev)
				}
				given[rev] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func endedContext(t *testing.T, s state.Store) {
	rev := apply(t, s, game, put(key("a"), 0, "A"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := s.Apply(ctx, state.Tx{Game: game, Writes: []state.Write{put(key("a"), rev, "B")}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("Apply with an ended context: %v", err)
	}
	is(t, s, game, key("a"), rev, "A")
}

// endingContexts: an Apply that returns its context's error may or may not have
// happened, one that returns a revision has.
func endingContexts(t *testing.T, s state.Store) {
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			k := key(fmt.Sprint(w))
			var version uint64
			for i := range 50 {
				ctx, cancel := context.WithCancel(context.Background())
				started := make(chan struct{})
				wg.Go(func() {
					<-started
					cancel()
				})
				close(started)
				rev, err := s.Apply(ctx, state.Tx{Game: game, Writes: []state.Write{put(k, version, fmt.Sprint(i))}})
				d := get(t, s, game, k)
				switch {
				case err == nil && d.Version != rev, err == nil && text(t, d) != fmt.Sprint(i):
					t.Errorf("acknowledged revision %d, read %d", rev, d.Version)
				case err != nil && !errors.Is(err, context.Canceled):
					t.Errorf("Apply: %v", err)
				}
				version = d.Version
				cancel()
			}
		})
	}
	wg.Wait()
}

func afterClose(t *testing.T, s state.Store) {
	ctx := context.Background()
	apply(t, s, game, put(key("a"), 0, "A"))
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	_, getErr := s.Get(ctx, game, key("a"))
	_, applyErr := s.Apply(ctx, state.Tx{Game: game, Writes: []state.Write{put(key("b"), 0, "B")}})
	_, dueErr := s.Due(ctx, game, "lobby", after(0), 1)
	listErr := s.List(ctx, game, "lobby", func(state.Doc) bool { t.Error("listed after Close"); return true })
	for call, err := range map[string]error{"Get": getErr, "Apply": applyErr, "Due": dueErr, "List": listErr} {
		if !errors.Is(err, state.ErrClosed) {
			t.Errorf("%s after Close: %v", call, err)
		}
	}
}

func closeDuringCalls(t *testing.T, s state.Store) {
	var wg sync.WaitGroup
	started := make(chan struct{}, 8)
	for w := range 8 {
		wg.Go(func() {
			var version uint64
			for n := 0; ; n++ {
				rev, err := s.Apply(context.Background(), state.Tx{Game: game, Writes: []state.Write{put(key(fmt.Sprint(w)), version, "x")}})
				if n == 0 {
					started <- struct{}{}
				}
				if err != nil {
					if !errors.Is(err, state.ErrClosed) {
						t.Errorf("Apply during Close: %v", err)
					}
					return
				}
				version = rev
			}
		})
	}
	for range 8 {
		<-started
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	wg.Wait()
}
