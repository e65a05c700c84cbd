package lobby

import "time"

// connect marks a member as present and takes over the name that he has now.
func (c *change) connect(who Who) error {
	p := c.player(who.AccountID)
	if p == nil {
		return ErrNotInLobby
	}
	if p.Connected && p.Username == who.Username {
		return nil
	}
	p.Connected, p.AwayUntil, p.Username = true, time.Time{}, who.Username
	c.dirty = true
	c.settle()
	return nil
}

// rename shows a member under the name that he has now.
func (c *change) rename(who Who) error {
	p := c.player(who.AccountID)
	if p == nil {
		return ErrNotInLobby
	}
	if p.Username != who.Username {
		p.Username, c.dirty = who.Username, true
	}
	return nil
}

// disconnect marks a member as away until the grace has passed, or removes him.
func (c *change) disconnect(account string) error {
	p := c.player(account)
	if p == nil {
		return ErrNotInLobby
	}
	if c.rules.ReconnectGrace <= 0 {
		c.remove(account, leftAway)
		return nil
	}
	if !p.Connected {
		return nil
	}
	p.Connected, p.AwayUntil = false, c.now.Add(c.rules.ReconnectGrace)
	if c.lobby.State == Open {
		p.Ready = false
	}
	c.dirty = true
	c.settle()
	return nil
}

// tick applies every deadline that has passed.
func (c *change) tick() {
	if a := c.lobby.Attempt; a != nil && !a.Deadline.After(c.now) {
		c.failed(a.MatchID, a.Starter, ErrUnknownAllocation)
		c.reopen(true)
	}
	for _, account := range c.overdue() {
		c.remove(account, leftAway)
		if c.lobby == nil {
			return
		}
	}
	if !c.lobby.ReadyBy.IsZero() && !c.lobby.ReadyBy.After(c.now) {
		c.lobby.ReadyBy, c.dirty = time.Time{}, true
		for _, account := range c.unready() {
			c.tell(Event{Kind: Kicked, To: account, Reason: leftUnready})
			c.remove(account, leftUnready)
			if c.lobby == nil {
				return
			}
		}
	}
}

func (c *change) overdue() (accounts []string) {
	for _, p := range c.lobby.All {
		if !p.AwayUntil.IsZero() && !p.AwayUntil.After(c.now) {
			accounts = append(accounts, p.AccountID)
		}
	}
	return accounts
}

func (c *change) unready() (accounts []string) {
	for _, p := range c.lobby.All {
		if !p.Bot && !p.Ready {
			accounts = append(accounts, p.AccountID)
		}
	}
	return accounts
}

// restarted is applied to every lobby when the only node that held its sockets
// begins anew: everyone is away, the grace counts from now, and a start that was
// under way has nobody who runs it any more. That is told first: who has no grace
// has no seat any more when he comes back.
func (c *change) restarted() {
	var humans []string
	for _, p := range c.lobby.All {
		if !p.Bot {
			humans = append(humans, p.AccountID)
			p.Connected = false
		}
	}
	if a := c.lobby.Attempt; a != nil {
		c.failed(a.MatchID, a.Starter, ErrUnknownAllocation)
		c.reopen(true)
	}
	for _, account := range humans {
		if p := c.player(account); p != nil {
			p.Connected = true // so that an earlier absence counts from now, too
			_ = c.disconnect(account)
		}
		if c.lobby == nil {
			return
		}
	}
	c.fit()
}
