package sqlite

import (
	"context"
	"database/sql"

	"github.com/muster-gg/muster/core/store"
)

const (
	insertOrphan  = `INSERT INTO orphans (game, match_id, provider, region, cause, at) VALUES (?, ?, ?, ?, ?, ?)`
	selectOrphans = `SELECT game, match_id, provider, region, cause, at FROM orphans WHERE game = ? ORDER BY at DESC, seq DESC LIMIT ?`
	deleteOrphan  = `DELETE FROM orphans WHERE game = ? AND match_id = ?`
)

// AddOrphan implements store.Orphans.
func (s *Store) AddOrphan(ctx context.Context, o store.Orphan) error {
	return s.write(ctx, func(t *txn) error {
		return t.exec(insertOrphan, o.Game, o.MatchID, o.Provider, o.Region, o.Cause, millis(o.At))
	})
}

// DropOrphan implements store.Orphans.
func (s *Store) DropOrphan(ctx context.Context, game, matchID string) (bool, error) {
	n, err := change(ctx, s, func(t *txn) (int64, error) { return t.change(deleteOrphan, game, matchID) })
	return n > 0, err
}

// Orphans implements store.Orphans.
func (s *Store) Orphans(ctx context.Context, game string, limit int) (all []store.Orphan, err error) {
	if limit <= 0 {
		return nil, nil
	}
	err = s.read(func() error {
		rows, err := s.reads.orphans.QueryContext(ctx, game, limit)
		return each(rows, err, func(r *sql.Rows) error {
			var o store.Orphan
			var at int64
			if err := r.Scan(&o.Game, &o.MatchID, &o.Provider, &o.Region, &o.Cause, &at); err != nil {
				return err
			}
			o.At = fromMillis(at)
			all = append(all, o)
			return nil
		})
	})
	return all, err
}
