package client

import (
	"bytes"
	"encoding/json"
	"time"
)

// incoming is any message of the server.
type incoming struct {
	Type             string          `json:"type"`
	ReplyTo          *string         `json:"replyTo"`
	Version          uint64          `json:"version"`
	Lobby            *Lobby          `json:"lobby"`
	MatchData        *MatchData      `json:"matchData"`
	AccountID        string          `json:"accountId"`
	Username         string          `json:"username"`
	LobbyID          string          `json:"lobbyId"`
	MatchID          string          `json:"matchId"`
	Reason           string          `json:"reason"`
	Code             string          `json:"code"`
	Message          string          `json:"message"`
	Text             string          `json:"text"`
	At               int64           `json:"at"`
	Result           json.RawMessage `json:"result"`
	Kind             string          `json:"kind"`
	Payload          json.RawMessage `json:"payload"`
	RetryAfterMs     int64           `json:"retryAfterMs"`
	ReconnectAfterMs int64           `json:"reconnectAfterMs"`
}

func (m *incoming) error() *Error {
	code := m.Code
	switch {
	case code != "":
	case m.Type == "matchmaking:error":
		code = CodeMatchmaking
	default:
		code = "internal"
	}
	return &Error{Code: code, Message: m.Message, RetryAfter: time.Duration(m.RetryAfterMs) * time.Millisecond}
}

// TypeOf reads the type of a message whose type comes first, as Muster writes
// them; nil of any other.
func TypeOf(frame []byte) []byte {
	rest, ok := bytes.CutPrefix(frame, []byte(`{"type":"`))
	if !ok {
		return nil
	}
	kind, _, ok := bytes.Cut(rest, []byte{'"'})
	if !ok {
		return nil
	}
	return kind
}

// handle takes in one message. The frame is good until it returns.
func (c *Conn) handle(frame []byte) {
	if c.o.Raw != nil && c.o.Raw(frame) {
		return
	}
	if c.o.SkipLobbies && string(TypeOf(frame)) == "lobby:updated" {
		return
	}
	m := new(incoming)
	if json.Unmarshal(frame, m) != nil {
		return // not of this protocol
	}
	m.Lobby.complete()
	m.MatchData.complete()
	c.apply(m, frame)
	if m.ReplyTo != nil {
		c.answer(m, frame)
	}
}

// apply brings the state up to date and tells of the change.
func (c *Conn) apply(m *incoming, frame []byte) {
	switch m.Type {
	case "lobby:created", "lobby:updated":
		c.newer(m.Lobby)
	case "lobby:left":
		c.update(func(s *State) { s.Lobby = nil })
		c.emit(&LobbyChanged{})
	case "lobby:deleted":
		c.leave(m.LobbyID)
		c.emit(&LobbyDeleted{LobbyID: m.LobbyID, Reason: m.Reason})
	case "lobby:kicked":
		c.leave(m.LobbyID)
		c.emit(&Kicked{LobbyID: m.LobbyID, Reason: m.Reason})
	case "lobby:chat":
		c.emit(&Chat{LobbyID: m.LobbyID, AccountID: m.AccountID, Username: m.Username, Text: m.Text, At: m.At})
	case "notify":
		c.emit(&Notify{Kind: m.Kind, Payload: m.Payload, At: m.At})
	case "match:started":
		c.update(func(s *State) { s.Match = m.MatchData })
		c.emit(&MatchStarted{Match: m.MatchData})
	case "match:failed":
		if !c.over(m.MatchID) {
			return
		}
		c.emit(&MatchFailed{LobbyID: m.LobbyID, MatchID: m.MatchID, Code: m.Code, Message: m.Message})
	case "match:ended":
		if !c.over(m.MatchID) {
			return
		}
		if string(m.Result) == "null" {
			m.Result = nil
		}
		c.emit(&MatchEnded{MatchID: m.MatchID, Result: m.Result})
	case "server:draining":
		c.mu.Lock()
		c.drain = time.Duration(m.ReconnectAfterMs) * time.Millisecond
		c.mu.Unlock()
		c.emit(&Draining{ReconnectAfterMs: m.ReconnectAfterMs})
	case "error":
		switch {
		case m.ReplyTo != nil: // its caller is told
		case m.LobbyID != "" && !c.over(m.MatchID):
		case m.LobbyID != "":
			c.emit(&MatchFailed{LobbyID: m.LobbyID, MatchID: m.MatchID, Code: m.Code, Message: m.Message})
		default:
			c.emit(&ServerError{Err: m.error()})
		}
	case "matchmaking:cancelled", "matchmaking:error":
		if m.ReplyTo == nil {
			c.emit(&SearchEnded{Message: m.Message})
		}
	case "pong", "ack", "connected":
	default:
		if (m.Type == "rpc" || m.Type == "matchmaking:searching") && m.ReplyTo != nil {
			return // its caller is told
		}
		c.emit(&Other{Type: m.Type, Raw: bytes.Clone(frame)})
	}
}

// newer takes a lobby over unless it is an older version of the one we have.
func (c *Conn) newer(l *Lobby) {
	if l == nil {
		return
	}
	old := false
	c.update(func(s *State) {
		if old = s.Lobby != nil && s.Lobby.ID == l.ID && l.Version < s.Lobby.Version; !old {
			s.Lobby = l
		}
	})
	if !old {
		c.emit(&LobbyChanged{Lobby: l})
	}
}

// leave forgets the lobby if it is that one.
func (c *Conn) leave(id string) {
	left := false
	c.update(func(s *State) {
		if left = s.Lobby != nil && s.Lobby.ID == id; left {
			s.Lobby = nil
		}
	})
	if left {
		c.emit(&LobbyChanged{})
	}
}

// over forgets the match if it is that one. It reports false when it was told
// already: a server that died in the middle of telling tells it again.
func (c *Conn) over(id string) bool {
	c.mu.Lock()
	again := id != "" && c.ended == id
	c.ended = id
	c.mu.Unlock()
	c.update(func(s *State) {
		if s.Match != nil && s.Match.MatchID == id {
			s.Match = nil
		}
	})
	return !again
}
