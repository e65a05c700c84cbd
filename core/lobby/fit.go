package lobby

// fit brings a lobby that was made under an earlier config to the teams of this
// one, where they differ. Whoever finds his team by its name keeps it, the others
// go where the most room is; bots give way. A lobby whose humans no longer fit is
// closed ("config_changed"). A lobby in a match keeps its teams until that is over.
func (c *change) fit() {
	if c.lobby == nil || c.lobby.State != Open || c.fits() {
		return
	}
	if _, humans, _ := c.lobby.Count(); humans > c.rules.Seats() {
		c.delete("config_changed")
		return
	}
	old := c.lobby.Teams
	seats := 0
	for _, t := range old {
		seats += t.Size
	}
	if c.lobby.MaxPlayers == seats || c.lobby.MaxPlayers > c.rules.Seats() {
		c.lobby.MaxPlayers = c.rules.Seats()
	}
	c.lobby.Teams = make([]Team, len(c.rules.Teams))
	for t, rule := range c.rules.Teams {
		c.lobby.Teams[t] = Team{Name: rule.Name, Size: rule.Size}
	}
	members := 0
	for _, bots := range []bool{false, true} {
		var homeless []Player
		for t := range old {
			for _, p := range old[t].Players {
				switch {
				case p.Bot != bots:
				case !c.sit(p, c.named(old[t].Name)):
					homeless = append(homeless, p)
				default:
					members++
				}
			}
		}
		for _, p := range homeless {
			if (!bots || members < c.lobby.MaxPlayers) && c.sit(p, c.roomiest()) {
				members++
			}
		}
	}
	c.dropBots(members - c.lobby.MaxPlayers)
	c.dirty = true
	c.settle()
}

// fits reports whether the lobby's teams are those of the rules.
func (c *change) fits() bool {
	if len(c.lobby.Teams) != len(c.rules.Teams) {
		return false
	}
	for t, rule := range c.rules.Teams {
		if c.lobby.Teams[t].Name != rule.Name || c.lobby.Teams[t].Size != rule.Size {
			return false
		}
	}
	return true
}

// named is the team with exactly this name, or -1.
func (c *change) named(name string) int {
	for t := range c.lobby.Teams {
		if c.lobby.Teams[t].Name == name {
			return t
		}
	}
	return -1
}

// roomiest is the team with the most free seats, or -1 when all are full.
func (c *change) roomiest() int {
	best, most := -1, 0
	for t := range c.lobby.Teams {
		if free := c.lobby.Teams[t].Size - len(c.lobby.Teams[t].Players); free > most {
			best, most = t, free
		}
	}
	return best
}

// sit puts a member into a team if that has room.
func (c *change) sit(p Player, team int) bool {
	if team < 0 || len(c.lobby.Teams[team].Players) >= c.lobby.Teams[team].Size {
		return false
	}
	c.lobby.Teams[team].Players = append(c.lobby.Teams[team].Players, p)
	return true
}

// dropBots removes up to n bots, from the last team on.
func (c *change) dropBots(n int) {
	for t := len(c.lobby.Teams) - 1; t >= 0; t-- {
		for n > 0 {
			bot := c.lastBot(t)
			if bot == "" {
				break
			}
			_, i := c.lobby.Find(bot)
			c.lobby.Teams[t].Players = append(c.lobby.Teams[t].Players[:i:i], c.lobby.Teams[t].Players[i+1:]...)
			n--
		}
	}
}
