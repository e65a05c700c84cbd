package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/core/store/matchdoc"
)

const (
	selectMatch = `SELECT id, game, lobby_id, status, code, started_at, ended_at, provider, region, server, roster, result, answer
		FROM matches WHERE game = ? AND id = ?`
	insertMatch = `INSERT INTO matches (id, game, lobby_id, status, code, started_at, ended_at, provider, region, server, roster, result, answer)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (game, id) DO NOTHING`
	insertPlayer = `INSERT INTO match_players (game, account_id, match_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`
)

// FinishMatch implements store.Matches. Roster, Result and Answer must be JSON or
// empty, so that a person can be taken out of them later.
func (s *Store) FinishMatch(ctx context.Context, m store.Match) (store.Match, bool, error) {
	var players []string
	for _, doc := range []*[]byte{&m.Roster, &m.Result, &m.Answer} {
		if len(*doc) == 0 {
			*doc = nil
			continue
		}
		if !json.Valid(*doc) {
			return store.Match{}, false, fmt.Errorf("store/sqlite: match %s: roster, result and answer must be JSON", m.ID)
		}
		ids, err := matchdoc.AccountIDs(*doc)
		if err != nil {
			return store.Match{}, false, fmt.Errorf("store/sqlite: match %s: %w", m.ID, err)
		}
		players = append(players, ids...)
	}
	m.StartedAt, m.EndedAt = stored(m.StartedAt), stored(m.EndedAt)
	var first bool
	stands, err := change(ctx, s, func(t *txn) (store.Match, error) {
		n, err := t.change(insertMatch, m.ID, m.Game, m.LobbyID, m.Status, m.Code, millis(m.StartedAt), millis(m.EndedAt),
			m.Provider, m.Region, m.Server, m.Roster, m.Result, m.Answer)
		if err != nil {
			return m, err
		}
		if first = n == 1; !first {
			return scanMatch(t.query(selectMatch, m.Game, m.ID))
		}
		for _, id := range players {
			if err := t.exec(insertPlayer, m.Game, id, m.ID); err != nil {
				return m, err
			}
		}
		return m, nil
	})
	return stands, first && err == nil, err
}

// MatchByID implements store.Matches.
func (s *Store) MatchByID(ctx context.Context, game, id string) (m store.Match, err error) {
	err = s.read(func() error {
		m, err = scanMatch(s.reads.match.QueryContext(ctx, game, id))
		return err
	})
	return m, err
}

// scanMatch reads one match. ErrNotFound.
func scanMatch(rows *sql.Rows, err error) (store.Match, error) {
	var m store.Match
	found := false
	err = each(rows, err, func(r *sql.Rows) error {
		found = true
		var started, ended int64
		err := r.Scan(&m.ID, &m.Game, &m.LobbyID, &m.Status, &m.Code, &started, &ended,
			&m.Provider, &m.Region, &m.Server, &m.Roster, &m.Result, &m.Answer)
		m.StartedAt, m.EndedAt = fromMillis(started), fromMillis(ended)
		return err
	})
	if err == nil && !found {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Match{}, err
	}
	return m, nil
}
