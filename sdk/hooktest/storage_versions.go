package hooktest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/muster-gg/muster/sdk/hook"
)

var versionCases = []storeCase{
	{"versions grow and are asked for", func(b *box) {
		for _, scope := range []string{"", b.accounts[0]} {
			first, err := b.when(scope, "k", "1", hook.NoVersion)
			b.ok(err)
			if _, v := b.get(scope, "k"); v != first || v < 1 || v > 1<<53 {
				b.Fatalf("version %d, told %d", v, first)
			}
			_, err = b.when(scope, "k", "2", hook.NoVersion)
			b.is(err, hook.ErrConflict)
			_, err = b.when(scope, "k", "2", first+1)
			b.is(err, hook.ErrConflict)
			b.has(scope, "k", "1")
			second, err := b.when(scope, "k", "2", first)
			b.ok(err)
			_, err = b.when(scope, "k", "3", first)
			b.is(err, hook.ErrConflict)
			third := b.set(scope, "k", "3")
			if second <= first || third <= second {
				b.Fatal(first, second, third)
			}
			same := b.set(scope, "k", "3")
			if same <= third {
				b.Fatal("writing the same value is a write too")
			}
		}
		_, err := b.when("", "none", "1", 7)
		b.is(err, hook.ErrConflict)
		b.has("", "none", "")
	}},
	{"deletes", func(b *box) {
		old := b.set("", "k", "1")
		now := b.set("", "k", "2")
		b.is(b.s.Delete(b.Context(), "", "k", old), hook.ErrConflict)
		b.is(b.s.Delete(b.Context(), "", "k", hook.NoVersion), hook.ErrConflict)
		b.has("", "k", "2")
		b.ok(b.s.Delete(b.Context(), "", "k", now))
		b.has("", "k", "")
		b.is(b.s.Delete(b.Context(), "", "k", now), hook.ErrConflict)
		b.ok(b.s.Delete(b.Context(), "", "k", hook.NoVersion))
		b.ok(b.s.Delete(b.Context(), "", "k", hook.AnyVersion))
		// What comes after is not taken for what was there before.
		again, err := b.when("", "k", "3", hook.NoVersion)
		b.ok(err)
		if again <= now {
			b.Fatalf("version %d after %d", again, now)
		}
		_, err = b.when("", "k", "4", now)
		b.is(err, hook.ErrConflict)
	}},
	{"a context that is over", func(b *box) {
		b.set("", "k", "1")
		if _, err := b.s.Set(ended(), "", "k", []byte("2"), hook.AnyVersion); err == nil {
			b.Error("set")
		}
		if err := b.s.Delete(ended(), "", "k", hook.AnyVersion); err == nil {
			b.Error("deleted")
		}
		b.has("", "k", "1")
	}},
	{"the time of a write", func(b *box) {
		var before time.Time
		for range 3 {
			b.set(b.accounts[0], "k", "1")
			found, err := b.s.List(b.Context(), b.accounts[0], "", "", 1)
			b.ok(err)
			at := found[0].UpdatedAt
			if at.UnixMilli() <= 0 || at.Truncate(time.Millisecond) != at || at.Before(before) {
				b.Fatalf("written at %v, before that at %v", at, before)
			}
			before = at
		}
	}},
}

var listCases = []storeCase{
	{"order, prefix and pages", func(b *box) {
		keys := []string{"A", "a", "a/1", "a/10", "a/2", "a0", "ab", "b", "ä", "日", "\U0001F3AE"}
		for i := range keys {
			b.set("", keys[(i*7)%len(keys)], "1")
		}
		b.equal(b.keys("", "", "", 0), keys)
		b.equal(b.keys("", "a", "", 0), []string{"a", "a/1", "a/10", "a/2", "a0", "ab"})
		b.equal(b.keys("", "a/", "a/1", 0), []string{"a/10", "a/2"})
		b.equal(b.keys("", "", "a/2", 2), []string{"a0", "ab"})
		b.equal(b.keys("", "a/", "a", 0), []string{"a/1", "a/10", "a/2"})
		b.equal(b.keys("", "a/", "b", 0), []string{})
		b.equal(b.keys("", "zz", "", 0), []string{})
		var all []string
		for page := b.keys("", "", "", 3); len(page) > 0; page = b.keys("", "", all[len(all)-1], 3) {
			all = append(all, page...)
		}
		b.equal(all, keys)
	}},
	{"at most a hundred", func(b *box) {
		var want []string
		for i := range hook.MaxListed + 1 {
			key := fmt.Sprintf("%03d", i)
			b.set("", key, "1")
			want = append(want, key)
		}
		for _, limit := range []int{0, -1, hook.MaxListed, hook.MaxListed + 1, 1 << 30} {
			b.equal(b.keys("", "", "", limit), want[:hook.MaxListed])
		}
		b.equal(b.keys("", "", want[hook.MaxListed-1], 0), want[hook.MaxListed:])
		b.equal(b.keys("", "", "", 1), want[:1])
	}},
}

var storeAtOnceCases = []storeCase{
	{"increments side by side lose nothing", func(b *box) {
		const callers, rounds = 8, 20
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				for range rounds {
					for !b.increment() {
					}
				}
			})
		}
		wg.Wait()
		b.has(b.accounts[0], "n", fmt.Sprint(callers*rounds))
	}},
	{"one of many makes a new entry", func(b *box) {
		const callers = 16
		var wg sync.WaitGroup
		won := make([]bool, callers)
		for i := range callers {
			wg.Go(func() {
				_, err := b.when("", "k", fmt.Sprint(i), hook.NoVersion)
				if won[i] = err == nil; err != nil && !errors.Is(err, hook.ErrConflict) {
					b.Error(err)
				}
			})
		}
		wg.Wait()
		winner := slices.Index(won, true)
		if winner < 0 || slices.Contains(won[winner+1:], true) {
			b.Fatalf("won: %v", won)
		}
		b.has("", "k", fmt.Sprint(winner))
	}},
}

// increment adds 1 to a number; false if somebody else did so meanwhile. It ends
// the caller's loop when something is wrong.
func (b *box) increment() bool {
	found, err := b.s.Get(b.Context(), b.accounts[0], "n")
	if err != nil {
		b.Error(err)
		return true
	}
	n, version := 0, hook.NoVersion
	if len(found) > 0 {
		version = found[0].Version
		if _, err := fmt.Sscan(string(found[0].Value), &n); err != nil {
			b.Error(err)
			return true
		}
	}
	_, err = b.when(b.accounts[0], "n", fmt.Sprint(n+1), version)
	if err != nil && !errors.Is(err, hook.ErrConflict) {
		b.Error(err)
		return true
	}
	return err == nil
}
