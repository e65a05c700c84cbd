package lobby

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/muster-gg/muster/core/broadcast"
	"github.com/muster-gg/muster/core/state"
)

var (
	_ state.Value       = (*Lobby)(nil)
	_ state.Value       = (*Seat)(nil)
	_ state.Value       = codeRef("")
	_ broadcast.Payload = (*Update)(nil)
)

// The kinds of documents that lobbies keep in core/state.
const (
	KindLobby = "lobby" // id → Lobby
	KindSeat  = "seat"  // account id → Seat
	KindCode  = "code"  // six digits → lobby id
)

// maxNotices bounds what waits for an absent player; the oldest goes first.
const maxNotices = 8

// noticeLife is how long notices wait for a player who has no seat any more.
const noticeLife = time.Hour

// Seat says where a player sits, and what he has to be told when he is back.
type Seat struct {
	// LobbyID is empty when only notices are kept.
	LobbyID string   `json:"lobby,omitempty"`
	Notices []Notice `json:"notices,omitempty"`
}

// AppendState encodes the lobby for a journal or another node.
func (l *Lobby) AppendState(dst []byte) ([]byte, error) { return state.AppendJSON(dst, l) }

// write replaces a seat's document; one that says nothing is deleted.
func (s *Seat) write(d state.Doc, now time.Time) state.Write {
	w := state.Write{Key: d.Key, Expect: d.Version}
	switch {
	case s.LobbyID != "":
		w.Value = s
	case len(s.Notices) > 0:
		w.Value, w.Deadline = s, now.Add(noticeLife)
	}
	return w
}

// AppendState encodes the seat.
func (s *Seat) AppendState(dst []byte) ([]byte, error) { return state.AppendJSON(dst, s) }

// codeRef is the value of a code document: the lobby's id.
type codeRef string

// AppendState appends the id itself.
func (c codeRef) AppendState(dst []byte) ([]byte, error) { return append(dst, c...), nil }

// AppendPayload encodes the update for other nodes.
func (u *Update) AppendPayload(dst []byte) ([]byte, error) { return state.AppendJSON(dst, u) }

// DecodeUpdate is the reverse of AppendPayload.
func DecodeUpdate(b []byte) (*Update, error) {
	u := new(Update)
	if err := json.Unmarshal(b, u); err != nil {
		return nil, fmt.Errorf("lobby: update: %w", err)
	}
	return u, nil
}

// decodeLobby returns the lobby in a document; nil when it is absent.
func decodeLobby(d state.Doc) (*Lobby, error) { return state.Decode[Lobby](d) }

// decodeSeat returns the seat in a document; an absent one is empty.
func decodeSeat(d state.Doc) (*Seat, error) {
	seat, err := state.Decode[Seat](d)
	if seat == nil && err == nil {
		seat = &Seat{}
	}
	return seat, err
}

func decodeCode(d state.Doc) (lobbyID string, err error) {
	switch v := d.Value.(type) {
	case nil:
		return "", nil
	case codeRef:
		return string(v), nil
	case state.Raw:
		return string(v), nil
	}
	return "", fmt.Errorf("lobby: document %s holds a %T", d.Key, d.Value)
}
