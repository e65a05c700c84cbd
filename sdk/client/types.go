package client

import "encoding/json"

// Account is who is signed in. Times of the protocol are milliseconds since 1970.
type Account struct {
	ID         string     `json:"id"`
	Username   string     `json:"username"`
	Discord    *Discord   `json:"discord,omitempty"` // nil when not linked
	CreatedAt  int64      `json:"createdAt,omitempty"`
	Identities []Identity `json:"identities,omitempty"`
}

// Discord is who the account is there.
type Discord struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	// Avatar is an address, empty for none.
	Avatar string `json:"avatar"`
}

// Identity is a way to sign in to an account.
type Identity struct {
	Provider string `json:"provider"`
	Username string `json:"username"`
	LinkedAt int64  `json:"linkedAt"`
}

// Session is the answer to a sign-in or a refresh. It holds secrets.
type Session struct {
	AccessToken  string  `json:"accessToken"`
	RefreshToken string  `json:"refreshToken"`
	ExpiresAt    int64   `json:"expiresAt"`
	Account      Account `json:"account"`
}

// Lobby is a lobby at one version. It is shared: do not change it.
type Lobby struct {
	ID          string                     `json:"id"`
	Code        string                     `json:"code,omitempty"`
	Name        string                     `json:"name"`
	IsPrivate   bool                       `json:"isPrivate"`
	OwnerID     string                     `json:"ownerId"`
	State       string                     `json:"state"`
	Step        string                     `json:"step,omitempty"`
	Version     uint64                     `json:"version"`
	HasPassword bool                       `json:"hasPassword"`
	MaxPlayers  int                        `json:"maxPlayers"`
	Properties  map[string]json.RawMessage `json:"properties"`
	CreatedAt   int64                      `json:"createdAt"`
	// Teams are there at both levels; at level 1 with two teams they are made of
	// TeamA and TeamB, named "A" and "B", and their sizes are not known (0).
	Teams []Team `json:"teams"`
	// TeamA and TeamB are the first and second team, at level 1 only.
	TeamA []Player `json:"teamA,omitempty"`
	TeamB []Player `json:"teamB,omitempty"`
}

// Team is a team of a lobby.
type Team struct {
	Name    string   `json:"name"`
	Size    int      `json:"size"`
	Players []Player `json:"players"`
}

// Player is a member of a lobby.
type Player struct {
	AccountID string `json:"accountId"`
	Username  string `json:"username"`
	Ready     bool   `json:"ready"`
	Bot       bool   `json:"bot"`
	Connected bool   `json:"connected"`
}

// Member finds a member and the name of his team.
func (l *Lobby) Member(accountID string) (p Player, team string, ok bool) {
	for _, t := range l.Teams {
		for _, p := range t.Players {
			if p.AccountID == accountID {
				return p, t.Name, true
			}
		}
	}
	return Player{}, "", false
}

// Members counts who has a seat, bots included.
func (l *Lobby) Members() int {
	n := 0
	for _, t := range l.Teams {
		n += len(t.Players)
	}
	return n
}

func (l *Lobby) complete() {
	if l != nil && l.Teams == nil {
		l.Teams = []Team{{Name: "A", Players: l.TeamA}, {Name: "B", Players: l.TeamB}}
	}
}

// MatchData tells where a match is played. It is shared: do not change it.
type MatchData struct {
	MatchID string `json:"matchId"`
	// LobbyID is empty in a match that was made without a lobby.
	LobbyID   string      `json:"lobbyId,omitempty"`
	Teams     []MatchTeam `json:"teams"`
	StartedAt int64       `json:"startedAt"`
	Server    Server      `json:"server"`
	Region    string      `json:"region,omitempty"`
	// Ticket proves to the game server who one is.
	Ticket string        `json:"ticket,omitempty"`
	TeamA  []MatchPlayer `json:"teamA,omitempty"`
	TeamB  []MatchPlayer `json:"teamB,omitempty"`
}

// MatchTeam is a team of a match's roster.
type MatchTeam struct {
	Name    string        `json:"name"`
	Players []MatchPlayer `json:"players"`
}

// MatchPlayer is a player of a match's roster.
type MatchPlayer struct {
	AccountID string `json:"accountId"`
	Username  string `json:"username"`
}

// Server is where players connect.
type Server struct {
	Address string `json:"address"`
	Port    int    `json:"port"`
	Name    string `json:"serverName"`
}

func (m *MatchData) complete() {
	if m != nil && m.Teams == nil {
		m.Teams = []MatchTeam{{Name: "A", Players: m.TeamA}, {Name: "B", Players: m.TeamB}}
	}
}
