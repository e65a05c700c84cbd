package lobby

import (
	"encoding/json"

	"github.com/muster-gg/muster/core/fault"
)

// start begins an attempt.
func (c *change) start(by string, a Attempt) error {
	if err := c.mustOwn(by, ErrNotOwnerStart); err != nil {
		return err
	}
	switch c.lobby.State {
	case Starting:
		return ErrAlreadyStarting
	case InMatch:
		return ErrInMatch
	}
	members := 0
	for _, p := range c.lobby.All {
		if !p.Ready || !p.Connected {
			return ErrNotReady
		}
		members++
	}
	if members < c.rules.MinPlayers {
		return ErrTooFewPlayers
	}
	c.lobby.State, c.lobby.Attempt, c.dirty = Starting, &a, true
	c.settleReadyClock()
	return nil
}

// attempt refuses what belongs to a start that is not the one under way.
func (c *change) attempt(matchID string) error {
	if c.lobby.State != Starting || c.lobby.Attempt.MatchID != matchID {
		return ErrStartCancelled
	}
	return nil
}

func (c *change) cancel(by string) error {
	if err := c.mustOwn(by, ErrNotOwner); err != nil {
		return err
	}
	if c.lobby.State != Starting {
		return ErrNotStarting
	}
	c.cancelStart()
	return nil
}

func (c *change) step(matchID string, step Step) error {
	if err := c.attempt(matchID); err != nil {
		return err
	}
	if c.lobby.Attempt.Step != step {
		a := *c.lobby.Attempt
		a.Step = step
		c.lobby.Attempt, c.dirty = &a, true
	}
	return nil
}

// rebalance puts members into teams as told: team index → account ids. Whoever
// is not named stays where he is if there is room; nobody is lost, no team gets
// too large: an assignment that cannot be kept is refused as a whole.
func (c *change) rebalance(matchID string, teams [][]string) error {
	if err := c.attempt(matchID); err != nil {
		return err
	}
	to := map[string]int{}
	for t, accounts := range teams {
		for _, a := range accounts {
			to[a] = t
		}
	}
	next := make([]Team, len(c.lobby.Teams))
	for t := range next {
		next[t] = Team{Name: c.lobby.Teams[t].Name, Size: c.lobby.Teams[t].Size}
	}
	moved := false
	for t, p := range c.lobby.All {
		target, named := to[p.AccountID]
		if !named {
			target = t
		}
		if target < 0 || target >= len(next) {
			return ErrUnknownTeam
		}
		moved = moved || target != t
		next[target].Players = append(next[target].Players, *p)
	}
	for t := range next {
		if len(next[t].Players) > next[t].Size {
			return ErrTeamFull
		}
	}
	if moved {
		c.lobby.Teams, c.dirty = next, true
	}
	return nil
}

// commitStart turns the attempt into a match. The roster is whoever is a member now.
func (c *change) commitStart(m Match) error {
	if err := c.attempt(m.ID); err != nil {
		return err
	}
	m.Teams = c.lobby.Roster()
	m.StartedAt = c.now
	c.lobby.State, c.lobby.Attempt, c.lobby.Match, c.dirty = InMatch, nil, &m, true
	c.tell(Event{Kind: MatchStarted, MatchID: m.ID, Match: &m, After: true})
	c.happen(happening{kind: matchStarted}, c.lobby)
	return nil
}

// Roster is the members by team, as a match's launch payload and record show them.
func (l *Lobby) Roster() []RosterTeam {
	teams := make([]RosterTeam, len(l.Teams))
	for t := range l.Teams {
		teams[t] = RosterTeam{Name: l.Teams[t].Name, Players: make([]RosterPlayer, 0, len(l.Teams[t].Players))}
		for _, p := range l.Teams[t].Players {
			teams[t].Players = append(teams[t].Players, RosterPlayer{p.AccountID, p.Username, p.Bot})
		}
	}
	return teams
}

// failStart ends the attempt. The starter is told by an error, the rest by
// match:failed, each with his own reason if f is a refusal that has one.
func (c *change) failStart(matchID string, f *fault.Error) error {
	if err := c.attempt(matchID); err != nil {
		return err
	}
	c.failed(matchID, c.lobby.Attempt.Starter, f)
	c.reopen(true)
	return nil
}

// endMatch ends the match: with a fault it has failed, else result is what was
// reported (nil: nothing).
func (c *change) endMatch(matchID string, result json.RawMessage, f *fault.Error) error {
	if c.lobby.State != InMatch || c.lobby.Match.ID != matchID {
		return ErrNotFound
	}
	if f != nil {
		c.failed(matchID, "", f)
	} else {
		c.tell(Event{Kind: MatchEnded, MatchID: matchID, Result: result})
		c.notify(func(string) Notice { return Notice{LobbyID: c.lobby.ID, MatchID: matchID, Result: result} })
	}
	if !c.rules.Reopen {
		c.delete("match_over")
		return nil
	}
	c.reopen(false)
	c.fit() // the config may have changed while the match went on
	return nil
}
