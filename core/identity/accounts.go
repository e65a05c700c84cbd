package identity

import (
	"context"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/muster-gg/muster/core/store"
)

// maxRemembered bounds what one remembered account may hold, in bytes. One with
// more is read at each look.
const maxRemembered = 4 << 10

// accounts is the store, all of it, that remembers accounts it was asked for lately.
//
// How old may an answer from memory be? A change that is made through accounts is
// seen by every look that begins after the change was answered; a look beside it
// may find either. One that is made elsewhere, by another node, is seen after
// recheck, or at once where somebody tells changed. So is one whose outcome the
// store itself does not know.
type accounts struct {
	Store
	game string

	mu    sync.Mutex
	known *simplelru.LRU[string, rememberedAccount]
	// looks are those into the store that are under way, the last of each account.
	// A look that is not there any more has read across a change, or another began
	// after it: what it has read is not kept.
	looks map[string]*look
}

// look is one of them.
type look struct{ begun time.Time }

type rememberedAccount struct {
	account store.Account
	read    time.Time
}

func newAccounts(game string, s Store, size int) (*accounts, error) {
	known, err := simplelru.NewLRU[string, rememberedAccount](size, nil)
	if err != nil {
		return nil, err
	}
	return &accounts{Store: s, game: game, known: known, looks: map[string]*look{}}, nil
}

// recent returns an account that may be from memory. It is shared.
func (a *accounts) recent(ctx context.Context, id string) (store.Account, error) {
	account, mine := a.remembered(id)
	if mine == nil {
		return account, nil
	}
	account, err := a.Store.Account(ctx, a.game, id)
	a.ended(id, mine, account, err == nil && footprint(account) <= maxRemembered)
	return account, err
}

// remembered returns an account from memory or, where it cannot, the look that the
// caller is to take.
func (a *accounts) remembered(id string) (store.Account, *look) {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if one, ok := a.known.Get(id); ok && now.Sub(one.read) < recheck {
		return one.account, nil
	}
	mine := &look{begun: now}
	a.looks[id] = mine
	return store.Account{}, mine
}

// ended keeps what a look has found, if it is to be kept.
func (a *accounts) ended(id string, mine *look, found store.Account, keep bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.looks[id] != mine {
		return
	}
	delete(a.looks, id)
	if keep {
		a.known.Add(id, rememberedAccount{found, mine.begun})
	} else {
		a.known.Remove(id)
	}
}

// changed forgets an account.
func (a *accounts) changed(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.looks, id)
	a.known.Remove(id)
}

// footprint is about how many bytes an account holds.
func footprint(a store.Account) int {
	const perIdentity, perVar = 128, 64
	n := len(a.ID) + len(a.Game) + len(a.Username)
	for _, i := range a.Identities {
		n += perIdentity + len(i.Provider) + len(i.Subject) + len(i.Username) + len(i.AvatarURL)
		for k, v := range i.Vars {
			n += perVar + len(k) + len(v)
		}
	}
	return n
}

// What follows is every method of the store that changes an account.

// SignIn implements store.Accounts.
func (a *accounts) SignIn(ctx context.Context, fresh store.Account, identity store.Identity, username string, signIn store.SignIn) (store.Account, bool, error) {
	account, created, err := a.Store.SignIn(ctx, fresh, identity, username, signIn)
	if err == nil && !created { // nobody has read a new one
		a.changed(account.ID)
	}
	return account, created, err
}

// Rename implements store.Accounts.
func (a *accounts) Rename(ctx context.Context, game, id, username string) (store.Account, error) {
	defer a.changed(id)
	return a.Store.Rename(ctx, game, id, username)
}

// Link implements store.Accounts.
func (a *accounts) Link(ctx context.Context, game, id string, identity store.Identity) (store.Account, error) {
	defer a.changed(id)
	return a.Store.Link(ctx, game, id, identity)
}

// Unlink implements store.Accounts.
func (a *accounts) Unlink(ctx context.Context, game, id, provider string) (store.Account, error) {
	defer a.changed(id)
	return a.Store.Unlink(ctx, game, id, provider)
}

// Erase implements store.Accounts.
func (a *accounts) Erase(ctx context.Context, game, id string) ([]string, error) {
	defer a.changed(id)
	return a.Store.Erase(ctx, game, id)
}
