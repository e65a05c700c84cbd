package storetest

import (
	"fmt"
	"time"

	"github.com/muster-gg/muster/core/store"
)

var historyCases = []testCase{
	{"sign-ins of an account, in pages", func(w *world) {
		a, _ := w.player("g", "p", "a")
		b, other := w.player("g", "p", "b")
		_, _, err := w.s.SignIn(w.Context(), fresh("h", a.ID, "namesake"), ident("p", "a"), "", chain("h", "foreign"))
		w.ok(err)
		for range 4 {
			w.again("g", "p", "a")
		}
		w.ok(w.s.Revoke(w.Context(), "g", "sid-2", start.Add(time.Second)))
		var all []store.SignIn
		for after := ""; ; after = all[len(all)-1].ID {
			page, err := w.s.SignInsOf(w.Context(), "g", a.ID, after, 2)
			w.ok(err)
			all = append(all, page...)
			if len(page) < 2 {
				break
			}
		}
		w.equal(len(all), 5)
		for i, c := range all {
			w.equal(c, w.chain("g", c.ID))
			w.equal(i == 0 || c.ID > all[i-1].ID, true)
		}
		mine, err := w.s.SignInsOf(w.Context(), "g", b.ID, "", 9)
		w.ok(err)
		w.equal(mine, []store.SignIn{w.chain("g", other)})
		for _, limit := range []int{0, -1} {
			none, err := w.s.SignInsOf(w.Context(), "g", a.ID, "", limit)
			w.ok(err)
			w.equal(len(none), 0)
		}
	}},
	{"matches of an account, in pages", func(w *world) {
		var want []store.Match
		for n := range 5 {
			m := finished("g", fmt.Sprint("m", n), "a", "b")
			want = append(want, m)
			_, _, err := w.s.FinishMatch(w.Context(), m)
			w.ok(err)
		}
		for _, m := range []store.Match{finished("g", "other", "b", "c"), finished("h", "m1", "a", "b")} {
			_, _, err := w.s.FinishMatch(w.Context(), m)
			w.ok(err)
		}
		var all []store.Match
		for after := ""; ; after = all[len(all)-1].ID {
			page, err := w.s.MatchesOf(w.Context(), "g", "a", after, 2)
			w.ok(err)
			all = append(all, page...)
			if len(page) < 2 {
				break
			}
		}
		w.equal(all, want)
		for _, k := range []struct {
			account string
			limit   int
		}{{"nobody", 9}, {"a", 0}, {"a", -1}} {
			none, err := w.s.MatchesOf(w.Context(), "g", k.account, "", k.limit)
			w.ok(err)
			w.equal(len(none), 0)
		}
	}},
}
