package storetest

import (
	"testing"
	"time"

	"github.com/muster-gg/muster/core/store"
)

// ExerciseDurable checks that every kind of change is there after a restart. open
// opens the store that is kept in dir, the same at each call with the same dir.
func ExerciseDurable(t *testing.T, open func(t *testing.T, dir string) store.Store) {
	dir := t.TempDir()
	w := &world{T: t, s: open(t, dir)}
	ctx := t.Context()

	a, sid := w.player("g", "p", "a")
	_, revoked := w.again("g", "p", "a")
	w.ok(w.s.Revoke(ctx, "g", revoked, start))
	_, err := w.s.Rotate(ctx, "g", sid, hash(sid), hash("2"), start, start.Add(2*time.Hour))
	w.ok(err)
	w.link(a, "q", "a")
	w.link(a, "r", "a")
	_, err = w.s.Unlink(ctx, "g", a.ID, "p")
	w.ok(err)
	a, err = w.s.Rename(ctx, "g", a.ID, "Renamed")
	w.ok(err)
	c := w.chain("g", sid)
	gone, goneSID := w.player("g", "p", "gone")
	m, late := finished("g", "m", a.ID, "b"), finished("g", "m", "x", "y")
	_, _, err = w.s.FinishMatch(ctx, m)
	w.ok(err)
	anonymous := finished("g", "with-gone", gone.ID, "b")
	_, _, err = w.s.FinishMatch(ctx, anonymous)
	w.ok(err)
	_, err = w.s.Erase(ctx, "g", gone.ID)
	w.ok(err)
	anonymous, err = w.s.MatchByID(ctx, "g", "with-gone")
	w.ok(err)
	kept, own, dropped := w.set("g", "", "k", "1"), w.set("g", a.ID, "k", `"own"`), w.set("g", "", "dropped", "1")
	w.ok(w.s.DeleteEntry(ctx, "g", "", "dropped", store.AnyVersion))
	orphan := store.Orphan{Game: "g", MatchID: "m", Provider: "gameflow", Region: "eu", Cause: "deadline", At: start}
	w.ok(w.s.AddOrphan(ctx, orphan))
	rated := w.rated("g", "rated", time.Hour)
	w.rated("g", "settled", 0)
	w.ok(w.s.DelayReport(ctx, "g", rated.ID, 2, start.Add(time.Minute)))
	w.ok(w.s.SettleReport(ctx, "g", "settled"))

	for range 2 { // a restart, and one more without a change between
		w.ok(w.s.Close())
		w.s = open(t, dir)
		w.equal(w.account("g", a.ID), a)
		w.equal(w.chain("g", sid), c)
		w.equal(w.chain("g", revoked).RevokedAt, start)
		_, err = w.s.Account(ctx, "g", gone.ID)
		w.is(err, store.ErrNotFound)
		_, err = w.s.SignInByID(ctx, "g", goneSID)
		w.is(err, store.ErrNotFound)
		stands, first, err := w.s.FinishMatch(ctx, late)
		w.ok(err)
		w.equal(first, false)
		w.equal(stands, m)
		got, err := w.s.MatchByID(ctx, "g", "with-gone")
		w.ok(err)
		w.equal(got, anonymous)
		w.equal(w.entries("g", "", "k", "dropped"), []store.Entry{kept})
		w.equal(w.entries("g", a.ID, "k"), []store.Entry{own})
		list, err := w.s.Orphans(ctx, "g", 10)
		w.ok(err)
		w.equal(list, []store.Orphan{orphan})
		report, err := w.s.NextReport(ctx, "g")
		w.ok(err)
		w.equal(report, store.Report{Match: rated, Tries: 2, Due: start.Add(time.Minute)})
		owed, err := w.s.CountReports(ctx, "g")
		w.ok(err)
		w.equal(owed, 1)
	}
	got, _ := w.again("g", "q", "a")
	w.equal(got, a)
	w.equal(w.set("g", "", "dropped", "1").Version > dropped.Version, true)
	w.player("g", "p", "a") // unlinked before the restart
	w.ok(w.s.Close())
}
