package identity

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/store"
)

// called returns an account as rules are told of it, which must be as it is.
func (b *bench) called(id string) store.Account {
	b.Helper()
	got, err := b.Caller(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	if want, err := b.Account(b.Context(), id); err != nil || !reflect.DeepEqual(got, want) {
		b.Fatalf("rules are told of %+v, it is %+v, %v", got, want, err)
	}
	return got
}

// reading counts the looks into the store while f runs.
func (b *bench) reading(f func()) int {
	b.Helper()
	before, after := 0, 0
	b.store.set(func() { before = b.store.reads })
	f()
	b.store.set(func() { after = b.store.reads })
	return after - before
}

func (b *bench) call(id string) func() {
	return func() {
		b.Helper()
		if _, err := b.Caller(b.Context(), id); err != nil {
			b.Fatal(err)
		}
	}
}

func TestCallerIsRemembered(t *testing.T) {
	b := newBench(t, openStore(t))
	ann, bob := b.in("Ann", device), b.in("Bob", "")
	if n := b.reading(func() {
		for range 3 {
			b.call(ann.Account.ID)()
			b.call(bob.Account.ID)()
		}
	}); n != 2 {
		t.Errorf("%d looks for 2 accounts", n)
	}
	if n := b.reading(func() { b.called(ann.Account.ID) }); n != 1 {
		t.Errorf("%d looks, of which Account takes one", n)
	}
	for range 2 {
		if _, err := b.Caller(t.Context(), "nobody"); code(err) != "account_not_found" {
			t.Errorf("got %v", err)
		}
	}
}

// Of two looks at once the one that began last is kept, and no other account's
// change stands in its way.
func TestLooksBesideEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, openStore(t))
		ann, bob := b.in("Ann", device).Account.ID, b.in("Bob", "").Account.ID
		gates := make(chan chan struct{}, 2)
		b.store.set(func() {
			b.store.afterRead = func() {
				gate := make(chan struct{})
				gates <- gate
				<-gate
			}
		})
		done := make(chan struct{})
		look := func() chan struct{} {
			go func() { b.call(ann)(); done <- struct{}{} }()
			return <-gates
		}
		first := look()
		second := look()
		b.store.set(func() { b.store.afterRead = nil })
		if _, err := b.Rename(t.Context(), bob, "Rob"); err != nil {
			t.Fatal(err)
		}
		close(second)
		<-done
		if n := b.reading(b.call(ann)); n != 0 {
			t.Errorf("%d looks after one that is kept", n)
		}
		close(first)
		<-done
		if n := b.reading(b.call(ann)); n != 0 || len(b.Service.store.looks) != 0 {
			t.Errorf("%d looks, %d never over", n, len(b.Service.store.looks))
		}
	})
}

// unsure is a store whose renames are saved and told as failed.
type unsure struct{ Store }

func (u unsure) Rename(ctx context.Context, game, id, username string) (store.Account, error) {
	_, err := u.Store.Rename(ctx, game, id, username)
	return store.Account{}, errors.Join(err, errors.New("the line broke"))
}

func TestChangeThatFailed(t *testing.T) {
	b := newBench(t, unsure{openStore(t)})
	s := b.in("Ann", device)
	b.called(s.Account.ID)
	if _, err := b.Rename(t.Context(), s.Account.ID, "Anna"); code(err) != "internal" {
		t.Fatalf("got %v", err)
	}
	if a := b.called(s.Account.ID); a.Username != "Anna" {
		t.Errorf("got %+v", a)
	}
}

// What another node changes is seen here after a minute, or at its word.
func TestCallerOfOtherNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t)
		here, there := newBench(t, s), newBench(t, s)
		told, renamed, erased := here.in("Ann", device).Account.ID, here.in("Bob", "").Account.ID, here.in("Cleo", "").Account.ID
		for _, id := range []string{told, renamed, erased} {
			here.called(id)
		}
		for _, id := range []string{told, renamed} {
			if _, err := there.Rename(t.Context(), id, "new"); err != nil {
				t.Fatal(err)
			}
		}
		if err := there.Erase(t.Context(), erased); err != nil {
			t.Fatal(err)
		}
		here.Service.store.changed(told)
		here.called(told)
		time.Sleep(recheck - time.Nanosecond)
		for _, id := range []string{renamed, erased} {
			if n := here.reading(here.call(id)); n != 0 {
				t.Errorf("%d looks within a minute", n)
			}
		}
		time.Sleep(time.Nanosecond)
		if a := here.called(renamed); a.Username != "new" {
			t.Errorf("got %+v", a)
		}
		if _, err := here.Caller(t.Context(), erased); code(err) != "account_not_found" {
			t.Errorf("got %v", err)
		}
		if here.Service.store.known.Contains(erased) {
			t.Error("what is gone is remembered")
		}
	})
}

func TestCallerRemembersNoFailure(t *testing.T) {
	b := newBench(t, openStore(t))
	s := b.in("Ann", device)
	b.store.set(func() { b.store.fail = errors.New("disk") })
	if _, err := b.Caller(t.Context(), s.Account.ID); code(err) != "internal" {
		t.Fatalf("got %v, want internal", err)
	}
	b.store.set(func() { b.store.fail = nil })
	b.called(s.Account.ID)
}

func TestRememberedAccountsAreBounded(t *testing.T) {
	b := newBench(t, openStore(t), func(o *Options) {
		o.CacheSize = 16
		o.Providers["wordy"] = providerFunc(func(_ context.Context, r *Request) (*Identity, error) {
			return &Identity{Subject: "w", Vars: map[string]string{"text": strings.Repeat("x", maxVarBytes-64)}}, nil
		})
	})
	var ids []string
	for i := range 12 {
		ids = append(ids, b.in(fmt.Sprint("p", i), "").Account.ID)
		b.called(ids[i])
	}
	if n := b.Service.store.known.Len(); n != 4 {
		t.Errorf("%d remembered", n)
	}
	if n := b.reading(b.call(ids[11])); n != 0 {
		t.Errorf("%d looks at the last one", n)
	}
	if n := b.reading(b.call(ids[0])); n != 1 {
		t.Errorf("%d looks at one that is forgotten", n)
	}
	b.called(ids[1])
	if _, err := b.Link(t.Context(), ids[1], "wordy", nil, ""); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if n := b.reading(b.call(ids[1])); n != 1 {
			t.Errorf("%d looks at one that is too large", n)
		}
	}
	least := newBench(t, openStore(t), func(o *Options) { o.CacheSize = 1 })
	least.called(least.in("Ann", "").Account.ID)
}
