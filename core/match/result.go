package match

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/lobby"
)

// What a result call may be refused with.
var (
	ErrUnauthorized = fault.New("unauthorized", "Unauthorized")
	ErrNotFound     = fault.New("not_found", "Not Found")
	ErrClosed       = fault.New("match_closed", "The match is closed")
	ErrInvalid      = fault.New("invalid_result", "Invalid result")
)

// Result is what a game server reports of a match.
type Result struct {
	// Teams has every team of the match once. Rank 1 is best, equal ranks are a draw.
	Teams []TeamResult `json:"teams"`
	// Players may name any of the roster, bots included, each once.
	Players    []PlayerResult             `json:"players,omitempty"`
	Properties map[string]json.RawMessage `json:"properties,omitempty"`
}

// TeamResult is how a team did.
type TeamResult struct {
	Name string `json:"name"`
	Rank int    `json:"rank"`
}

// PlayerResult is how a player did.
type PlayerResult struct {
	AccountID string                     `json:"accountId"`
	Score     *float64                   `json:"score,omitempty"`
	Stats     map[string]json.RawMessage `json:"stats,omitempty"`
}

// Bounds of what a result may carry besides its 256 KiB.
const (
	maxDepth = 32
	maxKeys  = 64
)

// parseResult reads a report and checks it against the match's roster.
func parseResult(body []byte, teams []lobby.RosterTeam) (Result, error) {
	var r Result
	if err := checkDepth(body); err != nil {
		return r, ErrInvalid.With(err)
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return r, ErrInvalid.With(err)
	}
	if err := r.check(teams); err != nil {
		return r, ErrInvalid.About("Invalid result: %s", err)
	}
	return r, nil
}

// check holds a result, reported or amended, against the roster.
func (r Result) check(teams []lobby.RosterTeam) error {
	known, players := map[string]bool{}, map[string]bool{}
	for _, t := range teams {
		known[t.Name] = true
		for _, p := range t.Players {
			players[p.AccountID] = true
		}
	}
	if len(r.Teams) != len(known) {
		return errors.New("every team must be ranked once")
	}
	for _, t := range r.Teams {
		if !known[t.Name] {
			return errors.New("every team must be ranked once")
		}
		delete(known, t.Name)
		if t.Rank < 1 || t.Rank > len(teams) {
			return fmt.Errorf("rank must be 1 to %d", len(teams))
		}
	}
	for _, p := range r.Players {
		if !players[p.AccountID] {
			return errors.New("a player is not of this match, or stands twice")
		}
		delete(players, p.AccountID)
		if len(p.Stats) > maxKeys {
			return fmt.Errorf("at most %d stats a player", maxKeys)
		}
	}
	if len(r.Properties) > maxKeys {
		return fmt.Errorf("at most %d properties", maxKeys)
	}
	return nil
}

// checkDepth refuses JSON that is nested too deeply, before anything recursive reads it.
func checkDepth(body []byte) error {
	dec := json.NewDecoder(bytes.NewReader(body))
	for depth := 0; ; {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch tok {
		case json.Delim('['), json.Delim('{'):
			if depth++; depth > maxDepth {
				return errors.New("nested too deeply")
			}
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
	}
}
