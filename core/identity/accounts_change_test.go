package identity

import (
	"context"
	"reflect"
	"testing"
	"testing/synctest"

	"github.com/muster-gg/muster/core/store"
)

// changes are all that can happen to the account that owns device.
var changes = map[string]func(b *bench, id string) error{
	"rename": func(b *bench, id string) error { _, err := b.Rename(b.Context(), id, "Anna"); return err },
	"link": func(b *bench, id string) error {
		_, err := b.Link(b.Context(), id, "discord", person("d2"), "192.0.2.1")
		return err
	},
	"unlink":                func(b *bench, id string) error { _, err := b.Unlink(b.Context(), id, "discord"); return err },
	"sign-in, another name": func(b *bench, _ string) error { b.in("Annabel", device); return nil },
	"sign-in, other details": func(b *bench, _ string) error {
		_, err := b.SignIn(b.Context(), "discord", person("d1"), "192.0.2.9")
		return err
	},
	"erase": func(b *bench, id string) error { return b.Erase(b.Context(), id) },
}

// changing is a bench with an account that has two ways to sign in, and its id.
func changing(t *testing.T) (*bench, string) {
	b := linking(t)
	id := b.in("Ann", device).Account.ID
	if _, err := b.Link(t.Context(), id, "discord", person("d1"), "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	return b, id
}

// changed checks that an account is not what it was, for rules either.
func (b *bench) changed(id string, was store.Account) {
	b.Helper()
	if _, err := b.Account(b.Context(), id); code(err) == "account_not_found" {
		if a, err := b.Caller(b.Context(), id); code(err) != "account_not_found" || a.ID != "" {
			b.Errorf("it is gone, rules are told of %+v, %v", a, err)
		}
		return
	}
	if reflect.DeepEqual(b.called(id), was) {
		b.Errorf("nothing changed: %+v", was)
	}
}

func TestCallerSeesChanges(t *testing.T) {
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			b, id := changing(t)
			was := b.called(id)
			if err := change(b, id); err != nil {
				t.Fatal(err)
			}
			b.changed(id, was)
		})
	}
}

// A look that has read before a change does not bring back what was.
func TestChangeDuringALookAtAnAccount(t *testing.T) {
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, id := changing(t)
				gate, early := make(chan struct{}), make(chan struct{})
				b.store.set(func() { b.store.afterRead = func() { <-gate } })
				go func() {
					defer close(early)
					b.Caller(t.Context(), id) // may go either way
				}()
				synctest.Wait() // it has read and has not answered
				b.store.set(func() { b.store.afterRead = nil })
				was, err := b.Account(t.Context(), id)
				if err != nil {
					t.Fatal(err)
				}
				if err := change(b, id); err != nil {
					t.Fatal(err)
				}
				close(gate)
				<-early
				b.changed(id, was)
				if n := len(b.Service.store.looks); n != 0 {
					t.Errorf("%d looks are never over", n)
				}
			})
		})
	}
}

// halfway is a store that runs something just before it changes an account.
type halfway struct {
	Store
	run func()
}

func (h *halfway) SignIn(ctx context.Context, fresh store.Account, identity store.Identity, username string, signIn store.SignIn) (store.Account, bool, error) {
	h.run()
	return h.Store.SignIn(ctx, fresh, identity, username, signIn)
}

func (h *halfway) Rename(ctx context.Context, game, id, username string) (store.Account, error) {
	h.run()
	return h.Store.Rename(ctx, game, id, username)
}

func (h *halfway) Link(ctx context.Context, game, id string, identity store.Identity) (store.Account, error) {
	h.run()
	return h.Store.Link(ctx, game, id, identity)
}

func (h *halfway) Unlink(ctx context.Context, game, id, provider string) (store.Account, error) {
	h.run()
	return h.Store.Unlink(ctx, game, id, provider)
}

func (h *halfway) Erase(ctx context.Context, game, id string) ([]string, error) {
	h.run()
	return h.Store.Erase(ctx, game, id)
}

// Nor does one that begins and ends while the change is under way.
func TestLookAtAnAccountDuringAChange(t *testing.T) {
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			b, id := changing(t)
			h := &halfway{b.Service.store.Store, func() {}}
			b.Service.store.Store = h
			was, err := b.Account(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			h.run = b.call(id)
			if err := change(b, id); err != nil {
				t.Fatal(err)
			}
			b.changed(id, was)
		})
	}
}
