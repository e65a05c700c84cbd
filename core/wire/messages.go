// Package wire is the client protocol: the envelope, every message of both
// levels, and the error codes. It knows nothing of lobbies or sockets; transport
// fills these structs from the documents of other rooms.
//
// Server messages are appended to a buffer by hand-written encoders, because one
// lobby change is encoded for every level and sent to every member. Client
// messages are decoded by Decode, which accepts no more than the protocol says.
package wire

import "encoding/json"

// Level 1 is the template's (teamA, teamB), level 2 ours (teams).
const (
	Level1 = 1
	Level2 = 2
)

// Limits of the protocol, in bytes, levels and characters.
const (
	MaxFrame         = 128 << 10
	MaxDepth         = 32
	MaxRequestID     = 64
	MaxChat          = 500
	MaxLobbyName     = 64
	MaxPassword      = 64
	MaxTeamName      = 32
	MaxProperties    = 32
	MaxPropertyBytes = 4 << 10
	MaxRegion        = 64
	MaxRpcName       = 64
	MaxPayload       = 64 << 10
	MaxRegions       = 32
	// MaxLatency is the longest round trip that can be reported, in ms.
	MaxLatency = 60_000
)

// Request is one decoded client message. Body is a pointer to one of the request
// structs below (Ping, Create, …).
type Request struct {
	// ID is the client's `id`, empty when absent.
	ID string
	// Type is the message type, empty when unknown: safe in logs and metrics.
	Type string
	Body any
}

// Client messages. Pointers tell "absent" from a value.
type (
	// Ping is `ping`.
	Ping struct{}
	// Create is `lobby:create`.
	Create struct {
		IsPrivate  bool
		Name       string
		MaxPlayers *int
		Password   string
		Properties map[string]json.RawMessage
	}
	// Join is `lobby:join`. Code wins over LobbyID; both empty is answered
	// lobby_required by the receiver.
	Join struct{ Code, LobbyID, Team, Password string }
	// Leave is `lobby:leave`.
	Leave struct{}
	// Ready is `lobby:ready`.
	Ready struct{ Ready bool }
	// Start is `lobby:start`.
	Start struct{ Region string }
	// CancelStart is `lobby:cancel-start`.
	CancelStart struct{}
	// FillBots is `lobby:fill-bots`; PerTeam nil: the team's size.
	FillBots struct{ PerTeam *int }
	// Team is `lobby:team`.
	Team struct{ Team string }
	// Update is `lobby:update`. Password: nil absent, pointer to "" clears (null).
	// A property whose value is `null` is deleted.
	Update struct {
		Name       *string
		IsPrivate  *bool
		MaxPlayers *int
		Password   *string
		Properties map[string]json.RawMessage
	}
	// Kick is `lobby:kick`.
	Kick struct{ AccountID string }
	// Promote is `lobby:promote`.
	Promote struct{ AccountID string }
	// Chat is `lobby:chat`.
	Chat struct{ Text string }
	// Latency is `latency`: round trips in ms by region.
	Latency struct{ Regions map[string]int }
	// MatchmakingFind is `matchmaking:find`.
	MatchmakingFind struct {
		Queue      string
		Properties map[string]json.RawMessage
	}
	// MatchmakingCancel is `matchmaking:cancel`.
	MatchmakingCancel struct{}
	// Rpc is `rpc`; Payload is compact JSON, nil when absent.
	Rpc struct {
		Name    string
		Payload json.RawMessage
	}
)

// LobbyPlayer is a player as lobbies show him.
type LobbyPlayer struct {
	AccountID, Username   string
	Ready, Bot, Connected bool
}

// LobbyTeam is a team of a lobby.
type LobbyTeam struct {
	Name    string
	Size    int
	Players []LobbyPlayer
}

// Lobby is a lobby as clients see it.
type Lobby struct {
	ID, Code, Name, OwnerID string
	IsPrivate, HasPassword  bool
	// ShowCode is false in lists, for private lobbies.
	ShowCode   bool
	State      string
	Step       string // only while starting, else empty: left out
	Version    uint64
	MaxPlayers int
	// Properties is an encoded JSON object; nil is `{}`.
	Properties json.RawMessage
	CreatedAt  int64 // ms
	Teams      []LobbyTeam
}

// MatchPlayer is a player of a match's roster.
type MatchPlayer struct{ AccountID, Username string }

// MatchTeam is a team of a match's roster.
type MatchTeam struct {
	Name    string
	Players []MatchPlayer
}

// MatchData tells a player where his match runs. Ticket is his own; it is put in
// per player, so encoders must be able to append it last (see MatchStarted).
type MatchData struct {
	MatchID   string
	LobbyID   string // empty: left out
	Teams     []MatchTeam
	StartedAt int64 // ms
	Server    Server
	Region    string // empty: left out
	Ticket    string // empty: left out
}

// Server is where players connect.
type Server struct {
	Address string
	Port    int
	Name    string
}

// Server messages. Each has Append(dst []byte, level int) []byte, which appends
// the whole JSON text; ReplyTo is left out when empty.
type (
	// Connected is `connected`.
	Connected struct {
		AccountID, Username string
		Lobby               *Lobby
		MatchData           *MatchData
	}
	// Pong is `pong`.
	Pong struct{ ReplyTo string }
	// LobbyCreated is `lobby:created`.
	LobbyCreated struct {
		Lobby   *Lobby
		ReplyTo string
	}
	// LobbyUpdated is `lobby:updated`.
	LobbyUpdated struct{ Lobby *Lobby }
	// LobbyLeft is `lobby:left`.
	LobbyLeft struct{ ReplyTo string }
	// LobbyDeleted is `lobby:deleted`; Reason may be empty.
	LobbyDeleted struct{ LobbyID, Reason string }
	// LobbyKicked is `lobby:kicked`; Reason may be empty.
	LobbyKicked struct{ LobbyID, Reason string }
	// LobbyChat is `lobby:chat`.
	LobbyChat struct {
		LobbyID, AccountID, Username, Text string
		At                                 int64
	}
	// MatchStarted is `match:started`.
	MatchStarted struct{ MatchData *MatchData }
	// MatchFailed is `match:failed`; MatchID may be empty.
	MatchFailed struct{ LobbyID, MatchID, Code, Message string }
	// MatchEnded is `match:ended`; a nil Result is null.
	MatchEnded struct {
		MatchID string
		Result  json.RawMessage
	}
	// MatchmakingSearching is `matchmaking:searching`.
	MatchmakingSearching struct{ TicketID, ReplyTo string }
	// MatchmakingCancelled is `matchmaking:cancelled`.
	MatchmakingCancelled struct{ ReplyTo string }
	// MatchmakingError is `matchmaking:error`.
	MatchmakingError struct{ Message, ReplyTo string }
	// Ack is `ack`; Version 0 is left out.
	Ack struct {
		ReplyTo string
		Version uint64
	}
	// RpcAnswer is `rpc`; a nil Payload is null.
	RpcAnswer struct {
		Name    string
		Payload json.RawMessage
		ReplyTo string
	}
	// Notify is `notify`; a nil Payload is null.
	Notify struct {
		Kind    string
		Payload json.RawMessage
		At      int64
	}
	// Draining is `server:draining`.
	Draining struct{ ReconnectAfterMs int64 }
	// Error is `error`. LobbyID and MatchID stand only in the error of a start
	// that was acked already.
	Error struct {
		Message, Code, ReplyTo string
		RetryAfterMs           int64
		LobbyID, MatchID       string
	}
)
