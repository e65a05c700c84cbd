package gameserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
)

// Payload is the launch payload: which match this server runs, and for whom. It
// holds secrets, so it prints as its match id alone.
type Payload struct {
	MatchID string
	// LobbyID is empty for a match without a lobby.
	LobbyID, Game, Region string
	// Players are the account ids of all, bots included.
	Players []string
	Teams   []Team
	// Properties are the lobby's.
	Properties map[string]json.RawMessage
	// ResultURL and ResultToken are for Report, TicketKey for CheckTicket.
	ResultURL, ResultToken, TicketKey string
	// Raw is the payload as it came, with the keys that the game's hooks added.
	Raw json.RawMessage
}

// Team is one side of a match.
type Team struct {
	Name    string
	Players []Member
}

// Member is a player of a match's roster.
type Member struct {
	AccountID, Username string
	// Bot players never connect: the game server plays them.
	Bot bool
}

// botPrefix begins the ids of bots, where the payload does not say it otherwise.
const botPrefix = "bot-"

// DecodePayload reads a launch payload. Names may be camelCase or snake_case; a
// payload with only teamA and teamB (as the public template sends it) gives the
// teams "A" and "B". It fails with ErrBadPayload.
func DecodePayload(raw []byte) (*Payload, error) {
	p := &Payload{Raw: bytes.Clone(raw)}
	var top object
	if err := json.Unmarshal(raw, &top); err != nil || top == nil {
		return nil, fmt.Errorf("%w: not a JSON object", ErrBadPayload)
	}
	var a, b []string
	err := first(
		func() error { return top.read("matchId", &p.MatchID) },
		func() error { return top.read("lobbyId", &p.LobbyID) },
		func() error { return top.read("game", &p.Game) },
		func() error { return top.read("region", &p.Region) },
		func() error { return top.read("players", &p.Players) },
		func() error { return top.read("teams", &p.Teams) },
		func() error { return top.read("teamA", &a) },
		func() error { return top.read("teamB", &b) },
		func() error { return top.read("properties", &p.Properties) },
		func() error { return top.read("resultUrl", &p.ResultURL) },
		func() error { return top.read("resultToken", &p.ResultToken) },
		func() error { return top.read("ticketKey", &p.TicketKey) },
	)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadPayload, err)
	}
	if len(p.Teams) == 0 && len(a)+len(b) > 0 {
		p.Teams = []Team{{Name: "A", Players: members(a)}, {Name: "B", Players: members(b)}}
	}
	return p, nil
}

func members(ids []string) []Member {
	list := make([]Member, len(ids))
	for i, id := range ids {
		list[i] = Member{AccountID: id, Bot: strings.HasPrefix(id, botPrefix)}
	}
	return list
}

// UnmarshalJSON reads both spellings of names.
func (m *Member) UnmarshalJSON(b []byte) error {
	var o object
	if err := json.Unmarshal(b, &o); err != nil {
		return err
	}
	return first(
		func() error { return o.read("accountId", &m.AccountID) },
		func() error { return o.read("username", &m.Username) },
		func() error { return o.read("bot", &m.Bot) },
	)
}

// Find returns a player of the roster and the index of his team.
func (p *Payload) Find(accountID string) (m Member, team int, ok bool) {
	for t := range p.Teams {
		players := p.Teams[t].Players
		if i := slices.IndexFunc(players, func(m Member) bool { return m.AccountID == accountID }); i >= 0 {
			return players[i], t, true
		}
	}
	return Member{}, 0, false
}

// String leaves the secrets out.
func (p Payload) String() string { return "payload of match " + p.MatchID }

// GoString leaves the secrets out.
func (p Payload) GoString() string { return p.String() }

// LogValue leaves the secrets out.
func (p Payload) LogValue() slog.Value { return slog.StringValue(p.String()) }
