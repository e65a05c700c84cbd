package sqlite

import (
	"context"
	"fmt"

	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/core/store/matchdoc"
)

const (
	deleteAccount    = `DELETE FROM accounts WHERE game = ? AND id = ?`
	deleteIdentities = `DELETE FROM identities WHERE game = ? AND account_id = ?`
	selectLive       = `SELECT id FROM sign_ins WHERE game = ? AND account_id = ? AND revoked_at IS NULL ORDER BY id`
	deleteSignIns    = `DELETE FROM sign_ins WHERE game = ? AND account_id = ?`
	deleteEntries    = `DELETE FROM entries WHERE game = ? AND scope = ?`
	selectPlayed     = `DELETE FROM match_players WHERE game = ? AND account_id = ? RETURNING match_id`
	rewriteMatch     = `UPDATE matches SET roster = ?, result = ?, answer = ? WHERE game = ? AND id = ?`
)

// Erase implements store.Accounts.
func (s *Store) Erase(ctx context.Context, game, id string) ([]string, error) {
	return change(ctx, s, func(t *txn) ([]string, error) {
		n, err := t.change(deleteAccount, game, id)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, store.ErrNotFound
		}
		sids, err := scanStrings(t.query(selectLive, game, id))
		if err != nil {
			return nil, err
		}
		for _, query := range []string{deleteIdentities, deleteSignIns, deleteEntries} {
			if err := t.exec(query, game, id); err != nil {
				return nil, err
			}
		}
		return sids, t.anonymise(game, id)
	})
}

// anonymise takes an account out of the matches that it played.
func (t *txn) anonymise(game, id string) error {
	played, err := scanStrings(t.query(selectPlayed, game, id))
	if err != nil {
		return err
	}
	for _, match := range played {
		m, err := scanMatch(t.query(selectMatch, game, match))
		if err != nil {
			return err
		}
		for _, doc := range []*[]byte{&m.Roster, &m.Result, &m.Answer} {
			if *doc, err = matchdoc.Erase(*doc, id); err != nil {
				return fmt.Errorf("match %s: %w", match, err)
			}
		}
		if err := t.exec(rewriteMatch, m.Roster, m.Result, m.Answer, game, match); err != nil {
			return err
		}
	}
	return nil
}
