package lobby

import "slices"

// Bounds of a lobby's properties: keys and encoded bytes.
const (
	maxProperties    = 32
	maxPropertyBytes = 4 << 10
)

// update applies an owner's change. password is the hash to store when
// change.Password is set, made outside the reducer because it needs randomness.
func (c *change) update(by string, ch Change, password string) error {
	if err := c.mustOwn(by, ErrNotOwner); err != nil {
		return err
	}
	if err := c.mustBeOpen(); err != nil {
		return err
	}
	props := c.lobby.Properties
	if ch.Properties != nil {
		props = props.merge(ch.Properties)
		if err := checkProperties(props); err != nil {
			return err
		}
	}
	limit := c.lobby.MaxPlayers
	if ch.MaxPlayers != nil {
		limit = *ch.MaxPlayers
		_, humans, _ := c.lobby.Count()
		if err := c.rules.checkMaxPlayers(limit); err != nil {
			return err
		}
		if limit < humans {
			return ErrInvalidField.About("maxPlayers: %d players are in the lobby", humans)
		}
	}

	if ch.Name != nil && *ch.Name != c.lobby.Name {
		c.lobby.Name, c.dirty = *ch.Name, true
	}
	if ch.IsPrivate != nil && *ch.IsPrivate != c.lobby.IsPrivate {
		c.lobby.IsPrivate, c.dirty = *ch.IsPrivate, true
	}
	if ch.Password != nil && !samePassword(c.lobby.Password, *ch.Password) {
		c.lobby.Password, c.dirty = password, true
	}
	if limit != c.lobby.MaxPlayers || !props.equal(c.lobby.Properties) {
		c.lobby.MaxPlayers, c.lobby.Properties, c.dirty = limit, props, true
		c.dropBotsAbove(limit)
		c.clearReady()
	}
	c.settleReadyClock()
	return nil
}

// dropBotsAbove removes the newest bots until no more than limit members are left.
func (c *change) dropBotsAbove(limit int) {
	for members, humans, _ := c.lobby.Count(); members > limit && members > humans; members-- {
		team, newest := -1, uint64(0)
		for t, p := range c.lobby.All {
			if p.Bot && p.Seq >= newest {
				team, newest = t, p.Seq
			}
		}
		c.lobby.Teams[team].Players = slices.DeleteFunc(c.lobby.Teams[team].Players, func(p Player) bool {
			return p.Bot && p.Seq == newest
		})
	}
}

func (r *Rules) checkMaxPlayers(n int) error {
	if n < 1 || n > r.Seats() {
		return ErrInvalidField.About("maxPlayers must be 1 to %d", r.Seats())
	}
	return nil
}

func checkProperties(p Properties) error {
	if len(p) > maxProperties || p.Size() > maxPropertyBytes {
		return ErrInvalidField.About("properties: at most %d keys and %d bytes", maxProperties, maxPropertyBytes)
	}
	return nil
}
