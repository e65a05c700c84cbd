package wire

import (
	"strconv"
	"time"

	"github.com/muster-gg/muster/core/fault"
)

var (
	_ Message = Connected{}
	_ Message = Pong{}
	_ Message = LobbyCreated{}
	_ Message = LobbyUpdated{}
	_ Message = LobbyLeft{}
	_ Message = LobbyDeleted{}
	_ Message = LobbyKicked{}
	_ Message = LobbyChat{}
	_ Message = MatchStarted{}
	_ Message = MatchFailed{}
	_ Message = MatchEnded{}
	_ Message = MatchmakingSearching{}
	_ Message = MatchmakingCancelled{}
	_ Message = MatchmakingError{}
	_ Message = Ack{}
	_ Message = RpcAnswer{}
	_ Message = Notify{}
	_ Message = Draining{}
	_ Message = Error{}
)

// Append implements Message.
func (m Connected) Append(dst []byte, level int) []byte {
	dst = open(dst, "connected")
	dst = appendText(dst, "accountId", m.AccountID)
	dst = appendText(dst, "username", m.Username)
	if m.Lobby != nil {
		dst = m.Lobby.Append(appendKey(dst, "lobby"), level)
	}
	if m.MatchData != nil {
		dst = m.MatchData.Append(appendKey(dst, "matchData"), level)
	}
	return append(dst, '}')
}

// Append implements Message.
func (m Pong) Append(dst []byte, _ int) []byte { return end(open(dst, "pong"), m.ReplyTo) }

// Append implements Message.
func (m LobbyCreated) Append(dst []byte, level int) []byte {
	dst = m.Lobby.Append(appendKey(open(dst, "lobby:created"), "lobby"), level)
	return end(dst, m.ReplyTo)
}

// Append implements Message.
func (m LobbyUpdated) Append(dst []byte, level int) []byte {
	return append(m.Lobby.Append(appendKey(open(dst, "lobby:updated"), "lobby"), level), '}')
}

// Append implements Message.
func (m LobbyLeft) Append(dst []byte, _ int) []byte { return end(open(dst, "lobby:left"), m.ReplyTo) }

// Append implements Message.
func (m LobbyDeleted) Append(dst []byte, _ int) []byte {
	dst = appendText(open(dst, "lobby:deleted"), "lobbyId", m.LobbyID)
	return append(appendSome(dst, "reason", m.Reason), '}')
}

// Append implements Message.
func (m LobbyKicked) Append(dst []byte, _ int) []byte {
	dst = appendText(open(dst, "lobby:kicked"), "lobbyId", m.LobbyID)
	return append(appendSome(dst, "reason", m.Reason), '}')
}

// Append implements Message.
func (m LobbyChat) Append(dst []byte, _ int) []byte {
	dst = appendText(open(dst, "lobby:chat"), "lobbyId", m.LobbyID)
	dst = appendText(dst, "accountId", m.AccountID)
	dst = appendText(dst, "username", m.Username)
	dst = appendText(dst, "text", m.Text)
	return append(appendInt(dst, "at", m.At), '}')
}

// Append implements Message.
func (m MatchFailed) Append(dst []byte, _ int) []byte {
	dst = appendText(open(dst, "match:failed"), "lobbyId", m.LobbyID)
	dst = appendSome(dst, "matchId", m.MatchID)
	dst = appendText(dst, "code", m.Code)
	return append(appendText(dst, "message", m.Message), '}')
}

// Append implements Message.
func (m MatchEnded) Append(dst []byte, _ int) []byte {
	dst = appendText(open(dst, "match:ended"), "matchId", m.MatchID)
	return append(appendRaw(dst, "result", m.Result, "null"), '}')
}

// Append implements Message.
func (m MatchmakingSearching) Append(dst []byte, _ int) []byte {
	return end(appendText(open(dst, "matchmaking:searching"), "ticketId", m.TicketID), m.ReplyTo)
}

// Append implements Message.
func (m MatchmakingCancelled) Append(dst []byte, _ int) []byte {
	return end(open(dst, "matchmaking:cancelled"), m.ReplyTo)
}

// Append implements Message.
func (m MatchmakingError) Append(dst []byte, _ int) []byte {
	return end(appendText(open(dst, "matchmaking:error"), "message", m.Message), m.ReplyTo)
}

// Append implements Message.
func (m Ack) Append(dst []byte, _ int) []byte {
	dst = appendText(open(dst, "ack"), "replyTo", m.ReplyTo)
	if m.Version > 0 {
		dst = strconv.AppendUint(appendKey(dst, "version"), m.Version, 10)
	}
	return append(dst, '}')
}

// Append implements Message.
func (m RpcAnswer) Append(dst []byte, _ int) []byte {
	dst = appendText(open(dst, "rpc"), "name", m.Name)
	return end(appendRaw(dst, "payload", m.Payload, "null"), m.ReplyTo)
}

// Append implements Message.
func (m Notify) Append(dst []byte, _ int) []byte {
	dst = appendText(open(dst, "notify"), "kind", m.Kind)
	dst = appendRaw(dst, "payload", m.Payload, "null")
	return append(appendInt(dst, "at", m.At), '}')
}

// Append implements Message.
func (m Draining) Append(dst []byte, _ int) []byte {
	return append(appendInt(open(dst, "server:draining"), "reconnectAfterMs", m.ReconnectAfterMs), '}')
}

// NewError is the `error` that tells of err: its code, its public text, and the time
// to wait, rounded up.
func NewError(err *fault.Error, replyTo string) Error {
	return Error{
		Message: err.Text, Code: err.Code, ReplyTo: replyTo,
		RetryAfterMs: int64((err.RetryAfter + time.Millisecond - 1) / time.Millisecond),
	}
}

// Append implements Message.
func (m Error) Append(dst []byte, _ int) []byte {
	dst = appendText(open(dst, "error"), "message", m.Message)
	dst = appendText(dst, "code", m.Code)
	if m.RetryAfterMs > 0 {
		dst = appendInt(dst, "retryAfterMs", m.RetryAfterMs)
	}
	dst = appendSome(dst, "lobbyId", m.LobbyID)
	dst = appendSome(dst, "matchId", m.MatchID)
	return end(dst, m.ReplyTo)
}
