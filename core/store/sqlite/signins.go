package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/muster-gg/muster/core/store"
)

const (
	signInColumns = `id, account_id, game, refresh_hash, created_at, expires_at, revoked_at`

	selectSignIn    = `SELECT ` + signInColumns + ` FROM sign_ins WHERE game = ? AND id = ?`
	selectSignInsOf = `SELECT ` + signInColumns + ` FROM sign_ins WHERE game = ? AND account_id = ? AND id > ? ORDER BY id LIMIT ?`
	insertSignIn    = `INSERT INTO sign_ins (game, id, account_id, refresh_hash, created_at, expires_at, revoked_at) VALUES (?, ?, ?, ?, ?, ?, ?)`
	rotateSignIn    = `UPDATE sign_ins SET refresh_hash = ?, expires_at = ? WHERE game = ? AND id = ?`
	revokeSignIn    = `UPDATE sign_ins SET revoked_at = ? WHERE game = ? AND id = ? AND revoked_at IS NULL`
	revokeAll       = `UPDATE sign_ins SET revoked_at = ? WHERE game = ? AND account_id = ? AND revoked_at IS NULL AND expires_at > ? RETURNING id`
	pruneSignIns    = `DELETE FROM sign_ins WHERE (game, id) IN (SELECT game, id FROM sign_ins WHERE expires_at < ? LIMIT ?)`
)

func (t *txn) addSignIn(s store.SignIn) error {
	return t.exec(insertSignIn, s.Game, s.ID, s.AccountID, s.RefreshHash[:], millis(s.CreatedAt), millis(s.ExpiresAt), nullMillis(s.RevokedAt))
}

// scanSignIn reads one sign-in. ErrNotFound.
func scanSignIn(rows *sql.Rows, err error) (store.SignIn, error) {
	all, err := scanSignIns(rows, err)
	if err == nil && len(all) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.SignIn{}, err
	}
	return all[0], nil
}

func scanSignIns(rows *sql.Rows, err error) (all []store.SignIn, _ error) {
	err = each(rows, err, func(r *sql.Rows) error {
		var s store.SignIn
		var hash []byte
		var created, expires int64
		var revoked sql.NullInt64
		if err := r.Scan(&s.ID, &s.AccountID, &s.Game, &hash, &created, &expires, &revoked); err != nil {
			return err
		}
		if len(hash) != len(s.RefreshHash) {
			return fmt.Errorf("store/sqlite: sign-in %s has a hash of %d bytes", s.ID, len(hash))
		}
		s.RefreshHash = [32]byte(hash)
		s.CreatedAt, s.ExpiresAt = fromMillis(created), fromMillis(expires)
		if revoked.Valid {
			s.RevokedAt = fromMillis(revoked.Int64)
		}
		all = append(all, s)
		return nil
	})
	return all, err
}

// SignInByID implements store.SignIns.
func (s *Store) SignInByID(ctx context.Context, game, sid string) (found store.SignIn, err error) {
	err = s.read(func() error {
		found, err = scanSignIn(s.reads.signIn.QueryContext(ctx, game, sid))
		return err
	})
	return found, err
}

// SignInsOf implements store.Histories.
func (s *Store) SignInsOf(ctx context.Context, game, accountID, after string, limit int) (all []store.SignIn, err error) {
	if limit <= 0 {
		return nil, nil
	}
	err = s.read(func() error {
		all, err = scanSignIns(s.reads.signInsOf.QueryContext(ctx, game, accountID, after, limit))
		return err
	})
	return all, err
}

// Rotate implements store.SignIns.
func (s *Store) Rotate(ctx context.Context, game, sid string, old, next [32]byte, now, expires time.Time) (store.SignIn, error) {
	spent := false
	rotated, err := change(ctx, s, func(t *txn) (store.SignIn, error) {
		c, err := scanSignIn(t.query(selectSignIn, game, sid))
		if err != nil {
			return c, err
		}
		if !c.RevokedAt.IsZero() || !stored(now).Before(c.ExpiresAt) {
			return c, store.ErrRevoked
		}
		if spent = c.RefreshHash != old; spent {
			// Not an error inside: the revocation must be committed.
			return c, t.exec(revokeSignIn, millis(now), game, sid)
		}
		c.RefreshHash, c.ExpiresAt = next, stored(expires)
		return c, t.exec(rotateSignIn, next[:], millis(expires), game, sid)
	})
	if err == nil && spent {
		return store.SignIn{}, store.ErrSpent
	}
	return rotated, err
}

// Revoke implements store.SignIns.
func (s *Store) Revoke(ctx context.Context, game, sid string, now time.Time) error {
	return s.write(ctx, func(t *txn) error { return t.exec(revokeSignIn, millis(now), game, sid) })
}

// RevokeAll implements store.SignIns.
func (s *Store) RevokeAll(ctx context.Context, game, accountID string, now time.Time) ([]string, error) {
	return change(ctx, s, func(t *txn) ([]string, error) {
		return scanStrings(t.query(revokeAll, millis(now), game, accountID, millis(now)))
	})
}

// Prune implements store.SignIns.
func (s *Store) Prune(ctx context.Context, cutoff time.Time, limit int) (int, error) {
	if limit <= 0 {
		return 0, nil
	}
	n, err := change(ctx, s, func(t *txn) (int64, error) { return t.change(pruneSignIns, millis(cutoff), limit) })
	return int(n), err
}
