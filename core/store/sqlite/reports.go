package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/muster-gg/muster/core/store"
)

const (
	insertReport = `INSERT INTO reports (game, match_id, tries, due) VALUES (?, ?, 0, ?)`
	// One whose match somebody took out of the file must not stand in the others' way.
	selectNextReport = `SELECT match_id, tries, due FROM reports r WHERE game = ?
		AND EXISTS (SELECT * FROM matches m WHERE m.game = r.game AND m.id = r.match_id) ORDER BY due, seq LIMIT 1`
	delayReport  = `UPDATE reports SET tries = ?, due = ? WHERE game = ? AND match_id = ?`
	deleteReport = `DELETE FROM reports WHERE game = ? AND match_id = ?`
	// The + keeps SQLite from sorting by another index than that of seq.
	selectOldReports  = `SELECT match_id FROM reports WHERE +game = ? ORDER BY seq LIMIT ?`
	selectReportCount = `SELECT count(*) FROM reports WHERE game = ?`
)

// FinishRatedMatch implements store.Reports.
func (s *Store) FinishRatedMatch(ctx context.Context, m store.Match) (store.Match, bool, error) {
	return s.finishMatch(ctx, m, func(t *txn, m store.Match) error {
		if m.Result == nil {
			return nil
		}
		return t.exec(insertReport, m.Game, m.ID, millis(m.EndedAt))
	})
}

// NextReport implements store.Reports.
func (s *Store) NextReport(ctx context.Context, game string) (r store.Report, err error) {
	err = s.read(func() error {
		rows, err := s.reads.nextReport.QueryContext(ctx, game)
		var matchID string
		err = each(rows, err, func(rows *sql.Rows) error {
			var due int64
			err := rows.Scan(&matchID, &r.Tries, &due)
			r.Due = fromMillis(due)
			return err
		})
		if err == nil && matchID == "" {
			err = store.ErrNotFound
		}
		if err != nil {
			return err
		}
		r.Match, err = scanMatch(s.reads.match.QueryContext(ctx, game, matchID))
		return err
	})
	return r, err
}

// DelayReport implements store.Reports.
func (s *Store) DelayReport(ctx context.Context, game, matchID string, tries int, due time.Time) error {
	return s.write(ctx, func(t *txn) error {
		return t.exec(delayReport, tries, millis(due), game, matchID)
	})
}

// SettleReport implements store.Reports.
func (s *Store) SettleReport(ctx context.Context, game, matchID string) error {
	return s.write(ctx, func(t *txn) error {
		return t.exec(deleteReport, game, matchID)
	})
}

// CountReports implements store.Reports.
func (s *Store) CountReports(ctx context.Context, game string) (n int, err error) {
	err = s.read(func() error {
		return s.reads.countReports.QueryRowContext(ctx, game).Scan(&n)
	})
	return n, err
}

// DropReports implements store.Reports.
func (s *Store) DropReports(ctx context.Context, game string, n int) ([]string, error) {
	if n <= 0 {
		return nil, nil
	}
	return change(ctx, s, func(t *txn) ([]string, error) {
		ids, err := scanStrings(t.query(selectOldReports, game, n))
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if err := t.exec(deleteReport, game, id); err != nil {
				return nil, err
			}
		}
		return ids, nil
	})
}
