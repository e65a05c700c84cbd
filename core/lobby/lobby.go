// Package lobby is where players gather. A lobby is a document with a version;
// reduce.go is the pure function that changes it, service.go the only way to run
// it: it loads, reduces, compares and swaps, and tells the followers.
package lobby

import (
	"encoding/json"
	"time"
)

// State is where a lobby is.
type State string

// The states of a lobby.
const (
	Open     State = "open"
	Starting State = "starting"
	InMatch  State = "in_match"
)

// Step is what a start is busy with.
type Step string

// The steps of a start, in order.
const (
	Balancing  Step = "balancing"
	Validating Step = "validating"
	Payload    Step = "payload"
	Allocating Step = "allocating"
)

// Lobby is one lobby's document. A Lobby that was given to anybody is immutable;
// the reducer works on copies. Its version is kept beside it (see Snapshot).
type Lobby struct {
	ID   string `json:"id"`
	Code string `json:"code"`
	Name string `json:"name,omitempty"`
	// OwnerID is a human member while there is one, a connected one while there is one.
	OwnerID   string `json:"owner,omitempty"`
	IsPrivate bool   `json:"private,omitempty"`
	// Password is a salted hash (see password.go), empty for none.
	Password   string     `json:"password,omitempty"`
	MaxPlayers int        `json:"max"`
	Properties Properties `json:"props,omitempty"`
	State      State      `json:"state"`
	CreatedAt  time.Time  `json:"created"`
	// Teams are in the order of the game's config.
	Teams []Team `json:"teams"`
	// Joins counts joins; a player's Seq is taken from it.
	Joins uint64 `json:"joins"`
	// Kicked are accounts that may not come back, oldest first, bounded.
	Kicked []string `json:"kicked,omitempty"`
	// ReadyBy is when members who are not ready are removed; zero: no clock runs.
	ReadyBy time.Time `json:"readyBy,omitzero"`
	// Attempt is the start under way, set exactly while State is Starting.
	Attempt *Attempt `json:"attempt,omitempty"`
	// Match is the match being played, set exactly while State is InMatch.
	Match *Match `json:"match,omitempty"`
}

// Properties are a lobby's or a player's properties: each value is encoded JSON.
type Properties map[string]json.RawMessage

// Team is a team with its members in the order in which they joined it.
type Team struct {
	Name    string   `json:"name"`
	Size    int      `json:"size"`
	Players []Player `json:"players,omitempty"`
}

// Player is a member of a lobby.
type Player struct {
	AccountID  string     `json:"id"`
	Username   string     `json:"name"`
	Ready      bool       `json:"ready,omitempty"`
	Bot        bool       `json:"bot,omitempty"`
	Connected  bool       `json:"on,omitempty"`
	Properties Properties `json:"props,omitempty"`
	// Seq orders members by when they joined the lobby.
	Seq uint64 `json:"seq"`
	// AwayUntil is when a disconnected human loses the seat; zero while connected.
	AwayUntil time.Time `json:"away,omitzero"`
}

// Attempt is a start under way.
type Attempt struct {
	// MatchID names the attempt and, if it succeeds, the match.
	MatchID string `json:"match"`
	Starter string `json:"starter"`
	Region  string `json:"region,omitempty"`
	// Step is shown once a step has lasted a while; empty before.
	Step     Step      `json:"step,omitempty"`
	Deadline time.Time `json:"deadline"`
}

// Match is the match that a lobby is in.
type Match struct {
	ID        string       `json:"id"`
	Teams     []RosterTeam `json:"teams"`
	StartedAt time.Time    `json:"started"`
	Server    Server       `json:"server"`
	Region    string       `json:"region,omitempty"`
}

// Server is where a match is played.
type Server struct {
	Name    string `json:"name"`
	Address string `json:"address"`
	Port    int    `json:"port"`
}

// RosterTeam is a team of a match's roster, fixed when the match began.
type RosterTeam struct {
	Name    string         `json:"name"`
	Players []RosterPlayer `json:"players"`
}

// RosterPlayer is a player of a match's roster.
type RosterPlayer struct {
	AccountID string `json:"accountId"`
	Username  string `json:"username"`
	Bot       bool   `json:"bot"`
}

// Snapshot is a lobby at one version. Lobby is nil in the snapshot of a deleted one.
type Snapshot struct {
	Lobby   *Lobby
	Version uint64
}

// Rules are what a game's config says of its lobbies.
type Rules struct {
	Teams          []TeamRule
	MinPlayers     int
	MaxLobbies     int
	ReadyTimeout   time.Duration // 0: off
	ReconnectGrace time.Duration // 0: a drop leaves at once
	// Reopen: after a match the lobby opens again; else it is deleted.
	Reopen bool
}

// TeamRule is a team of the config.
type TeamRule struct {
	Name string
	Size int
}

// Seats is the sum of the team sizes.
func (r Rules) Seats() int {
	n := 0
	for _, t := range r.Teams {
		n += t.Size
	}
	return n
}

// Find returns the team and index of a member, or -1, -1.
func (l *Lobby) Find(accountID string) (team, player int) {
	for t := range l.Teams {
		for p := range l.Teams[t].Players {
			if l.Teams[t].Players[p].AccountID == accountID {
				return t, p
			}
		}
	}
	return -1, -1
}

// Member returns a member by account id.
func (l *Lobby) Member(accountID string) (Player, bool) {
	if t, p := l.Find(accountID); t >= 0 {
		return l.Teams[t].Players[p], true
	}
	return Player{}, false
}

// All calls yield for every member, team by team.
func (l *Lobby) All(yield func(team int, p *Player) bool) {
	for t := range l.Teams {
		for p := range l.Teams[t].Players {
			if !yield(t, &l.Teams[t].Players[p]) {
				return
			}
		}
	}
}

// Count returns how many members there are, and how many of them are humans and
// connected humans.
func (l *Lobby) Count() (members, humans, connected int) {
	for _, p := range l.All {
		members++
		if !p.Bot {
			humans++
			if p.Connected {
				connected++
			}
		}
	}
	return members, humans, connected
}

// Joinable reports whether the lobby belongs into the public list: public, open,
// a seat that is free or a bot's, a connected human.
func (l *Lobby) Joinable() bool {
	if l.IsPrivate || l.State != Open {
		return false
	}
	members, humans, connected := l.Count()
	return connected > 0 && (members < l.MaxPlayers || members > humans)
}
