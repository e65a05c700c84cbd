package storetest

import (
	"strings"
	"time"

	"github.com/muster-gg/muster/core/store"
)

var accountCases = []testCase{
	{"a new identity makes an account", func(w *world) {
		a, created, err := w.s.SignIn(w.Context(), fresh("g", "a", "Ann"), ident("p", "s"), "Other", chain("g", "sid"))
		w.ok(err)
		want := fresh("g", "a", "Ann")
		want.Identities = []store.Identity{ident("p", "s")}
		w.equal(created, true)
		w.equal(a, want)
		w.equal(w.account("g", "a"), want)
		c := chain("g", "sid")
		c.AccountID = "a"
		w.equal(w.chain("g", "sid"), c)
	}},
	{"a known identity returns its account", func(w *world) {
		a, _ := w.player("g", "p", "s")
		i := ident("p", "s")
		i.Username, i.AvatarURL, i.LinkedAt = "New there", "", start.Add(time.Hour)
		c := chain("g", "second")
		c.AccountID = "ignored"
		got, created, err := w.s.SignIn(w.Context(), fresh("g", "other", "Other"), i, "Renamed", c)
		w.ok(err)
		w.equal(created, false)
		a.Username, i.LinkedAt = "Renamed", start
		a.Identities = []store.Identity{i}
		w.equal(got, a)
		w.equal(w.account("g", a.ID), a)
		w.equal(w.chain("g", "second").AccountID, a.ID)
		_, err = w.s.Account(w.Context(), "g", "other")
		w.is(err, store.ErrNotFound)
	}},
	{"no username keeps the name, other identities keep theirs", func(w *world) {
		a, _ := w.player("g", "p", "s")
		a = w.link(a, "q", "s")
		got, _ := w.again("g", "q", "s")
		w.equal(got, a)
	}},
	{"identities differ by game, provider and every byte of the subject", func(w *world) {
		seen := map[string]bool{}
		for _, k := range []struct{ game, provider, subject string }{
			{"g", "p", "s"}, {"h", "p", "s"}, {"g", "q", "s"}, {"g", "p", "S"}, {"g", "p", "s "}, {"g", "p", " s"},
			{"G", "p", "s"}, {"g", "P", "s"}, {"g", "p", ""}, {"g", "", "p"}, {"g", "p", "ß"}, {"g", "p", "ss"},
			{"g", "p", "e\u0301"}, {"g", "p", "\u00e9"}, {"g", "p", "1"}, {"g", "p", "01"}, {"g", "p", "1.0"},
		} {
			a, _ := w.player(k.game, k.provider, k.subject)
			if seen[a.ID] {
				w.Fatalf("%+v shares an account", k)
			}
			seen[a.ID] = true
			got, _ := w.again(k.game, k.provider, k.subject)
			w.equal(got, a)
		}
	}},
	{"texts and ids are stored as given", func(w *world) {
		for n, text := range []string{"x'; DROP TABLE accounts; --", `"quoted" \ %s ?1 :a @b $c`, "🎮 日本語 \u202e", "  spaced  ", "2024-01-02 03:04:05", "1e3", "NULL", strings.Repeat("long", 5000)} {
			i := store.Identity{Provider: text, Subject: text, Username: text, AvatarURL: text, LinkedAt: start}
			want := store.Account{ID: text, Game: text, Username: text, CreatedAt: start, Identities: []store.Identity{i}}
			_, created, err := w.s.SignIn(w.Context(), store.Account{ID: text, Game: text, Username: text, CreatedAt: start}, i, "", chain(text, text))
			w.ok(err)
			w.equal(created, true)
			w.equal(w.account(text, text), want)
			w.equal(w.chain(text, text).AccountID, text)
			renamed, err := w.s.Rename(w.Context(), text, text, text+text)
			w.ok(err)
			w.equal(renamed.Username, text+text)
			if n > 0 {
				continue
			}
			_, err = w.s.Account(w.Context(), text, "")
			w.is(err, store.ErrNotFound)
		}
	}},
	{"times come back in UTC with milliseconds", func(w *world) {
		odd := start.Add(123456 * time.Nanosecond).In(time.FixedZone("east", 3*3600))
		a, i, c := fresh("g", "a", "A"), ident("p", "s"), chain("g", "sid")
		a.CreatedAt, i.LinkedAt, c.CreatedAt, c.ExpiresAt = odd, odd, odd, odd
		made, _, err := w.s.SignIn(w.Context(), a, i, "", c)
		w.ok(err)
		read := w.account("g", "a")
		w.equal(made, read)
		w.equal(read.CreatedAt, start)
		w.equal(read.Identities[0].LinkedAt, start)
		w.equal(w.chain("g", "sid").CreatedAt, start)
		w.equal(w.chain("g", "sid").ExpiresAt, start)
	}},
	{"a sign-in that cannot be recorded leaves nothing", func(w *world) {
		a, sid := w.player("g", "p", "s")
		if _, _, err := w.s.SignIn(w.Context(), fresh("g", "new", "New"), ident("p", "new"), "", chain("g", sid)); err == nil {
			w.Fatal("a used sid was accepted")
		}
		_, err := w.s.Account(w.Context(), "g", "new")
		w.is(err, store.ErrNotFound)
		w.player("g", "p", "new")

		if _, _, err := w.s.SignIn(w.Context(), fresh("g", "x", "X"), ident("p", "s"), "Renamed", chain("g", sid)); err == nil {
			w.Fatal("a used sid was accepted")
		}
		w.equal(w.account("g", a.ID), a)
	}},
	{"vars of an identity", func(w *world) {
		i := ident("p", "s")
		i.Vars = map[string]string{"country": "日本", `"'`: "", "long": strings.Repeat("x", 4000)}
		made, _, err := w.s.SignIn(w.Context(), fresh("g", "a", "A"), i, "", chain("g", "1"))
		w.ok(err)
		w.equal(made.Identities[0].Vars, i.Vars)
		w.equal(w.account("g", "a"), made)
		linked := ident("q", "s")
		linked.Vars = map[string]string{"k": "v"}
		got, err := w.s.Link(w.Context(), "g", "a", linked)
		w.ok(err)
		w.equal(got.Identities, []store.Identity{i, linked})
		i.Vars = map[string]string{"country": "fr"}
		got, _, err = w.s.SignIn(w.Context(), fresh("g", "x", "X"), i, "", chain("g", "2"))
		w.ok(err)
		w.equal(got.Identities, []store.Identity{i, linked})
		w.equal(w.account("g", "a"), got)
		i.Vars = map[string]string{}
		got, _, err = w.s.SignIn(w.Context(), fresh("g", "x", "X"), i, "", chain("g", "3"))
		w.ok(err)
		w.equal(got.Identities[0], ident("p", "s"))
		w.equal(w.account("g", "a"), got)
	}},
	{"a used account id is refused and leaves nothing", func(w *world) {
		a, _ := w.player("g", "p", "s")
		if _, _, err := w.s.SignIn(w.Context(), fresh("g", a.ID, "Thief"), ident("p", "new"), "", chain("g", "sid")); err == nil {
			w.Fatal("a used account id was accepted")
		}
		w.equal(w.account("g", a.ID), a)
		_, err := w.s.SignInByID(w.Context(), "g", "sid")
		w.is(err, store.ErrNotFound)
		w.player("g", "p", "new")
	}},
	{"an account is found in its own game only", func(w *world) {
		a, _ := w.player("g", "p", "s")
		for _, k := range [][2]string{{"h", a.ID}, {"g", "nobody"}, {"", a.ID}, {"g", ""}} {
			_, err := w.s.Account(w.Context(), k[0], k[1])
			w.is(err, store.ErrNotFound)
		}
	}},
	{"the same id in two games is two accounts", func(w *world) {
		for _, game := range []string{"g", "h"} {
			_, _, err := w.s.SignIn(w.Context(), fresh(game, "a", "in "+game), ident("p", "s"), "", chain(game, "sid"))
			w.ok(err)
		}
		_, err := w.s.Rename(w.Context(), "g", "a", "changed")
		w.ok(err)
		w.equal(w.account("g", "a").Username, "changed")
		w.equal(w.account("h", "a").Username, "in h")
	}},
	{"rename", func(w *world) {
		a, _ := w.player("g", "p", "s")
		got, err := w.s.Rename(w.Context(), "g", a.ID, "New")
		w.ok(err)
		a.Username = "New"
		w.equal(got, a)
		w.equal(w.account("g", a.ID), a)
		for _, k := range [][2]string{{"h", a.ID}, {"g", "nobody"}} {
			_, err := w.s.Rename(w.Context(), k[0], k[1], "X")
			w.is(err, store.ErrNotFound)
		}
		w.equal(w.account("g", a.ID), a)
	}},
}

var linkCases = []testCase{
	{"identities come in the order of linking", func(w *world) {
		a, _ := w.player("g", "p", "s")
		want := a.Identities
		for _, provider := range []string{"z", "a", "m"} { // all at the same time
			a = w.link(a, provider, "s")
			want = append(want, ident(provider, "s"))
			w.equal(a.Identities, want)
		}
		w.equal(w.account("g", a.ID), a)
		got, _ := w.again("g", "m", "s")
		w.equal(got, a)
	}},
	{"linking twice changes nothing", func(w *world) {
		a, _ := w.player("g", "p", "s")
		a = w.link(a, "q", "s")
		i := ident("q", "s")
		i.Username, i.AvatarURL, i.LinkedAt = "other", "other", start.Add(time.Hour)
		got, err := w.s.Link(w.Context(), "g", a.ID, i)
		w.ok(err)
		w.equal(got, a)
		w.equal(w.account("g", a.ID), a)
	}},
	{"an identity of another account is taken", func(w *world) {
		a, _ := w.player("g", "p", "a")
		b, _ := w.player("g", "p", "b")
		_, err := w.s.Link(w.Context(), "g", a.ID, ident("p", "b"))
		w.is(err, store.ErrTaken)
		w.equal(w.account("g", a.ID), a)
		w.equal(w.account("g", b.ID), b)
		other, _ := w.player("h", "p", "other")
		w.link(other, "p", "b") // games do not see each other
	}},
	{"nobody to link to", func(w *world) {
		a, _ := w.player("g", "p", "a")
		for _, k := range [][2]string{{"h", a.ID}, {"g", "nobody"}} {
			_, err := w.s.Link(w.Context(), k[0], k[1], ident("q", "s"))
			w.is(err, store.ErrNotFound)
		}
		w.player("g", "q", "s")
	}},
	{"unlink removes all of a provider and frees them", func(w *world) {
		a, _ := w.player("g", "p", "1")
		w.link(a, "p", "2")
		w.link(a, "q", "1")
		got, err := w.s.Unlink(w.Context(), "g", a.ID, "p")
		w.ok(err)
		a.Identities = []store.Identity{ident("q", "1")}
		w.equal(got, a)
		w.equal(w.account("g", a.ID), a)
		b, _ := w.player("g", "p", "1")
		if b.ID == a.ID {
			w.Fatal("the unlinked identity still leads to the account")
		}
	}},
	{"the last identity stays", func(w *world) {
		a, _ := w.player("g", "p", "1")
		_, err := w.s.Unlink(w.Context(), "g", a.ID, "p")
		w.is(err, store.ErrLast)
		a = w.link(a, "p", "2")
		_, err = w.s.Unlink(w.Context(), "g", a.ID, "p")
		w.is(err, store.ErrLast)
		w.equal(w.account("g", a.ID), a)
	}},
	{"nothing to unlink", func(w *world) {
		a, _ := w.player("g", "p", "1")
		w.link(a, "q", "1")
		for _, k := range [][3]string{{"h", a.ID, "p"}, {"g", "nobody", "p"}, {"g", a.ID, "r"}} {
			_, err := w.s.Unlink(w.Context(), k[0], k[1], k[2])
			w.is(err, store.ErrNotFound)
		}
		w.equal(len(w.account("g", a.ID).Identities), 2)
	}},
}
