package statetest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-gg/muster/core/state"
)

// ExerciseDurable runs the cases of backends that keep documents over Close.
// place returns a function that opens the store of one and the same place, empty
// at first; the suite closes it each time before it calls the function again.
func ExerciseDurable(t *testing.T, place func(t *testing.T) (open func() state.Store)) {
	t.Run("documents come back", func(t *testing.T) { comeBack(t, place(t)) })
	t.Run("revisions go on", func(t *testing.T) { revisionsGoOn(t, place(t)) })
	t.Run("what was acknowledged before Close is there", func(t *testing.T) { acknowledgedIsThere(t, place(t)) })
	t.Run("against a model, reopened", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			open, m := place(t), newModel()
			for range rapid.IntRange(1, 4).Draw(rt, "runs") {
				s := open()
				compareAll(rt, s, m)
				walk(rt, s, m, rapid.IntRange(0, 20).Draw(rt, "steps"))
				closeStore(t, s)
			}
			s := open()
			compareAll(rt, s, m)
			closeStore(t, s)
		})
	})
}

func comeBack(t *testing.T, open func() state.Store) {
	s := open()
	odd := "ü\x00'\xff{}:/%"
	large := strings.Repeat("\x00large", 200_000)
	a := apply(t, s, game, state.Write{Key: key("a"), Value: state.Raw("A"), Deadline: after(7)}, put(key("empty"), 0, ""))
	b := apply(t, s, game, put(key(odd), 0, odd))
	c := apply(t, s, odd, state.Write{Key: state.Key{Kind: odd, ID: "c"}, Value: state.Raw(large), Deadline: time.UnixMilli(0)})
	gone := apply(t, s, game, put(key("gone"), 0, "G"))
	apply(t, s, game, state.Write{Key: key("gone"), Expect: gone})
	calls := 0
	v := apply(t, s, game, state.Write{Key: key("own"), Value: &counted{"own", &calls}})
	closeStore(t, s)
	if calls != 1 {
		t.Fatalf("one version was encoded %d times", calls)
	}
	for range 2 {
		s = open()
		is(t, s, game, key("a"), a, "A")
		is(t, s, game, key("empty"), a, "")
		is(t, s, game, key(odd), b, odd)
		is(t, s, odd, state.Key{Kind: odd, ID: "c"}, c, large)
		is(t, s, game, key("gone"), 0, "")
		is(t, s, game, key("own"), v, "own")
		if _, raw := get(t, s, game, key("a")).Value.(state.Raw); !raw {
			t.Fatal("a document of an earlier run is not state.Raw")
		}
		docs, err := s.Due(context.Background(), game, "lobby", after(7), 9)
		if err != nil || len(docs) != 1 || docs[0].Key != key("a") || !docs[0].Deadline.Equal(after(7)) {
			t.Fatalf("due after reopening: %+v, %v", docs, err)
		}
		if docs, err := s.Due(context.Background(), odd, odd, time.UnixMilli(0), 9); err != nil || len(docs) != 1 {
			t.Fatalf("due after reopening: %+v, %v", docs, err)
		}
		closeStore(t, s)
	}
	s = open()
	next := apply(t, s, game, put(key("a"), a, "A2"))
	closeStore(t, s)
	s = open()
	is(t, s, game, key("a"), next, "A2")
	closeStore(t, s)
}

func revisionsGoOn(t *testing.T, open func() state.Store) {
	var last uint64
	for run := range 4 {
		s := open()
		k := key(fmt.Sprint(run))
		for range 3 {
			rev := apply(t, s, game, put(k, 0, "x"))
			if rev <= last {
				t.Fatalf("run %d: revision %d after %d", run, rev, last)
			}
			// Nothing stays behind that could tell the revision.
			last = apply(t, s, game, state.Write{Key: k, Expect: rev})
			if last <= rev {
				t.Fatalf("run %d: revision %d after %d", run, last, rev)
			}
		}
		closeStore(t, s)
	}
}

func acknowledgedIsThere(t *testing.T, open func() state.Store) {
	s := open()
	var acknowledged [8]int
	var wg sync.WaitGroup
	halfway := make(chan struct{}, len(acknowledged))
	for w := range acknowledged {
		wg.Go(func() {
			for n := 1; ; n++ {
				_, err := change(context.Background(), s, game, func(b []string) []string {
					return []string{fmt.Sprint(number(b[0]) + 1), fmt.Sprint(number(b[1]) + 1)}
				}, key(fmt.Sprint("one", w)), key(fmt.Sprint("two", w)))
				if err != nil {
					return
				}
				acknowledged[w] = n
				if n == 20 {
					halfway <- struct{}{}
				}
			}
		})
	}
	for range acknowledged {
		<-halfway
	}
	closeStore(t, s)
	wg.Wait()
	s = open()
	defer closeStore(t, s)
	for w, n := range acknowledged {
		one := number(text(t, get(t, s, game, key(fmt.Sprint("one", w)))))
		two := number(text(t, get(t, s, game, key(fmt.Sprint("two", w)))))
		if one < n || one != two {
			t.Errorf("counter %d: %d and %d are there, %d were acknowledged", w, one, two, n)
		}
	}
}
