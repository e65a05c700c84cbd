package client

import "encoding/json"

// Event is something the server told, or that happened to the socket: one of the
// pointers to the structs below.
type Event interface{ event() }

type (
	// Connected: the socket is open, for the first time or again. Lobby and Match
	// are nil when the player has none.
	Connected struct {
		AccountID, Username string
		Lobby               *Lobby
		Match               *MatchData
	}
	// Disconnected: the socket is gone. Final says that no reconnect follows.
	Disconnected struct {
		Err   *Error
		Final bool
	}
	// LobbyChanged has the newest version of one's lobby, nil when it was left.
	LobbyChanged struct{ Lobby *Lobby }
	// LobbyDeleted: one's lobby is gone; a LobbyChanged came before.
	LobbyDeleted struct{ LobbyID, Reason string }
	// Kicked: one lost the seat; a LobbyChanged came before.
	Kicked struct{ LobbyID, Reason string }
	// Chat is a line in one's lobby. At is in ms since 1970.
	Chat struct {
		LobbyID, AccountID, Username, Text string
		At                                 int64
	}
	// Notify is something that the game's rules tell the account. Payload is JSON. At
	// is in ms since 1970.
	Notify struct {
		Kind    string
		Payload json.RawMessage
		At      int64
	}
	// MatchStarted: go and play.
	MatchStarted struct{ Match *MatchData }
	// MatchFailed: a start or a match failed. For the starter of a start it is the
	// server's `error` of that start.
	MatchFailed struct{ LobbyID, MatchID, Code, Message string }
	// MatchEnded has the result, nil if none came.
	MatchEnded struct {
		MatchID string
		Result  json.RawMessage
	}
	// SearchEnded: there is no match. Message says why, and is empty when the search
	// was cancelled: by another socket of the account, or since one's lobby starts.
	SearchEnded struct{ Message string }
	// Draining: the server is about to restart. A Conn that reconnects does so.
	Draining struct{ ReconnectAfterMs int64 }
	// ServerError is an error that answers no request.
	ServerError struct{ Err *Error }
	// Other is a message that this package does not know.
	Other struct {
		Type string
		Raw  json.RawMessage
	}
)

func (*Connected) event()    {}
func (*Disconnected) event() {}
func (*LobbyChanged) event() {}
func (*LobbyDeleted) event() {}
func (*Kicked) event()       {}
func (*Chat) event()         {}
func (*Notify) event()       {}
func (*MatchStarted) event() {}
func (*MatchFailed) event()  {}
func (*MatchEnded) event()   {}
func (*SearchEnded) event()  {}
func (*Draining) event()     {}
func (*ServerError) event()  {}
func (*Other) event()        {}

// emit hands an event to the handler, or to the channel, whose oldest event makes
// room when it is full.
func (c *Conn) emit(e Event) {
	if c.o.OnEvent != nil {
		c.o.OnEvent(e)
		return
	}
	for {
		select {
		case c.events <- e:
			return
		default:
		}
		select {
		case <-c.events:
			c.dropped.Add(1)
		default:
		}
	}
}
