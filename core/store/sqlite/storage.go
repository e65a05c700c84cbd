package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/muster-gg/muster/core/store"
)

const (
	// The keys come as a JSON list, so that one statement serves any number.
	selectEntries = `SELECT e.key, e.value, e.version, e.updated_at FROM json_each(?) k
		CROSS JOIN entries e ON e.game = ? AND e.scope = ? AND e.key = k.value ORDER BY k.key`
	listEntries = `SELECT key, value, version, updated_at FROM entries
		WHERE game = ? AND scope = ? AND key >= ? AND key < ? ORDER BY key LIMIT ?`

	selectVersion = `SELECT version FROM entries WHERE game = ? AND scope = ? AND key = ?`
	replaceEntry  = `INSERT OR REPLACE INTO entries (game, scope, key, value, updated_at) VALUES (?, ?, ?, ?, ?) RETURNING version`
	deleteEntry   = `DELETE FROM entries WHERE game = ? AND scope = ? AND key = ?`
	selectExists  = `SELECT 1 FROM accounts WHERE game = ? AND id = ?`
)

// Entries implements store.Storage.
func (s *Store) Entries(ctx context.Context, game, scope string, keys []string) (all []store.Entry, err error) {
	if len(keys) == 0 {
		return nil, nil
	}
	list, err := json.Marshal(keys)
	if err != nil {
		return nil, err
	}
	err = s.read(func() error {
		rows, err := s.reads.entries.QueryContext(ctx, string(list), game, scope)
		all, err = scanEntries(game, scope, rows, err)
		return err
	})
	return all, err
}

// ListEntries implements store.Storage.
func (s *Store) ListEntries(ctx context.Context, game, scope, prefix, after string, limit int) (all []store.Entry, err error) {
	if limit <= 0 {
		return nil, nil
	}
	from, to := prefix, above(prefix)
	if after >= prefix {
		from = after + "\x00" // the least text above
	}
	err = s.read(func() error {
		rows, err := s.reads.listEntries.QueryContext(ctx, game, scope, from, to, limit)
		all, err = scanEntries(game, scope, rows, err)
		return err
	})
	return all, err
}

// above is the least text that is greater than all that begin with prefix. Keys are
// UTF-8, in which no byte is 0xff.
func above(prefix string) string {
	for last := len(prefix) - 1; last >= 0; last-- {
		if c := prefix[last]; c < 0xff {
			return prefix[:last] + string([]byte{c + 1})
		}
	}
	return "\xff"
}

// SetEntry implements store.Storage.
func (s *Store) SetEntry(ctx context.Context, e store.Entry, when int64) (int64, error) {
	return change(ctx, s, func(t *txn) (int64, error) {
		if e.Scope != "" {
			known, err := scanNumbers(t.query(selectExists, e.Game, e.Scope))
			if err != nil {
				return 0, err
			}
			if len(known) == 0 {
				return 0, store.ErrNotFound
			}
		}
		if err := t.stands(e.Game, e.Scope, e.Key, when); err != nil {
			return 0, err
		}
		version, err := scanNumbers(t.query(replaceEntry, e.Game, e.Scope, e.Key, e.Value, millis(e.UpdatedAt)))
		if err != nil {
			return 0, err
		}
		return version[0], nil
	})
}

// DeleteEntry implements store.Storage.
func (s *Store) DeleteEntry(ctx context.Context, game, scope, key string, when int64) error {
	return s.write(ctx, func(t *txn) error {
		if err := t.stands(game, scope, key, when); err != nil {
			return err
		}
		return t.exec(deleteEntry, game, scope, key)
	})
}

// stands checks the condition of a write. ErrConflict.
func (t *txn) stands(game, scope, key string, when int64) error {
	if when == store.AnyVersion {
		return nil
	}
	found, err := scanNumbers(t.query(selectVersion, game, scope, key))
	if err != nil {
		return err
	}
	version := store.NoVersion
	if len(found) > 0 {
		version = found[0]
	}
	if version != when {
		return store.ErrConflict
	}
	return nil
}

func scanEntries(game, scope string, rows *sql.Rows, err error) (all []store.Entry, _ error) {
	err = each(rows, err, func(r *sql.Rows) error {
		e := store.Entry{Game: game, Scope: scope}
		var updated int64
		err := r.Scan(&e.Key, &e.Value, &e.Version, &updated)
		e.UpdatedAt = fromMillis(updated)
		all = append(all, e)
		return err
	})
	return all, err
}

// scanNumbers reads one column of numbers.
func scanNumbers(rows *sql.Rows, err error) (all []int64, _ error) {
	err = each(rows, err, func(r *sql.Rows) error {
		var n int64
		err := r.Scan(&n)
		all = append(all, n)
		return err
	})
	return all, err
}
