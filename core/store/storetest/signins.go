package storetest

import (
	"slices"
	"time"

	"github.com/muster-gg/muster/core/store"
)

var signInCases = []testCase{
	{"a sign-in is found in its own game only", func(w *world) {
		_, sid := w.player("g", "p", "s")
		for _, k := range [][2]string{{"h", sid}, {"g", "none"}} {
			_, err := w.s.SignInByID(w.Context(), k[0], k[1])
			w.is(err, store.ErrNotFound)
		}
	}},
	{"rotate", func(w *world) {
		a, sid := w.player("g", "p", "s")
		_, other := w.again("g", "p", "s")
		now, expires := start.Add(time.Minute), start.Add(9*time.Hour)
		got, err := w.s.Rotate(w.Context(), "g", sid, hash(sid), hash("2"), now, expires)
		w.ok(err)
		want := store.SignIn{ID: sid, AccountID: a.ID, Game: "g", RefreshHash: hash("2"), CreatedAt: start, ExpiresAt: expires}
		w.equal(got, want)
		w.equal(w.chain("g", sid), want)
		w.equal(w.chain("g", other).RefreshHash, hash(other))
		_, err = w.s.Rotate(w.Context(), "g", sid, hash("2"), hash("3"), now, expires)
		w.ok(err)
	}},
	{"a spent secret ends its chain and no other", func(w *world) {
		_, sid := w.player("g", "p", "s")
		_, other := w.again("g", "p", "s")
		now := start.Add(time.Minute)
		_, err := w.s.Rotate(w.Context(), "g", sid, hash(sid), hash("2"), now, start.Add(time.Hour))
		w.ok(err)
		_, err = w.s.Rotate(w.Context(), "g", sid, hash(sid), hash("3"), now.Add(time.Second), start.Add(2*time.Hour))
		w.is(err, store.ErrSpent)
		c := w.chain("g", sid)
		w.equal(c.RevokedAt, now.Add(time.Second))
		w.equal(c.RefreshHash, hash("2"))
		w.equal(c.ExpiresAt, start.Add(time.Hour))
		for _, secret := range []string{"2", sid} {
			_, err = w.s.Rotate(w.Context(), "g", sid, hash(secret), hash("4"), now.Add(time.Minute), start.Add(2*time.Hour))
			w.is(err, store.ErrRevoked)
		}
		w.equal(w.chain("g", sid), c)
		w.equal(w.chain("g", other).RevokedAt.IsZero(), true)
	}},
	{"an expired chain cannot be rotated", func(w *world) {
		_, sid := w.player("g", "p", "s")
		before := w.chain("g", sid)
		_, err := w.s.Rotate(w.Context(), "g", sid, hash(sid), hash("2"), before.ExpiresAt.Add(time.Millisecond), start.Add(9*time.Hour))
		w.is(err, store.ErrRevoked)
		w.equal(w.chain("g", sid), before)
		_, err = w.s.Rotate(w.Context(), "g", sid, hash(sid), hash("2"), before.ExpiresAt.Add(-time.Millisecond), start.Add(9*time.Hour))
		w.ok(err)
	}},
	{"rotate finds nothing in another game", func(w *world) {
		_, sid := w.player("g", "p", "s")
		before := w.chain("g", sid)
		for _, k := range [][2]string{{"h", sid}, {"g", "none"}} {
			_, err := w.s.Rotate(w.Context(), k[0], k[1], hash("wrong"), hash("2"), start, start.Add(time.Hour))
			w.is(err, store.ErrNotFound)
		}
		w.equal(w.chain("g", sid), before)
	}},
	{"revoke", func(w *world) {
		_, sid := w.player("g", "p", "s")
		_, other := w.again("g", "p", "s")
		w.ok(w.s.Revoke(w.Context(), "h", sid, start)) // not this game's
		w.ok(w.s.Revoke(w.Context(), "g", "none", start))
		w.equal(w.chain("g", sid).RevokedAt.IsZero(), true)
		now := start.Add(time.Minute)
		w.ok(w.s.Revoke(w.Context(), "g", sid, now))
		w.ok(w.s.Revoke(w.Context(), "g", sid, now.Add(time.Hour)))
		w.equal(w.chain("g", sid).RevokedAt, now)
		w.equal(w.chain("g", other).RevokedAt.IsZero(), true)
		_, err := w.s.Rotate(w.Context(), "g", sid, hash(sid), hash("2"), now, start.Add(time.Hour))
		w.is(err, store.ErrRevoked)
	}},
	{"revoke all", func(w *world) {
		a, first := w.player("g", "p", "s")
		_, second := w.again("g", "p", "s")
		_, ended := w.again("g", "p", "s")
		_, others := w.player("g", "p", "other")
		_, _, err := w.s.SignIn(w.Context(), fresh("h", a.ID, "namesake"), ident("p", "s"), "", chain("h", "foreign"))
		w.ok(err)
		w.ok(w.s.Revoke(w.Context(), "g", ended, start))
		expired := chain("g", "expired")
		expired.ExpiresAt = start.Add(time.Second)
		_, _, err = w.s.SignIn(w.Context(), fresh("g", "x", "x"), ident("p", "s"), "", expired)
		w.ok(err)

		now := start.Add(time.Minute)
		sids, err := w.s.RevokeAll(w.Context(), "g", a.ID, now)
		w.ok(err)
		slices.Sort(sids)
		w.equal(sids, sorted(first, second))
		w.equal(w.chain("g", first).RevokedAt, now)
		w.equal(w.chain("g", second).RevokedAt, now)
		w.equal(w.chain("g", ended).RevokedAt, start)
		w.equal(w.chain("g", others).RevokedAt.IsZero(), true)
		w.equal(w.chain("h", "foreign").RevokedAt.IsZero(), true)
		for _, id := range []string{a.ID, "nobody"} {
			sids, err = w.s.RevokeAll(w.Context(), "g", id, now)
			w.ok(err)
			w.equal(len(sids), 0)
		}
	}},
	{"prune", func(w *world) {
		w.player("g", "p", "s")
		for n, game := range []string{"g", "h", "g", "h", "g"} {
			c := chain(game, w.id("old"))
			c.ExpiresAt = start.Add(time.Duration(n) * time.Second)
			_, _, err := w.s.SignIn(w.Context(), fresh(game, w.id("a"), "a"), ident("p", "s"), "", c)
			w.ok(err)
		}
		prune := func(cutoff time.Time, limit, want int) {
			w.Helper()
			n, err := w.s.Prune(w.Context(), cutoff, limit)
			w.ok(err)
			w.equal(n, want)
		}
		prune(start, 10, 0) // "before" leaves the one that expires then
		prune(start.Add(time.Hour), 0, 0)
		prune(start.Add(time.Hour), -1, 0)
		prune(start.Add(4*time.Second), 3, 3)
		prune(start.Add(4*time.Second), 3, 1)
		prune(start.Add(4*time.Second), 3, 0)
		w.chain("g", "sid-2") // the player's own, live for an hour
		prune(start.Add(4*time.Second+time.Millisecond), 10, 1)
	}},
}

func sorted(s ...string) []string {
	slices.Sort(s)
	return s
}
