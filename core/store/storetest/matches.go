package storetest

import (
	"strings"
	"time"

	"github.com/muster-gg/muster/core/store"
)

// finished is a match that two accounts and a bot played.
func finished(game, id, one, two string) store.Match {
	return store.Match{
		ID: id, Game: game, LobbyID: "lobby", Status: "ended", StartedAt: start, EndedAt: start.Add(time.Minute),
		Provider: "local", Region: "eu", Server: "127.0.0.1:7000 (one)", Hooks: []string{"rules@1a2b3c4d5e6f", "allocate by \"agones\"@2"},
		Roster: []byte(`[{"name": "A", "players":[{"accountId":"` + one + `","username":"Ann","bot":false}]},` +
			` {"name":"B","players":[{"username":"Bob","accountId":"` + two + `","bot":false},{"accountId":"bot-1","username":"Bot 1","bot":true}]}]`),
		Result: []byte(`{"teams":[{"name":"A","rank":1},{"name":"B","rank":2}],"players":[{"accountId":"` + one + `","score":1.50}],"properties":{"mvp":"` + one + `","` + one + `":9007199254740993}}`),
		Answer: []byte(`{"matchId":"` + id + `","acceptedAt":1,"result":{"players":[{"accountId":"` + one + `"}]}}` + "\n"),
	}
}

var matchCases = []testCase{
	{"the first end stands", func(w *world) {
		m := finished("g", "m", "a", "b")
		got, first, err := w.s.FinishMatch(w.Context(), m)
		w.ok(err)
		w.equal(first, true)
		w.equal(got, m)
		late := m
		late.Status, late.Code, late.Result, late.Answer, late.EndedAt = "failed", "server_lost", nil, nil, start.Add(time.Hour)
		got, first, err = w.s.FinishMatch(w.Context(), late)
		w.ok(err)
		w.equal(first, false)
		w.equal(got, m)
		got, err = w.s.MatchByID(w.Context(), "g", "m")
		w.ok(err)
		w.equal(got, m)
	}},
	{"a match without documents", func(w *world) {
		m := store.Match{ID: "m", Game: "g", Status: "failed", Code: "match_timeout", StartedAt: start, EndedAt: start}
		_, _, err := w.s.FinishMatch(w.Context(), m)
		w.ok(err)
		got, err := w.s.MatchByID(w.Context(), "g", "m")
		w.ok(err)
		w.equal(got, m)
	}},
	{"empty documents are none", func(w *world) {
		m := store.Match{ID: "m", Game: "g", StartedAt: start, EndedAt: start, Roster: []byte{}, Result: []byte{}, Answer: []byte{}}
		got, _, err := w.s.FinishMatch(w.Context(), m)
		w.ok(err)
		m.Roster, m.Result, m.Answer = nil, nil, nil
		w.equal(got, m)
		got, err = w.s.MatchByID(w.Context(), "g", "m")
		w.ok(err)
		w.equal(got, m)
	}},
	{"games have their own matches", func(w *world) {
		g, h := finished("g", "m", "a", "b"), finished("h", "m", "c", "d")
		for _, m := range []store.Match{g, h} {
			_, first, err := w.s.FinishMatch(w.Context(), m)
			w.ok(err)
			w.equal(first, true)
		}
		got, err := w.s.MatchByID(w.Context(), "h", "m")
		w.ok(err)
		w.equal(got, h)
		for _, k := range [][2]string{{"x", "m"}, {"g", "none"}} {
			_, err := w.s.MatchByID(w.Context(), k[0], k[1])
			w.is(err, store.ErrNotFound)
		}
	}},
	{"times come back in UTC with milliseconds", func(w *world) {
		m := finished("g", "m", "a", "b")
		m.StartedAt = start.Add(999 * time.Microsecond).In(time.FixedZone("east", 3600))
		got, _, err := w.s.FinishMatch(w.Context(), m)
		w.ok(err)
		w.equal(got.StartedAt, start)
		got, err = w.s.MatchByID(w.Context(), "g", "m")
		w.ok(err)
		w.equal(got.StartedAt, start)
	}},
	{"a document that is not JSON is refused", func(w *world) {
		for n, bad := range []string{"{", "[] []", "nonsense", `{"a":01}`, `{"a":1,}`, "\x00", strings.Repeat("[", 20000)} {
			for part := range 3 {
				m := finished("g", "m", "a", "b")
				*[]*[]byte{&m.Roster, &m.Result, &m.Answer}[part] = []byte(bad)
				if _, _, err := w.s.FinishMatch(w.Context(), m); err == nil {
					w.Fatalf("document %d (%d) was accepted", n, part)
				}
			}
		}
		_, err := w.s.MatchByID(w.Context(), "g", "m")
		w.is(err, store.ErrNotFound)
	}},
}

var eraseCases = []testCase{
	{"an account goes with all that is its own", func(w *world) {
		a, one := w.player("g", "p", "s")
		w.link(a, "q", "s")
		_, two := w.again("g", "q", "s")
		_, ended := w.again("g", "p", "s")
		w.ok(w.s.Revoke(w.Context(), "g", ended, start))
		other, otherSID := w.player("g", "p", "other")
		namesake, _, err := w.s.SignIn(w.Context(), fresh("h", a.ID, "namesake"), ident("p", "s"), "", chain("h", one))
		w.ok(err)

		sids, err := w.s.Erase(w.Context(), "g", a.ID)
		w.ok(err)
		w.equal(sorted(sids...), sorted(one, two))
		_, err = w.s.Account(w.Context(), "g", a.ID)
		w.is(err, store.ErrNotFound)
		for _, sid := range []string{one, two, ended} {
			_, err = w.s.SignInByID(w.Context(), "g", sid)
			w.is(err, store.ErrNotFound)
		}
		w.equal(w.account("g", other.ID), other)
		w.chain("g", otherSID)
		w.equal(w.account("h", a.ID), namesake)
		w.chain("h", one)
		for _, provider := range []string{"p", "q"} {
			if again, _ := w.player("g", provider, "s"); again.ID == a.ID {
				w.Fatal("an erased identity led to the erased account")
			}
		}
	}},
	{"matches forget the person and nothing else", func(w *world) {
		a, _ := w.player("g", "p", "a")
		b, _ := w.player("g", "p", "b")
		m, alone, foreign := finished("g", "m", a.ID, b.ID), finished("g", "other", b.ID, "c"), finished("h", "m", a.ID, b.ID)
		for _, m := range []store.Match{m, alone, foreign} {
			_, _, err := w.s.FinishMatch(w.Context(), m)
			w.ok(err)
		}
		_, err := w.s.Erase(w.Context(), "g", a.ID)
		w.ok(err)
		want := m
		for _, doc := range []*[]byte{&want.Roster, &want.Result, &want.Answer} {
			text := strings.ReplaceAll(string(*doc), `"`+a.ID+`"`, `"erased"`)
			*doc = []byte(strings.ReplaceAll(text, `"Ann"`, `"erased"`))
		}
		got, err := w.s.MatchByID(w.Context(), "g", "m")
		w.ok(err)
		w.equal(got, want)
		got, err = w.s.MatchByID(w.Context(), "g", "other")
		w.ok(err)
		w.equal(got, alone)
		got, err = w.s.MatchByID(w.Context(), "h", "m")
		w.ok(err)
		w.equal(got, foreign)

		_, err = w.s.Erase(w.Context(), "g", b.ID)
		w.ok(err)
		got, err = w.s.MatchByID(w.Context(), "g", "m")
		w.ok(err)
		for _, trace := range []string{a.ID, b.ID, "Ann", "Bob"} {
			if strings.Contains(string(got.Roster)+string(got.Result)+string(got.Answer), trace) {
				w.Fatalf("%q is still there: %s", trace, got.Roster)
			}
		}
	}},
	{"nobody to erase", func(w *world) {
		a, _ := w.player("g", "p", "s")
		for _, k := range [][2]string{{"h", a.ID}, {"g", "nobody"}} {
			_, err := w.s.Erase(w.Context(), k[0], k[1])
			w.is(err, store.ErrNotFound)
		}
		_, err := w.s.Erase(w.Context(), "g", a.ID)
		w.ok(err)
		_, err = w.s.Erase(w.Context(), "g", a.ID)
		w.is(err, store.ErrNotFound)
	}},
}

var orphanCases = []testCase{
	{"newest first, of one game, up to the limit", func(w *world) {
		var all []store.Orphan
		for n, at := range []int{5, 1, 9, 5} { // two at the same time: the later added is newer
			o := store.Orphan{Game: "g", MatchID: w.id("m"), Provider: "gameflow", Region: "eu", Cause: "deadline", At: start.Add(time.Duration(at) * time.Second)}
			all = append(all, o)
			w.ok(w.s.AddOrphan(w.Context(), o))
			o.Game, o.MatchID = "h", "foreign"
			if n == 0 {
				w.ok(w.s.AddOrphan(w.Context(), o))
			}
		}
		list, err := w.s.Orphans(w.Context(), "g", 10)
		w.ok(err)
		w.equal(list, []store.Orphan{all[2], all[3], all[0], all[1]})
		list, err = w.s.Orphans(w.Context(), "g", 2)
		w.ok(err)
		w.equal(list, []store.Orphan{all[2], all[3]})
		for _, k := range []struct {
			game  string
			limit int
		}{{"g", 0}, {"g", -1}, {"none", 10}} {
			list, err = w.s.Orphans(w.Context(), k.game, k.limit)
			w.ok(err)
			w.equal(len(list), 0)
		}
	}},
	{"dropped by match, however often it was added", func(w *world) {
		for _, o := range []store.Orphan{{Game: "g", MatchID: "a"}, {Game: "g", MatchID: "a"}, {Game: "g", MatchID: "b"}, {Game: "h", MatchID: "a"}} {
			o.At = start
			w.ok(w.s.AddOrphan(w.Context(), o))
		}
		for _, want := range []bool{true, false} {
			found, err := w.s.DropOrphan(w.Context(), "g", "a")
			w.ok(err)
			w.equal(found, want)
		}
		for game, want := range map[string]string{"g": "b", "h": "a"} {
			list, err := w.s.Orphans(w.Context(), game, 10)
			w.ok(err)
			w.equal(len(list), 1)
			w.equal(list[0].MatchID, want)
		}
	}},
}
