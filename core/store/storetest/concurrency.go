package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/muster-gg/muster/core/store"
)

// atOnce runs f n times side by side and waits.
func atOnce(n int, f func(i int)) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-begin
			f(i)
		})
	}
	close(begin)
	wg.Wait()
}

var concurrencyCases = []testCase{
	{"one new identity makes one account", func(w *world) {
		const n = 32
		var accounts [n]store.Account
		var created [n]bool
		var errs [n]error
		atOnce(n, func(i int) {
			accounts[i], created[i], errs[i] = w.s.SignIn(w.Context(), fresh("g", fmt.Sprint("a", i), "A"), ident("p", "s"), "", chain("g", fmt.Sprint("sid", i)))
		})
		made := 0
		for i := range n {
			w.ok(errs[i])
			w.equal(accounts[i], accounts[0])
			w.equal(w.chain("g", fmt.Sprint("sid", i)).AccountID, accounts[0].ID)
			if created[i] {
				made++
			}
		}
		w.equal(made, 1)
	}},
	{"one refresh secret is used once", func(w *world) {
		const n = 16
		_, sid := w.player("g", "p", "s")
		var errs [n]error
		atOnce(n, func(i int) {
			_, errs[i] = w.s.Rotate(w.Context(), "g", sid, hash(sid), hash(fmt.Sprint(i)), start, start.Add(time.Hour))
		})
		count := map[error]int{}
		for _, err := range errs {
			switch {
			case err == nil:
				count[nil]++
			case errors.Is(err, store.ErrSpent):
				count[store.ErrSpent]++
			case errors.Is(err, store.ErrRevoked):
				count[store.ErrRevoked]++
			}
		}
		w.equal(count, map[error]int{nil: 1, store.ErrSpent: 1, store.ErrRevoked: n - 2})
		w.equal(w.chain("g", sid).RevokedAt, start)
	}},
	{"one end of a match stands", func(w *world) {
		const n = 16
		var stands [n]store.Match
		var firsts [n]bool
		var errs [n]error
		atOnce(n, func(i int) {
			m := finished("g", "m", "a", "b")
			m.Code = fmt.Sprint(i)
			stands[i], firsts[i], errs[i] = w.s.FinishMatch(w.Context(), m)
		})
		winners := 0
		for i := range n {
			w.ok(errs[i])
			w.equal(stands[i], stands[0])
			if firsts[i] {
				winners++
				w.equal(stands[i].Code, fmt.Sprint(i))
			}
		}
		w.equal(winners, 1)
	}},
	{"one identity is linked once", func(w *world) {
		const n = 8
		var ids [n]string
		var errs [n]error
		for i := range n {
			a, _ := w.player("g", "p", fmt.Sprint(i))
			ids[i] = a.ID
		}
		atOnce(n, func(i int) { _, errs[i] = w.s.Link(w.Context(), "g", ids[i], ident("q", "s")) })
		owner, _ := w.again("g", "q", "s")
		for i, err := range errs {
			if ids[i] == owner.ID {
				w.ok(err)
			} else {
				w.is(err, store.ErrTaken)
			}
		}
	}},
	{"one identity is left", func(w *world) {
		const n = 8
		var errs [n]error
		a, _ := w.player("g", "p0", "s")
		for i := 1; i < n; i++ {
			a = w.link(a, fmt.Sprint("p", i), "s")
		}
		atOnce(n, func(i int) { _, errs[i] = w.s.Unlink(w.Context(), "g", a.ID, fmt.Sprint("p", i)) })
		last := 0
		for _, err := range errs {
			if err != nil {
				w.is(err, store.ErrLast)
				last++
			}
		}
		w.equal(last, 1)
		w.equal(len(w.account("g", a.ID).Identities), 1)
	}},
	{"what fails does not spoil what is saved with it", func(w *world) {
		const n = 64
		a, sid := w.player("g", "p", "s")
		w.player("g", "q", "taken")
		var errs [n]error
		atOnce(n, func(i int) {
			key := fmt.Sprint("n", i)
			switch i % 4 {
			case 0: // cannot be recorded: the sid is used
				_, _, errs[i] = w.s.SignIn(w.Context(), fresh("g", key, "X"), ident("p", key), "", chain("g", sid))
			case 1:
				_, errs[i] = w.s.Link(w.Context(), "g", a.ID, ident("q", "taken"))
			default:
				_, _, errs[i] = w.s.SignIn(w.Context(), fresh("g", key, "X"), ident("p", key), "", chain("g", key))
			}
		})
		for i, err := range errs {
			key := fmt.Sprint("n", i)
			switch i % 4 {
			case 0:
				if err == nil {
					w.Fatal("a used sid was accepted")
				}
				_, err = w.s.Account(w.Context(), "g", key)
				w.is(err, store.ErrNotFound)
			case 1:
				w.is(err, store.ErrTaken)
			default:
				w.ok(err)
				w.account("g", key)
				w.chain("g", key)
			}
		}
		w.equal(w.account("g", a.ID), a)
	}},
	{"erasing while signing in leaves no sign-in without its account", func(w *world) {
		const n = 32
		a, _ := w.player("g", "p", "s")
		var errs [n]error
		atOnce(n, func(i int) {
			if i == n/2 {
				_, errs[i] = w.s.Erase(w.Context(), "g", a.ID)
				return
			}
			_, _, errs[i] = w.s.SignIn(w.Context(), fresh("g", fmt.Sprint("a", i), "A"), ident("p", "s"), "", chain("g", fmt.Sprint("c", i)))
		})
		for i, err := range errs {
			w.ok(err)
			c, err := w.s.SignInByID(w.Context(), "g", fmt.Sprint("c", i))
			if errors.Is(err, store.ErrNotFound) {
				continue // erased with the account
			}
			w.ok(err)
			w.account("g", c.AccountID)
		}
	}},
}

var lifeCases = []testCase{
	{"a context that has ended changes nothing", func(w *world) {
		a, sid := w.player("g", "p", "s")
		ctx, cancel := context.WithCancel(w.Context())
		cancel()
		for name, call := range calls(ctx, w.s, a.ID, sid) {
			if err := call(); !errors.Is(err, context.Canceled) {
				w.Errorf("%s: %v, want context.Canceled", name, err)
			}
		}
		w.equal(w.account("g", a.ID), a)
		w.equal(w.chain("g", sid).RevokedAt.IsZero(), true)
		_, err := w.s.Account(w.Context(), "g", "new")
		w.is(err, store.ErrNotFound)
	}},
	{"ping", func(w *world) { w.ok(w.s.Ping(w.Context())) }},
	{"after Close every call says so", func(w *world) {
		a, sid := w.player("g", "p", "s")
		w.ok(w.s.Close())
		for name, call := range calls(w.Context(), w.s, a.ID, sid) {
			if err := call(); !errors.Is(err, store.ErrClosed) {
				w.Errorf("%s: %v, want ErrClosed", name, err)
			}
		}
		w.ok(w.s.Close())
	}},
	{"Close waits for what is under way", func(w *world) {
		const n = 64
		var errs [n]error
		var began sync.WaitGroup
		began.Add(n)
		var done sync.WaitGroup
		for i := range n {
			done.Go(func() {
				began.Done()
				_, _, errs[i] = w.s.SignIn(w.Context(), fresh("g", fmt.Sprint(i), "A"), ident("p", fmt.Sprint(i)), "", chain("g", fmt.Sprint(i)))
			})
		}
		began.Wait()
		w.ok(w.s.Close())
		done.Wait()
		for _, err := range errs {
			if err != nil {
				w.is(err, store.ErrClosed)
			}
		}
	}},
}

// calls is every method of a store but Close.
func calls(ctx context.Context, s store.Store, account, sid string) map[string]func() error {
	return map[string]func() error{
		"SignIn": func() error {
			_, _, err := s.SignIn(ctx, fresh("g", "new", "New"), ident("p", "new"), "", chain("g", "new"))
			return err
		},
		"Account":    func() error { _, err := s.Account(ctx, "g", account); return err },
		"Rename":     func() error { _, err := s.Rename(ctx, "g", account, "New"); return err },
		"Link":       func() error { _, err := s.Link(ctx, "g", account, ident("q", "s")); return err },
		"Unlink":     func() error { _, err := s.Unlink(ctx, "g", account, "p"); return err },
		"Erase":      func() error { _, err := s.Erase(ctx, "g", account); return err },
		"SignInByID": func() error { _, err := s.SignInByID(ctx, "g", sid); return err },
		"Rotate": func() error {
			_, err := s.Rotate(ctx, "g", sid, hash(sid), hash("2"), start, start.Add(time.Hour))
			return err
		},
		"Revoke":      func() error { return s.Revoke(ctx, "g", sid, start) },
		"RevokeAll":   func() error { _, err := s.RevokeAll(ctx, "g", account, start); return err },
		"Prune":       func() error { _, err := s.Prune(ctx, start.Add(time.Hour*2), 9); return err },
		"FinishMatch": func() error { _, _, err := s.FinishMatch(ctx, finished("g", "m", account, "b")); return err },
		"MatchByID":   func() error { _, err := s.MatchByID(ctx, "g", "m"); return err },
		"SignInsOf":   func() error { _, err := s.SignInsOf(ctx, "g", account, "", 9); return err },
		"MatchesOf":   func() error { _, err := s.MatchesOf(ctx, "g", account, "", 9); return err },
		"Entries":     func() error { _, err := s.Entries(ctx, "g", "", []string{"k"}); return err },
		"SetEntry":    func() error { _, err := s.SetEntry(ctx, entry("g", account, "k", "1"), store.AnyVersion); return err },
		"DeleteEntry": func() error { return s.DeleteEntry(ctx, "g", "", "k", store.AnyVersion) },
		"ListEntries": func() error { _, err := s.ListEntries(ctx, "g", "", "", "", 9); return err },
		"AddOrphan":   func() error { return s.AddOrphan(ctx, store.Orphan{Game: "g", At: start}) },
		"Orphans":     func() error { _, err := s.Orphans(ctx, "g", 1); return err },
		"DropOrphan":  func() error { _, err := s.DropOrphan(ctx, "g", "m"); return err },
		"FinishRatedMatch": func() error {
			_, _, err := s.FinishRatedMatch(ctx, finished("g", "m", "a", "b"))
			return err
		},
		"NextReport":   func() error { _, err := s.NextReport(ctx, "g"); return err },
		"DelayReport":  func() error { return s.DelayReport(ctx, "g", "m", 1, start) },
		"SettleReport": func() error { return s.SettleReport(ctx, "g", "m") },
		"CountReports": func() error { _, err := s.CountReports(ctx, "g"); return err },
		"DropReports":  func() error { _, err := s.DropReports(ctx, "g", 1); return err },
		"Ping":         func() error { return s.Ping(ctx) },
	}
}
