package config

import (
	"fmt"
	"time"
)

// Game is one game block.
type Game struct {
	// Name is [a-z0-9][a-z0-9_-]{0,31} and unique.
	Name string
	// Title is for people.
	Title string `config:"title"`
	// Auth are the names of the sign-in providers; at least one. Each is
	// "anonymous", or a plugin that Config.PluginFor finds, or else an export of one
	// of the game's scripts.
	Auth []string `config:"auth"`
	// Web is the absolute folder of the game's web client; empty: it has none.
	Web       string    `config:"web"`
	Duplicate Duplicate `config:"duplicate"`
	// Plugins are those of this game alone. They shadow Config.Plugins.
	Plugins []Plugin `config:"plugin"`
	Lobby   Lobby    `config:"lobby"`
	// Hooks are in the order of the file, which is that of their calls.
	Hooks []Hooks `config:"hooks"`
	// Allocate are tried in this order, that of the file. May be empty: then no
	// match can start.
	Allocate []Allocate `config:"allocate"`
	// Queues are where players search for a match; the first is the one of who names
	// none. A game with a queue of GameFlow's has a Platform.
	Queues []Queue `config:"queue"`
	// AllocationAPI serves the game's servers to other backends; nil: it does not.
	AllocationAPI *AllocationAPI `config:"allocation_api"`
	// RatingReport sends results to GameFlow's skill rating; then there is a Platform.
	RatingReport bool `config:"rating_report"`

	authAt *place
}

// Duplicate says what happens when an account opens a second socket.
type Duplicate string

// What happens to the sockets.
const (
	DuplicateReplace Duplicate = "replace" // the new one ends the old one
	DuplicateRefuse  Duplicate = "refuse"  // the old one stays alone
	DuplicateAllow   Duplicate = "allow"   // both live
)

// AfterMatch says what becomes of a lobby when its match is over.
type AfterMatch string

// What becomes of a lobby.
const (
	AfterMatchDelete AfterMatch = "delete"
	AfterMatchReopen AfterMatch = "reopen"
)

// Lobby is the rules of a game's lobbies.
type Lobby struct {
	// Teams are in the order of the file; 1 to 16 of them, 1000 seats at most.
	Teams []Team `config:"team"`
	// MinPlayers is 1 to Seats.
	MinPlayers int `config:"min_players"`
	MaxLobbies int `config:"max_lobbies"`
	// ReadyTimeout 0: off.
	ReadyTimeout time.Duration `config:"ready_timeout"`
	// ReconnectGrace 0: who drops leaves at once.
	ReconnectGrace time.Duration `config:"reconnect_grace"`
	AfterMatch     AfterMatch    `config:"after_match"`
	// MatchTimeout is more than 0.
	MatchTimeout time.Duration `config:"match_timeout"`
}

// Team is a team of every lobby of a game.
type Team struct {
	Name string
	Size int `config:"size"`
}

// Seats is the sum of the team sizes.
func (l Lobby) Seats() int {
	n := 0
	for _, t := range l.Teams {
		n += t.Size
	}
	return n
}

// Allocate is one provider of a game's chain: exactly one of the pointers is set.
type Allocate struct {
	// MaxConcurrent bounds the calls under way at a time.
	MaxConcurrent int `config:"max_concurrent"`
	// OnUnknown says what to do when nobody knows whether a server was made.
	OnUnknown OnUnknown       `config:"on_unknown"`
	Gameflow  *Gameflow       `config:"gameflow"`
	Local     *Local          `config:"local"`
	Plugin    *AllocatePlugin `config:"plugin"`
	Script    *AllocateScript `config:"script"`
}

// Kind is the label of the block: "gameflow", "local", "plugin" or "script".
func (a Allocate) Kind() string {
	switch {
	case a.Gameflow != nil:
		return kindGameflow
	case a.Plugin != nil:
		return kindPlugin
	case a.Script != nil:
		return kindScript
	}
	return kindLocal
}

// OnUnknown says what to do after a call of which it is not known whether it made
// a server. No other provider is asked while that is open.
type OnUnknown string

// What to do.
const (
	OnUnknownFail OnUnknown = "fail" // the start fails; the server is a possible orphan
	OnUnknownAsk  OnUnknown = "ask"  // the provider is asked by match id
)

// Gameflow makes servers by GameFlow's public API.
type Gameflow struct {
	GameID string `config:"game_id"`
	// APIKey is printable ASCII without spaces.
	APIKey Secret `config:"api_key"`
	Region string `config:"region"`
	// URL is the base of the API, http or https, without a slash at its end.
	URL string `config:"url"`
	// Fleet asks for a server of the warm pool instead of a new one.
	Fleet bool `config:"fleet"`
	// Timeout is how long the platform may take, 1 s at least.
	Timeout time.Duration `config:"timeout"`
}

// Local runs servers as processes of this machine.
type Local struct {
	// Command starts one server. The first word is an absolute path, or a name
	// without a slash that is looked up in PATH.
	Command []string `config:"command"`
	// Env is added to the servers' environment. It may hold secrets.
	Env Environment `config:"env"`
	// Ports is for all servers of this block together; no other block has any of them.
	Ports PortRange `config:"ports"`
	// PortNames are the ports of one server; at least one.
	PortNames []string `config:"port_names"`
	// Address is what players are told: an IP address or a host name.
	Address string `config:"address"`
	// Timeout is the time from start to ready.
	Timeout time.Duration `config:"timeout"`
	// HealthTimeout 0: off.
	HealthTimeout time.Duration `config:"health_timeout"`
	// Max bounds the servers at a time.
	Max int `config:"max"`
	// Warm is how many ready servers without a match are kept; WarmBuffer is how
	// many more while matches run. Together at most Max.
	Warm       int `config:"warm"`
	WarmBuffer int `config:"warm_buffer"`
	// CPULimit is how many CPUs a server may use at a time. 0: all.
	CPULimit int `config:"cpu_limit"`
	// MemoryLimit is how much memory a server may use with all that it starts. 0: no limit.
	MemoryLimit Size `config:"memory_limit"`
	// MaxPlayers is the capacity of the players list. 0: there is no list.
	MaxPlayers int `config:"max_players"`
	// Idle without a player ends a server. 0: off.
	Idle time.Duration `config:"idle"`
	// StopGrace is the time between SIGTERM and SIGKILL; more than 0.
	StopGrace time.Duration `config:"stop_grace"`
}

// PortRange is a range of port numbers, both ends included, 1 to 65535.
type PortRange struct{ First, Last int }

// Count is how many ports there are.
func (p PortRange) Count() int { return p.Last - p.First + 1 }

// String is as in the file: "21000-21099", or "21000" for one port.
func (p PortRange) String() string {
	if p.First == p.Last {
		return fmt.Sprint(p.First)
	}
	return fmt.Sprintf("%d-%d", p.First, p.Last)
}

func (p PortRange) overlaps(q PortRange) bool { return p.First <= q.Last && q.First <= p.Last }
