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
	matchColumns = `m.id, m.game, m.lobby_id, m.status, m.code, m.started_at, m.ended_at, m.provider, m.region, m.server, m.hooks, m.roster, m.result, m.answer`

	selectMatch     = `SELECT ` + matchColumns + ` FROM matches m WHERE m.game = ? AND m.id = ?`
	selectMatchesOf = `SELECT ` + matchColumns + ` FROM match_players p CROSS JOIN matches m ON m.game = p.game AND m.id = p.match_id
		WHERE p.game = ? AND p.account_id = ? AND p.match_id > ? ORDER BY p.match_id LIMIT ?`
	insertMatch = `INSERT INTO matches (id, game, lobby_id, status, code, started_at, ended_at, provider, region, server, hooks, roster, result, answer)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (game, id) DO NOTHING`
	insertPlayer = `INSERT INTO match_players (game, account_id, match_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`
)

// FinishMatch implements store.Matches. Roster, Result and Answer must be JSON or
// empty, so that a person can be taken out of them later.
func (s *Store) FinishMatch(ctx context.Context, m store.Match) (store.Match, bool, error) {
	return s.finishMatch(ctx, m, func(*txn, store.Match) error { return nil })
}

// finishMatch is FinishMatch that calls also in the same step when the end is the first.
func (s *Store) finishMatch(ctx context.Context, m store.Match, also func(*txn, store.Match) error) (store.Match, bool, error) {
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
	hooks, err := texts(m.Hooks)
	if err != nil {
		return store.Match{}, false, fmt.Errorf("store/sqlite: match %s: %w", m.ID, err)
	}
	m.StartedAt, m.EndedAt = stored(m.StartedAt), stored(m.EndedAt)
	var first bool
	stands, err := change(ctx, s, func(t *txn) (store.Match, error) {
		n, err := t.change(insertMatch, m.ID, m.Game, m.LobbyID, m.Status, m.Code, millis(m.StartedAt), millis(m.EndedAt),
			m.Provider, m.Region, m.Server, hooks, m.Roster, m.Result, m.Answer)
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
		return m, also(t, m)
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

// MatchesOf implements store.Histories.
func (s *Store) MatchesOf(ctx context.Context, game, accountID, after string, limit int) (all []store.Match, err error) {
	if limit <= 0 {
		return nil, nil
	}
	err = s.read(func() error {
		all, err = scanMatches(s.reads.matchesOf.QueryContext(ctx, game, accountID, after, limit))
		return err
	})
	return all, err
}

// scanMatch reads one match. ErrNotFound.
func scanMatch(rows *sql.Rows, err error) (store.Match, error) {
	all, err := scanMatches(rows, err)
	if err == nil && len(all) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Match{}, err
	}
	return all[0], nil
}

func scanMatches(rows *sql.Rows, err error) (all []store.Match, _ error) {
	err = each(rows, err, func(r *sql.Rows) error {
		var m store.Match
		var started, ended int64
		var hooks string
		err := r.Scan(&m.ID, &m.Game, &m.LobbyID, &m.Status, &m.Code, &started, &ended,
			&m.Provider, &m.Region, &m.Server, &hooks, &m.Roster, &m.Result, &m.Answer)
		if err == nil && hooks != "" {
			err = json.Unmarshal([]byte(hooks), &m.Hooks)
		}
		m.StartedAt, m.EndedAt = fromMillis(started), fromMillis(ended)
		all = append(all, m)
		return err
	})
	return all, err
}

// texts is a list as a JSON array, and an empty one nothing.
func texts(list []string) (string, error) {
	if len(list) == 0 {
		return "", nil
	}
	data, err := json.Marshal(list)
	return string(data), err
}
