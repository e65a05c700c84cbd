package lobby

import (
	"encoding/json"
	"time"

	"github.com/muster-gg/muster/core/fault"
)

// Update is what followers of a lobby are told of one version: its events first,
// then the snapshot. It is a broadcast payload; transport's encoder reads it.
type Update struct {
	// LobbyID of the lobby that this is about.
	LobbyID string
	Snapshot
	// Events in the order in which clients must see them, before the snapshot but
	// for those whose After is true.
	Events []Event
	// Quiet: no snapshot is told (chat, or nothing visible has changed).
	Quiet bool
}

// Event is one thing besides the snapshot that clients are told.
type Event struct {
	Kind EventKind
	// To is the only account that is told; empty: every member of the lobby after
	// the change, or whoever still follows it when it is gone.
	To string
	// Except is left out when To is empty.
	Except string
	// After: told after the snapshot, not before it.
	After bool

	// AccountID, Username, Text, At belong to Chat.
	AccountID, Username, Text string
	At                        time.Time
	// Reason belongs to Kicked and Deleted.
	Reason string
	// MatchID belongs to the match events and StartRefused.
	MatchID string
	// Fault belongs to MatchFailed and StartRefused.
	Fault *fault.Error
	// Match belongs to MatchStarted.
	Match *Match
	// Result belongs to MatchEnded; nil: none came.
	Result json.RawMessage
}

// EventKind says what an Event is.
type EventKind uint8

// The events.
const (
	// Chat is a line of chat.
	Chat EventKind = iota + 1
	// Kicked: To has lost the seat (kick, ready timeout).
	Kicked
	// Deleted: the lobby is gone.
	Deleted
	// MatchStarted: the match has begun; each member is told with his own ticket.
	MatchStarted
	// MatchFailed: a start or a match has failed.
	MatchFailed
	// StartRefused: the starter's own word that a start has failed; an `error`
	// message with LobbyID and MatchID.
	StartRefused
	// MatchEnded: the match is over.
	MatchEnded
)

// Notice is what an absent player is told when he is back: a start or match that
// ended meanwhile. It is kept in his seat document.
type Notice struct {
	LobbyID string `json:"lobby"`
	MatchID string `json:"match,omitempty"`
	// Code and Text are set for match:failed; an empty Code is match:ended.
	Code   string          `json:"code,omitempty"`
	Text   string          `json:"text,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
}
