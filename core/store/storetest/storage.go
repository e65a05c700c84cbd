package storetest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/muster-gg/muster/core/store"
)

func entry(game, scope, key, value string) store.Entry {
	return store.Entry{Game: game, Scope: scope, Key: key, Value: []byte(value), UpdatedAt: start}
}

// set writes an entry whatever stands and returns it as it will be read.
func (w *world) set(game, scope, key, value string) store.Entry {
	w.Helper()
	e := entry(game, scope, key, value)
	var err error
	e.Version, err = w.s.SetEntry(w.Context(), e, store.AnyVersion)
	w.ok(err)
	return e
}

// entries reads keys.
func (w *world) entries(game, scope string, keys ...string) []store.Entry {
	w.Helper()
	all, err := w.s.Entries(w.Context(), game, scope, keys)
	w.ok(err)
	return all
}

// listed reads keys as text.
func (w *world) listed(scope, prefix, after string, limit int) string {
	w.Helper()
	all, err := w.s.ListEntries(w.Context(), "g", scope, prefix, after, limit)
	w.ok(err)
	keys := make([]string, len(all))
	for i, e := range all {
		keys[i] = e.Key
	}
	return strings.Join(keys, " ")
}

var storageCases = []testCase{
	{"an entry comes back as it was written", func(w *world) {
		a, _ := w.player("g", "p", "s")
		for _, scope := range []string{"", a.ID} {
			e := entry("g", scope, "k", "{\"text\": \"'; DROP TABLE entries; --  日本 \\u0000\"}")
			e.UpdatedAt = start.Add(999 * time.Microsecond).In(time.FixedZone("east", 3600))
			var err error
			e.Version, err = w.s.SetEntry(w.Context(), e, store.AnyVersion)
			w.ok(err)
			e.UpdatedAt = start
			w.equal(w.entries("g", scope, "k"), []store.Entry{e})
			e.Value, e.UpdatedAt = []byte(`2`), start.Add(time.Hour)
			second, err := w.s.SetEntry(w.Context(), e, store.AnyVersion)
			w.ok(err)
			w.equal(second > e.Version && e.Version > 0, true)
			e.Version = second
			w.equal(w.entries("g", scope, "k"), []store.Entry{e})
		}
	}},
	{"conditions", func(w *world) {
		e := entry("g", "", "k", "1")
		_, err := w.s.SetEntry(w.Context(), e, 7)
		w.is(err, store.ErrConflict)
		first, err := w.s.SetEntry(w.Context(), e, store.NoVersion)
		w.ok(err)
		for _, when := range []int64{store.NoVersion, first + 1, first - 1, -2} {
			e.Value = []byte(`"lost"`)
			_, err = w.s.SetEntry(w.Context(), e, when)
			w.is(err, store.ErrConflict)
			w.is(w.s.DeleteEntry(w.Context(), "g", "", "k", when), store.ErrConflict)
		}
		w.equal(string(w.entries("g", "", "k")[0].Value), "1")
		e.Value = []byte("2")
		second, err := w.s.SetEntry(w.Context(), e, first)
		w.ok(err)
		w.is(w.s.DeleteEntry(w.Context(), "g", "", "k", first), store.ErrConflict)
		w.ok(w.s.DeleteEntry(w.Context(), "g", "", "k", second))
		w.equal(len(w.entries("g", "", "k")), 0)
		w.is(w.s.DeleteEntry(w.Context(), "g", "", "k", second), store.ErrConflict)
		for _, when := range []int64{store.NoVersion, store.AnyVersion} {
			w.ok(w.s.DeleteEntry(w.Context(), "g", "", "k", when))
		}
	}},
	{"a version never comes back", func(w *world) {
		last := int64(0)
		for range 3 {
			for range 2 {
				e := w.set("g", "", "k", "1")
				w.equal(e.Version > last, true)
				last = e.Version
			}
			w.ok(w.s.DeleteEntry(w.Context(), "g", "", "k", store.AnyVersion))
		}
	}},
	{"keys are read in the order in which they are asked for", func(w *world) {
		one, two := w.set("g", "", "1", "1"), w.set("g", "", "2", "2")
		w.equal(w.entries("g", "", "2", "none", "1", "2"), []store.Entry{two, one, two})
		w.equal(len(w.entries("g", "")), 0)
		w.equal(len(w.entries("g", "", "")), 0)
	}},
	{"games, scopes and every byte of a key are told apart", func(w *world) {
		a, _ := w.player("g", "p", "a")
		b, _ := w.player("g", "p", "b")
		_, _, err := w.s.SignIn(w.Context(), fresh("h", a.ID, "namesake"), ident("p", "a"), "", chain("h", "sid"))
		w.ok(err)
		var all []store.Entry
		for _, k := range [][3]string{
			{"g", "", "k"}, {"h", "", "k"}, {"g", a.ID, "k"}, {"g", b.ID, "k"}, {"h", a.ID, "k"}, {"g", "", "K"}, {"g", "", "k "},
			{"g", "", "e\u0301"}, {"g", "", "\u00e9"}, {"g", "", "1"}, {"g", "", "1.0"}, {"g", "", "%"}, {"g", "", strings.Repeat("k", 128)},
		} {
			all = append(all, w.set(k[0], k[1], k[2], strconv.Quote(strings.Join(k[:], "|"))))
		}
		for _, e := range all {
			w.equal(w.entries(e.Game, e.Scope, e.Key), []store.Entry{e})
		}
		w.ok(w.s.DeleteEntry(w.Context(), "g", a.ID, "k", store.AnyVersion))
		for i, e := range all {
			if i != 2 {
				w.equal(w.entries(e.Game, e.Scope, e.Key), []store.Entry{e})
			}
		}
	}},
	{"the scope of nobody", func(w *world) {
		a, _ := w.player("h", "p", "s")
		for _, when := range []int64{store.AnyVersion, store.NoVersion, 7} {
			_, err := w.s.SetEntry(w.Context(), entry("g", a.ID, "k", "1"), when)
			w.is(err, store.ErrNotFound)
		}
		w.equal(len(w.entries("g", a.ID, "k")), 0)
		w.equal(w.listed(a.ID, "", "", 9), "")
		w.ok(w.s.DeleteEntry(w.Context(), "g", a.ID, "k", store.AnyVersion))
	}},
	{"lists come in the order of bytes, in pages", func(w *world) {
		keys := []string{"!", "A", "a", "a/", "a/1", "a/10", "a/2", "a0", "b", "\u007f", "é", "\uffff", "\U0001F3AE", "\U0010FFFF"}
		for i := range keys {
			w.set("g", "", keys[(i*5)%len(keys)], "1")
			w.set("h", "", fmt.Sprint("foreign", i), "1")
		}
		w.equal(w.listed("", "", "", 99), strings.Join(keys, " "))
		for _, c := range []struct {
			prefix, after string
			limit         int
			want          string
		}{
			{"a", "", 99, "a a/ a/1 a/10 a/2 a0"}, {"a/", "", 99, "a/ a/1 a/10 a/2"}, {"a/", "a/1", 99, "a/10 a/2"}, {"a/", "a", 2, "a/ a/1"},
			{"a/", "b", 99, ""}, {"", "a/2", 2, "a0 b"}, {"é", "", 9, "é"}, {"\U0010FFFF", "", 9, "\U0010FFFF"}, {"none", "", 9, ""},
			{"", "\U0010FFFF", 9, ""}, {"", "", 0, ""}, {"", "", -1, ""},
		} {
			if got := w.listed("", c.prefix, c.after, c.limit); got != c.want {
				w.Fatalf("%q after %q, %d: got %q, want %q", c.prefix, c.after, c.limit, got, c.want)
			}
		}
	}},
	{"entries go with their account", func(w *world) {
		a, _ := w.player("g", "p", "a")
		b, _ := w.player("g", "p", "b")
		_, _, err := w.s.SignIn(w.Context(), fresh("h", a.ID, "namesake"), ident("p", "a"), "", chain("h", "sid"))
		w.ok(err)
		w.set("g", a.ID, "k", "1")
		w.set("g", a.ID, "l", "1")
		left := []store.Entry{w.set("g", "", "k", "1"), w.set("g", b.ID, "k", "1"), w.set("h", a.ID, "k", "1")}
		_, err = w.s.Erase(w.Context(), "g", a.ID)
		w.ok(err)
		w.equal(len(w.entries("g", a.ID, "k", "l")), 0)
		for _, e := range left {
			w.equal(w.entries(e.Game, e.Scope, e.Key), []store.Entry{e})
		}
		_, err = w.s.SetEntry(w.Context(), entry("g", a.ID, "k", "1"), store.AnyVersion)
		w.is(err, store.ErrNotFound)
	}},
	{"increments side by side lose nothing", func(w *world) {
		const n, rounds = 16, 20
		a, _ := w.player("g", "p", "s")
		var failed [n]error
		atOnce(n, func(i int) {
			for range rounds {
				for failed[i] = store.ErrConflict; errors.Is(failed[i], store.ErrConflict); {
					failed[i] = w.increment(a.ID)
				}
			}
		})
		for _, err := range failed {
			w.ok(err)
		}
		w.equal(string(w.entries("g", a.ID, "n")[0].Value), fmt.Sprint(n*rounds))
	}},
	{"one of many makes an entry", func(w *world) {
		const n = 16
		var errs [n]error
		atOnce(n, func(i int) {
			_, errs[i] = w.s.SetEntry(w.Context(), entry("g", "", "k", fmt.Sprint(i)), store.NoVersion)
		})
		made := 0
		for i, err := range errs {
			if err == nil {
				made++
				w.equal(string(w.entries("g", "", "k")[0].Value), fmt.Sprint(i))
			} else {
				w.is(err, store.ErrConflict)
			}
		}
		w.equal(made, 1)
	}},
	{"erasing while writing leaves no entry without its account", func(w *world) {
		const n = 32
		a, _ := w.player("g", "p", "s")
		var errs [n]error
		atOnce(n, func(i int) {
			if i == n/2 {
				_, errs[i] = w.s.Erase(w.Context(), "g", a.ID)
				return
			}
			_, errs[i] = w.s.SetEntry(w.Context(), entry("g", a.ID, fmt.Sprint(i), "1"), store.AnyVersion)
		})
		for _, err := range errs {
			if err != nil {
				w.is(err, store.ErrNotFound)
			}
		}
		w.equal(w.listed(a.ID, "", "", 99), "")
	}},
}

// increment adds 1 to the entry n of an account. ErrConflict when somebody was faster.
func (w *world) increment(account string) error {
	found, err := w.s.Entries(w.Context(), "g", account, []string{"n"})
	if err != nil {
		return err
	}
	count, version := 0, store.NoVersion
	if len(found) > 0 {
		version = found[0].Version
		if count, err = strconv.Atoi(string(found[0].Value)); err != nil {
			return err
		}
	}
	_, err = w.s.SetEntry(w.Context(), entry("g", account, "n", fmt.Sprint(count+1)), version)
	return err
}
