package lobby

import (
	"context"
	"encoding/json"
	"time"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/state"
)

// The calls of this file belong to core/match, which runs the start.

// BeginStart saves an attempt for the lobby that the player owns.
func (s *Service) BeginStart(ctx context.Context, who Who, matchID, region string, deadline time.Time) (Result, error) {
	a := Attempt{MatchID: matchID, Starter: who.AccountID, Region: region, Deadline: deadline}
	return s.asMember(ctx, who.AccountID, &command{last: true}, func(c *change) error { return c.start(who.AccountID, a) })
}

// ShowStep tells the members what the start is busy with.
func (s *Service) ShowStep(id, matchID string, step Step) (Result, error) {
	return s.in(id, func(c *change) error { return c.step(matchID, step) })
}

// Rebalance moves members between teams while their match starts: teams[i] are
// the account ids that belong into team i. An assignment that breaks a rule is refused as a whole.
func (s *Service) Rebalance(id, matchID string, teams [][]string) (Result, error) {
	return s.in(id, func(c *change) error { return c.rebalance(matchID, teams) })
}

// CommitStart turns the attempt into a match, together with the writes that
// record returns for it (the document of the live match), and tells the members.
// ErrStartCancelled when the attempt is not under way any more.
func (s *Service) CommitStart(id string, m Match, record func(Match) []state.Write) (Result, error) {
	return s.submit(id, &command{last: true, apply: func(w *work) error {
		err := w.step(id, func(c *change) error { return c.commitStart(m) })
		if err == nil {
			w.extra = append(w.extra, record(*w.changes[id].lobby.Match)...)
		}
		return err
	}})
}

// FailStart ends the attempt with what the members are told.
// ErrStartCancelled when it is not under way any more.
func (s *Service) FailStart(id, matchID string, f *fault.Error) (Result, error) {
	return s.submit(id, &command{last: true, apply: func(w *work) error {
		return w.step(id, func(c *change) error { return c.failStart(matchID, f) })
	}})
}

// EndMatch ends the lobby's match: failed with f, or else with the reported
// result (nil for none). ErrNotFound when the lobby is gone or in another match.
func (s *Service) EndMatch(id, matchID string, result json.RawMessage, f *fault.Error) error {
	_, err := s.submit(id, &command{last: true, apply: func(w *work) error {
		return w.step(id, func(c *change) error { return c.endMatch(matchID, result, f) })
	}})
	return err
}
