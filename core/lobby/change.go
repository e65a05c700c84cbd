package lobby

import (
	"slices"
	"time"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/sdk/hook"
)

// maxKicked bounds how many kicked accounts a lobby remembers.
const maxKicked = 256

// change is one lobby while commands are applied to it: a private copy, and what
// must be told and written besides. Its methods are the reducer; they depend on
// nothing but the copy, now and the rules, and refuse before they change anything.
type change struct {
	lobby *Lobby // nil once the lobby is deleted
	now   time.Time
	rules *Rules

	dirty   bool
	events  []Event
	notices []addressed
	// untold are the notices of those who are there: they are taken back when the
	// word is out.
	untold []addressed
	// seats says of each account that came or went whether it sits here now.
	seats map[string]bool

	// watched says that happened is wanted.
	watched  bool
	happened []happening
}

// addressed is a notice and whom it is for.
type addressed struct {
	account string
	notice  Notice
}

func newChange(l *Lobby, now time.Time, rules *Rules) *change {
	return &change{lobby: l.clone(), now: now, rules: rules, seats: map[string]bool{}}
}

func (c *change) seat(account string, here bool) {
	c.seats[account] = here
	c.dirty = true
}

func (c *change) tell(e Event) { c.events = append(c.events, e) }

// delete ends the lobby and frees the seats of whoever is still in it.
func (c *change) delete(reason string) {
	for _, p := range c.lobby.All {
		if !p.Bot {
			c.seat(p.AccountID, false)
		}
	}
	c.tell(Event{Kind: Deleted, Reason: reason})
	c.lobby = nil
	c.dirty = true
}

// remove takes a member out and restores every invariant: the owner, the ready
// clock, a start that has become too small, a lobby without humans.
func (c *change) remove(account, reason string) {
	t, i := c.lobby.Find(account)
	if t < 0 {
		return
	}
	gone, was := c.lobby.Teams[t].Players[i], c.lobby
	c.lobby.Teams[t].Players = slices.Delete(c.lobby.Teams[t].Players, i, i+1)
	c.dirty = true
	if !gone.Bot {
		c.seat(account, false)
	}
	c.settle() // may end the lobby
	if !gone.Bot {
		c.happen(happening{kind: playerLeft, player: gone, reason: reason}, was)
	}
}

// settle restores what must hold after members came, went, dropped or returned.
func (c *change) settle() {
	members, humans, _ := c.lobby.Count()
	if humans == 0 {
		c.delete("empty")
		return
	}
	c.settleOwner()
	if c.lobby.State == Starting && members < c.rules.MinPlayers {
		c.cancelStart()
	}
	c.settleReadyClock()
}

// settleOwner gives the lobby to its longest-present connected human when the
// owner is not one, to the longest-present human when nobody is connected and
// the owner has gone.
func (c *change) settleOwner() {
	if o, ok := c.lobby.Member(c.lobby.OwnerID); ok && !o.Bot && o.Connected {
		return
	}
	var best *Player
	for _, p := range c.lobby.All {
		if p.Bot {
			continue
		}
		if best == nil || p.Connected && !best.Connected || p.Connected == best.Connected && p.Seq < best.Seq {
			best = p
		}
	}
	if best == nil {
		return
	}
	if _, stays := c.lobby.Member(c.lobby.OwnerID); stays && !best.Connected {
		return
	}
	c.lobby.OwnerID = best.AccountID
	c.dirty = true
}

// settleReadyClock runs the ready timeout while some humans are ready and others are not.
func (c *change) settleReadyClock() {
	if c.rules.ReadyTimeout <= 0 {
		return
	}
	ready, waiting := 0, 0
	if c.lobby.State == Open {
		for _, p := range c.lobby.All {
			switch {
			case p.Bot:
			case p.Ready:
				ready++
			default:
				waiting++
			}
		}
	}
	switch {
	case ready == 0 || waiting == 0:
		if !c.lobby.ReadyBy.IsZero() {
			c.lobby.ReadyBy, c.dirty = time.Time{}, true
		}
	case c.lobby.ReadyBy.IsZero():
		c.lobby.ReadyBy, c.dirty = c.now.Add(c.rules.ReadyTimeout), true
	}
}

// player returns a member to be changed in place, or nil.
func (c *change) player(account string) *Player {
	if t, i := c.lobby.Find(account); t >= 0 {
		return &c.lobby.Teams[t].Players[i]
	}
	return nil
}

// clearReady makes every human unready.
func (c *change) clearReady() {
	for _, p := range c.lobby.All {
		if !p.Bot {
			p.Ready = false
		}
	}
}

// reopen brings the lobby back to open. Those who are away are not ready in an
// open lobby; keepReady says whether the others stay so.
func (c *change) reopen(keepReady bool) {
	c.lobby.State, c.lobby.Attempt, c.lobby.Match = Open, nil, nil
	for _, p := range c.lobby.All {
		if !p.Bot && (!keepReady || !p.Connected) {
			p.Ready = false
		}
	}
	c.dirty = true
	c.settleReadyClock()
}

// failed tells every member that a start or match has failed: the starter, when
// starter is not empty, by an error of his own, members who are away by a notice.
// A hook that refused may have a reason for each.
func (c *change) failed(matchID, starter string, f *fault.Error) {
	reasons := reasonsIn(f)
	public := func(account string) *fault.Error {
		if own := reasons[account]; own != "" {
			return &fault.Error{Code: f.Code, Text: own}
		}
		return &fault.Error{Code: f.Code, Text: f.Text}
	}
	if starter != "" {
		c.tell(Event{Kind: StartRefused, To: starter, MatchID: matchID, Fault: public(starter)})
	}
	if len(reasons) == 0 {
		c.tell(Event{Kind: MatchFailed, Except: starter, MatchID: matchID, Fault: public("")})
	}
	for _, p := range c.lobby.All {
		if len(reasons) > 0 && !p.Bot && p.AccountID != starter {
			c.tell(Event{Kind: MatchFailed, To: p.AccountID, MatchID: matchID, Fault: public(p.AccountID)})
		}
	}
	c.notify(func(account string) Notice {
		return Notice{LobbyID: c.lobby.ID, MatchID: matchID, Code: f.Code, Text: public(account).Text}
	})
}

// reasonsIn are the reasons for single players in a refusal of a hook.
func reasonsIn(f *fault.Error) map[string]string {
	refusal, _ := hook.AsRefusal(f)
	return refusal.GetPlayerReasons()
}

// notify leaves a notice for every human: for those who are away, and, should this
// process not live to tell them, for those who are there.
func (c *change) notify(of func(account string) Notice) {
	for _, p := range c.lobby.All {
		if p.Bot {
			continue
		}
		n := addressed{p.AccountID, of(p.AccountID)}
		c.notices, c.dirty = append(c.notices, n), true
		if p.Connected {
			c.untold = append(c.untold, n)
		}
	}
}

// cancelStart ends the start under way because it is no longer wanted.
func (c *change) cancelStart() {
	c.failed(c.lobby.Attempt.MatchID, "", ErrStartCancelled)
	c.reopen(true)
}

// due is the earliest deadline in the document; zero when there is none.
func (l *Lobby) due() time.Time {
	var due time.Time
	earlier := func(t time.Time) {
		if !t.IsZero() && (due.IsZero() || t.Before(due)) {
			due = t
		}
	}
	earlier(l.ReadyBy)
	if l.Attempt != nil {
		earlier(l.Attempt.Deadline)
	}
	for _, p := range l.All {
		earlier(p.AwayUntil)
	}
	return due
}
