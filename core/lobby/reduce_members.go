package lobby

import (
	"slices"
	"strconv"
)

// join seats a human who is not a member. team is what he asked for, wish what a
// hook would like; byCode lets him into a private lobby.
type join struct {
	who        Who
	team, wish string
	password   string
	byCode     bool
	properties Properties
}

func (c *change) join(j join) error {
	if t, _ := c.lobby.Find(j.who.AccountID); t >= 0 {
		return ErrAlreadyInLobby
	}
	if slices.Contains(c.lobby.Kicked, j.who.AccountID) {
		return ErrKicked
	}
	if err := c.mustBeOpen(); err != nil {
		return err
	}
	if c.lobby.IsPrivate && !j.byCode {
		return ErrPrivate
	}
	if !checkPassword(c.lobby.Password, j.password) {
		return ErrWrongPassword
	}
	team, bot, err := c.place(j.team, j.wish)
	if err != nil {
		return err
	}
	if bot != "" {
		bt, bi := c.lobby.Find(bot)
		c.lobby.Teams[bt].Players = slices.Delete(c.lobby.Teams[bt].Players, bi, bi+1)
	}
	c.lobby.Joins++
	p := Player{
		AccountID: j.who.AccountID, Username: j.who.Username, Connected: true,
		Properties: j.properties, Seq: c.lobby.Joins,
	}
	c.lobby.Teams[team].Players = append(c.lobby.Teams[team].Players, p)
	c.seat(p.AccountID, true)
	c.settle()
	c.happen(happening{kind: playerJoined, player: p}, c.lobby)
	return nil
}

// place chooses the team of a new human, and the bot that makes room for him if one must.
func (c *change) place(asked, wish string) (team int, bot string, err error) {
	members, humans, _ := c.lobby.Count()
	if members >= c.lobby.MaxPlayers && humans == members {
		return 0, "", ErrFull
	}
	full := members >= c.lobby.MaxPlayers
	if t := c.team(asked); t >= 0 {
		bot, ok := c.roomIn(t, full)
		if !ok {
			return 0, "", ErrTeamFull
		}
		return t, bot, nil
	}
	if t := c.team(wish); t >= 0 {
		if bot, ok := c.roomIn(t, full); ok {
			return t, bot, nil
		}
	}
	// The smallest team with a free seat; when bots fill the lobby, the team
	// with the fewest humans among those that have one to give.
	best, size := -1, 0
	for t := range c.lobby.Teams {
		b, ok := c.roomIn(t, full)
		if !ok {
			continue
		}
		n := len(c.lobby.Teams[t].Players)
		if full {
			n = c.humansIn(t)
		} else if b != "" {
			n += c.lobby.Teams[t].Size // a free seat elsewhere comes first
		}
		if best < 0 || n < size {
			best, size, bot = t, n, b
		}
	}
	if best < 0 {
		return 0, "", ErrFull
	}
	return best, bot, nil
}

// roomIn reports whether a human fits into team t, and which bot must go for him.
// full says that the lobby as a whole has no free seat.
func (c *change) roomIn(t int, full bool) (bot string, ok bool) {
	if b := c.lastBot(t); len(c.lobby.Teams[t].Players) >= c.lobby.Teams[t].Size {
		return b, b != ""
	} else if !full {
		return "", true
	} else if b != "" {
		return b, true
	}
	for o := range c.lobby.Teams {
		if b := c.lastBot(o); b != "" {
			return b, true
		}
	}
	return "", false
}

func (c *change) lastBot(t int) string {
	for _, p := range slices.Backward(c.lobby.Teams[t].Players) {
		if p.Bot {
			return p.AccountID
		}
	}
	return ""
}

func (c *change) humansIn(t int) int {
	n := 0
	for _, p := range c.lobby.Teams[t].Players {
		if !p.Bot {
			n++
		}
	}
	return n
}

// team finds a team by name; "A" and "B" mean the first and second whatever they
// are called. -1: unknown.
func (c *change) team(name string) int {
	if name == "" {
		return -1
	}
	for t := range c.lobby.Teams {
		if c.lobby.Teams[t].Name == name {
			return t
		}
	}
	switch {
	case name == "A":
		return 0
	case name == "B" && len(c.lobby.Teams) > 1:
		return 1
	}
	return -1
}

func (c *change) mustBeOpen() error {
	switch c.lobby.State {
	case Starting:
		return ErrStarting
	case InMatch:
		return ErrInMatch
	}
	return nil
}

func (c *change) leave(account string) error {
	if t, _ := c.lobby.Find(account); t < 0 {
		return ErrNotInLobby
	}
	c.remove(account, leftSelf)
	return nil
}

func (c *change) ready(account string, ready bool) error {
	p := c.player(account)
	switch {
	case p == nil:
		return ErrNotInLobby
	case c.lobby.State == Starting:
		return ErrStarting
	case c.lobby.State == InMatch || p.Ready == ready || !p.Connected:
		return nil // whoever is away cannot get ready: the word comes from a dead socket
	}
	p.Ready = ready
	c.dirty = true
	c.settleReadyClock()
	return nil
}

// changeTeam moves a member. In a full team a bot changes places with him.
func (c *change) changeTeam(account, name string) error {
	from, i := c.lobby.Find(account)
	if from < 0 {
		return ErrNotInLobby
	}
	if err := c.mustBeOpen(); err != nil {
		return err
	}
	to := c.team(name)
	if to < 0 {
		return ErrUnknownTeam
	}
	if to == from {
		return nil
	}
	var swapped *Player
	if len(c.lobby.Teams[to].Players) >= c.lobby.Teams[to].Size {
		bot := c.lastBot(to)
		if bot == "" {
			return ErrTeamFull
		}
		_, b := c.lobby.Find(bot)
		moved := c.lobby.Teams[to].Players[b]
		swapped = &moved
		c.lobby.Teams[to].Players = slices.Delete(c.lobby.Teams[to].Players, b, b+1)
	}
	p := c.lobby.Teams[from].Players[i]
	p.Ready = false
	c.lobby.Teams[from].Players = slices.Delete(c.lobby.Teams[from].Players, i, i+1)
	c.lobby.Teams[to].Players = append(c.lobby.Teams[to].Players, p)
	if swapped != nil {
		c.lobby.Teams[from].Players = append(c.lobby.Teams[from].Players, *swapped)
	}
	c.dirty = true
	c.settleReadyClock()
	return nil
}

func (c *change) kick(by, account string) error {
	if err := c.mustOwn(by, ErrNotOwner); err != nil {
		return err
	}
	target, ok := c.lobby.Member(account)
	switch {
	case !ok:
		return ErrNotMember
	case account == by:
		return ErrInvalidField.About("accountId: you cannot remove yourself")
	}
	if !target.Bot {
		c.lobby.Kicked = append(c.lobby.Kicked, account)
		if n := len(c.lobby.Kicked); n > maxKicked {
			c.lobby.Kicked = slices.Clone(c.lobby.Kicked[n-maxKicked:])
		}
		c.tell(Event{Kind: Kicked, To: account})
	}
	c.remove(account, leftKicked)
	return nil
}

func (c *change) promote(by, account string) error {
	if err := c.mustOwn(by, ErrNotOwner); err != nil {
		return err
	}
	target, ok := c.lobby.Member(account)
	switch {
	case c.lobby.State == Starting:
		return ErrStarting
	case !ok:
		return ErrNotMember
	case target.Bot:
		return ErrInvalidField.About("accountId: a bot cannot own a lobby")
	case !target.Connected:
		return ErrInvalidField.About("accountId: that player is away")
	}
	if c.lobby.OwnerID != account {
		c.lobby.OwnerID, c.dirty = account, true
	}
	return nil
}

func (c *change) mustOwn(account string, refusal error) error {
	if t, _ := c.lobby.Find(account); t < 0 {
		return ErrNotInLobby
	}
	if c.lobby.OwnerID != account {
		return refusal
	}
	return nil
}

// fillBots adds bots up to perTeam in every team (nil: its size), taking their
// ids from ids, as far as the lobby has seats.
func (c *change) fillBots(by string, perTeam *int, ids []string) error {
	if err := c.mustOwn(by, ErrNotOwnerBots); err != nil {
		return err
	}
	if err := c.mustBeOpen(); err != nil {
		return err
	}
	// More than a team's size is its size: clients of the template name their own default.
	if perTeam != nil && *perTeam < 0 {
		return ErrInvalidField.About("perTeam must not be negative")
	}
	names := map[string]bool{}
	members := 0
	for _, p := range c.lobby.All {
		names[p.Username] = true
		members++
	}
	next := 1
	for t := range c.lobby.Teams {
		want := c.lobby.Teams[t].Size
		if perTeam != nil {
			want = min(want, *perTeam)
		}
		for len(c.lobby.Teams[t].Players) < want && members < c.lobby.MaxPlayers && len(ids) > 0 {
			for names["Bot "+strconv.Itoa(next)] {
				next++
			}
			name := "Bot " + strconv.Itoa(next)
			names[name] = true
			c.lobby.Joins++
			c.lobby.Teams[t].Players = append(c.lobby.Teams[t].Players, Player{
				AccountID: ids[0], Username: name, Ready: true, Bot: true, Connected: true, Seq: c.lobby.Joins,
			})
			ids, members, c.dirty = ids[1:], members+1, true
		}
	}
	return nil
}
