package storetest

import (
	"strings"
	"sync"
	"time"

	"github.com/muster-gg/muster/core/store"
)

// rated records a match that ended that long after the others, and owes its result.
func (w *world) rated(game, id string, after time.Duration) store.Match {
	w.Helper()
	m := finished(game, id, "a", "b")
	m.EndedAt = m.EndedAt.Add(after)
	got, first, err := w.s.FinishRatedMatch(w.Context(), m)
	w.ok(err)
	w.equal(first, true)
	w.equal(got, m)
	return m
}

// owes checks which reports are owed, in the order in which they are due. It
// settles them all.
func (w *world) owes(game string, want ...store.Report) {
	w.Helper()
	n, err := w.s.CountReports(w.Context(), game)
	w.ok(err)
	w.equal(n, len(want))
	for _, r := range want {
		got, err := w.s.NextReport(w.Context(), game)
		w.ok(err)
		w.equal(got, r)
		w.ok(w.s.SettleReport(w.Context(), game, r.Match.ID))
	}
	_, err = w.s.NextReport(w.Context(), game)
	w.is(err, store.ErrNotFound)
}

// due is a report that was not tried yet.
func due(m store.Match) store.Report { return store.Report{Match: m, Due: m.EndedAt} }

var reportCases = []testCase{
	{"a rated match is recorded and owed", func(w *world) {
		m := w.rated("g", "m", 0)
		got, err := w.s.MatchByID(w.Context(), "g", "m")
		w.ok(err)
		w.equal(got, m)
		mine, err := w.s.MatchesOf(w.Context(), "g", "a", "", 9)
		w.ok(err)
		w.equal(mine, []store.Match{m})
		w.owes("h")
		w.owes("g", due(m))
		w.owes("g")
	}},
	{"only the first end is owed", func(w *world) {
		first, late := finished("g", "m", "a", "b"), finished("g", "m", "x", "y")
		_, _, err := w.s.FinishMatch(w.Context(), first)
		w.ok(err)
		stands, isFirst, err := w.s.FinishRatedMatch(w.Context(), late)
		w.ok(err)
		w.equal(isFirst, false)
		w.equal(stands, first)
		w.owes("g")
		m := w.rated("g", "n", 0)
		late.ID = "n"
		stands, isFirst, err = w.s.FinishRatedMatch(w.Context(), late)
		w.ok(err)
		w.equal(isFirst, false)
		w.equal(stands, m)
		w.owes("g", due(m))
		// Settled is settled, however often the end is recorded again.
		_, _, err = w.s.FinishRatedMatch(w.Context(), m)
		w.ok(err)
		w.owes("g")
	}},
	{"a match without a result is not owed", func(w *world) {
		for id, result := range map[string][]byte{"none": nil, "empty": {}} {
			m := finished("g", id, "a", "b")
			m.Result = result
			_, first, err := w.s.FinishRatedMatch(w.Context(), m)
			w.ok(err)
			w.equal(first, true)
		}
		bad := finished("g", "bad", "a", "b")
		bad.Result = []byte("{")
		if _, _, err := w.s.FinishRatedMatch(w.Context(), bad); err == nil {
			w.Fatal("a result that is not JSON was accepted")
		}
		w.owes("g")
	}},
	{"what is due first comes first", func(w *world) {
		late, soon, other := w.rated("g", "1", 2*time.Second), w.rated("g", "2", time.Second), w.rated("g", "3", time.Second)
		foreign := w.rated("h", "1", 0)
		w.ok(w.s.DelayReport(w.Context(), "g", "2", 3, start.Add(time.Hour)))
		w.ok(w.s.DelayReport(w.Context(), "g", "none", 3, start))
		w.owes("g", due(other), due(late), store.Report{Match: soon, Tries: 3, Due: start.Add(time.Hour)})
		w.ok(w.s.DelayReport(w.Context(), "g", "2", 4, start)) // settled
		w.ok(w.s.SettleReport(w.Context(), "g", "2"))
		w.owes("g")
		w.owes("h", due(foreign))
	}},
	{"due at the same time: in the order in which they were owed", func(w *world) {
		var want []store.Report
		for _, id := range []string{"c", "a", "d", "b"} {
			want = append(want, due(w.rated("g", id, 0)))
		}
		w.owes("g", want...)
	}},
	{"the oldest are dropped", func(w *world) {
		w.rated("g", "c", time.Hour)
		w.rated("h", "foreign", 0)
		w.rated("g", "a", 0)
		last := w.rated("g", "b", time.Minute)
		for _, n := range []int{0, -1} {
			ids, err := w.s.DropReports(w.Context(), "g", n)
			w.ok(err)
			w.equal(len(ids), 0)
		}
		ids, err := w.s.DropReports(w.Context(), "g", 2)
		w.ok(err)
		w.equal(ids, []string{"c", "a"})
		n, err := w.s.CountReports(w.Context(), "h")
		w.ok(err)
		w.equal(n, 1)
		w.owes("g", due(last))
		ids, err = w.s.DropReports(w.Context(), "g", 2)
		w.ok(err)
		w.equal(len(ids), 0)
	}},
	{"who is erased is in no report", func(w *world) {
		a, _ := w.player("g", "p", "a")
		m := finished("g", "m", a.ID, "b")
		_, _, err := w.s.FinishRatedMatch(w.Context(), m)
		w.ok(err)
		_, err = w.s.Erase(w.Context(), "g", a.ID)
		w.ok(err)
		got, err := w.s.NextReport(w.Context(), "g")
		w.ok(err)
		for _, trace := range []string{a.ID, "Ann"} {
			if strings.Contains(string(got.Match.Roster)+string(got.Match.Result)+string(got.Match.Answer), trace) {
				w.Fatalf("%q is still there: %s", trace, got.Match.Roster)
			}
		}
		stands, err := w.s.MatchByID(w.Context(), "g", "m")
		w.ok(err)
		w.owes("g", due(stands))
	}},
	{"two ends at once owe one report", func(w *world) {
		for n := range 20 {
			m := finished("g", w.id("m"), "a", "b")
			var ends sync.WaitGroup
			for range 4 {
				ends.Go(func() {
					if _, _, err := w.s.FinishRatedMatch(w.Context(), m); err != nil {
						w.Error(err)
					}
				})
			}
			ends.Wait()
			count, err := w.s.CountReports(w.Context(), "g")
			w.ok(err)
			w.equal(count, n+1)
		}
	}},
}
