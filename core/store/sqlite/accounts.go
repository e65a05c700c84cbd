package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"maps"

	"github.com/muster-gg/muster/core/store"
)

const (
	accountColumns = `a.id, a.game, a.username, a.created_at, i.provider, i.subject, i.username, i.avatar_url, i.vars, i.linked_at`

	selectAccount = `SELECT ` + accountColumns + ` FROM accounts a
		LEFT JOIN identities i ON i.game = a.game AND i.account_id = a.id
		WHERE a.game = ? AND a.id = ? ORDER BY i.seq`

	selectByIdentity = `SELECT ` + accountColumns + ` FROM identities k
		CROSS JOIN accounts a ON a.game = k.game AND a.id = k.account_id
		CROSS JOIN identities i ON i.game = a.game AND i.account_id = a.id
		WHERE k.game = ? AND k.provider = ? AND k.subject = ? ORDER BY i.seq`

	insertAccount  = `INSERT INTO accounts (game, id, username, created_at) VALUES (?, ?, ?, ?)`
	insertIdentity = `INSERT INTO identities (game, provider, subject, account_id, username, avatar_url, vars, linked_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
	updateUsername = `UPDATE accounts SET username = ? WHERE game = ? AND id = ?`
	deleteIdentity = `DELETE FROM identities WHERE game = ? AND account_id = ? AND provider = ?`
	updateIdentity = `UPDATE identities SET username = ?, avatar_url = ?, vars = ? WHERE game = ? AND provider = ? AND subject = ?`
)

// SignIn implements store.Accounts.
func (s *Store) SignIn(ctx context.Context, fresh store.Account, identity store.Identity, username string, signIn store.SignIn) (store.Account, bool, error) {
	var created bool
	account, err := change(ctx, s, func(t *txn) (store.Account, error) {
		a, err := t.accountOf(fresh.Game, identity)
		if created = errors.Is(err, store.ErrNotFound); created {
			a, err = t.addAccount(fresh, identity)
		} else if err == nil {
			err = t.refresh(&a, identity, username)
		}
		if err != nil {
			return a, err
		}
		signIn.Game, signIn.AccountID = a.Game, a.ID
		return a, t.addSignIn(signIn)
	})
	return account, created && err == nil, err
}

// accountOf finds the account that owns an identity. ErrNotFound.
func (t *txn) accountOf(game string, i store.Identity) (store.Account, error) {
	return scanAccount(t.query(selectByIdentity, game, i.Provider, i.Subject))
}

func (t *txn) account(game, id string) (store.Account, error) {
	return scanAccount(t.query(selectAccount, game, id))
}

func (t *txn) addAccount(a store.Account, i store.Identity) (store.Account, error) {
	if err := t.exec(insertAccount, a.Game, a.ID, a.Username, millis(a.CreatedAt)); err != nil {
		return a, err
	}
	i.LinkedAt = stored(i.LinkedAt)
	if len(i.Vars) == 0 {
		i.Vars = nil
	}
	a.CreatedAt, a.Identities = stored(a.CreatedAt), []store.Identity{i}
	return a, t.addIdentity(a, i)
}

func (t *txn) addIdentity(a store.Account, i store.Identity) error {
	vars, err := encodeVars(i.Vars)
	if err != nil {
		return err
	}
	return t.exec(insertIdentity, a.Game, i.Provider, i.Subject, a.ID, i.Username, i.AvatarURL, vars, millis(i.LinkedAt))
}

// encodeVars is how vars are stored: none is the empty text.
func encodeVars(vars map[string]string) (string, error) {
	if len(vars) == 0 {
		return "", nil
	}
	b, err := json.Marshal(vars)
	return string(b), err
}

// refresh takes over the names that a known player comes back with.
func (t *txn) refresh(a *store.Account, i store.Identity, username string) error {
	if username != "" && username != a.Username {
		if err := t.exec(updateUsername, username, a.Game, a.ID); err != nil {
			return err
		}
		a.Username = username
	}
	for n := range a.Identities {
		known := &a.Identities[n]
		if known.Provider != i.Provider || known.Subject != i.Subject ||
			(known.Username == i.Username && known.AvatarURL == i.AvatarURL && maps.Equal(known.Vars, i.Vars)) {
			continue
		}
		vars, err := encodeVars(i.Vars)
		if err != nil {
			return err
		}
		if err := t.exec(updateIdentity, i.Username, i.AvatarURL, vars, a.Game, i.Provider, i.Subject); err != nil {
			return err
		}
		known.Username, known.AvatarURL, known.Vars = i.Username, i.AvatarURL, nil
		if len(i.Vars) > 0 {
			known.Vars = i.Vars
		}
	}
	return nil
}

// Account implements store.Accounts.
func (s *Store) Account(ctx context.Context, game, id string) (a store.Account, err error) {
	err = s.read(func() error {
		a, err = scanAccount(s.reads.account.QueryContext(ctx, game, id))
		return err
	})
	return a, err
}

// Rename implements store.Accounts.
func (s *Store) Rename(ctx context.Context, game, id, username string) (store.Account, error) {
	return change(ctx, s, func(t *txn) (store.Account, error) {
		if err := t.exec(updateUsername, username, game, id); err != nil {
			return store.Account{}, err
		}
		return t.account(game, id)
	})
}

// Link implements store.Accounts.
func (s *Store) Link(ctx context.Context, game, id string, identity store.Identity) (store.Account, error) {
	return change(ctx, s, func(t *txn) (store.Account, error) {
		a, err := t.account(game, id)
		if err != nil {
			return a, err
		}
		switch owner, err := t.accountOf(game, identity); {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return a, err
		case owner.ID != id:
			return a, store.ErrTaken
		default:
			return a, nil
		}
		if err := t.addIdentity(a, identity); err != nil {
			return a, err
		}
		return t.account(game, id)
	})
}

// Unlink implements store.Accounts.
func (s *Store) Unlink(ctx context.Context, game, id, provider string) (store.Account, error) {
	return change(ctx, s, func(t *txn) (store.Account, error) {
		a, err := t.account(game, id)
		if err != nil {
			return a, err
		}
		of := 0
		for _, i := range a.Identities {
			if i.Provider == provider {
				of++
			}
		}
		switch of {
		case 0:
			return a, store.ErrNotFound
		case len(a.Identities):
			return a, store.ErrLast
		}
		if err := t.exec(deleteIdentity, game, id, provider); err != nil {
			return a, err
		}
		return t.account(game, id)
	})
}
