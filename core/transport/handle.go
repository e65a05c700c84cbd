package transport

import (
	"context"
	"errors"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/session"
	"github.com/muster-gg/muster/core/wire"
)

// errPanic stands for a defect in the count of messages.
var errPanic = fault.New("panic", "")

// handle takes up one message and answers it. It returns when what the message
// asked for is saved or refused.
func (k *socket) handle(kind int, text []byte) {
	var req wire.Request
	defer func() {
		// A defect costs one message, not the process.
		if p := recover(); p != nil {
			k.game.log.Error("message panicked", zap.String("type", req.Type), zap.Any("panic", p), zap.Stack("stack"))
			k.count(req.Type, errPanic)
			k.sayError(fault.Internal, req.ID)
		}
	}()
	err := k.allow(len(text))
	if err == nil || len(text) <= 4<<10 { // a refused giant is not worth reading
		var malformed error
		if kind != websocket.TextMessage {
			malformed = wire.ErrInvalidMessage
		} else {
			req, malformed = wire.Decode(text)
		}
		if err == nil {
			err = malformed
		}
	}
	if err == nil {
		err = k.dispatch(k.Context(), req)
	}
	k.count(req.Type, err)
	if err != nil {
		k.sayError(err, req.ID)
	}
}

// allow charges a message to the socket's limits.
func (k *socket) allow(size int) error {
	l := k.server.limits
	if l.Disabled {
		return nil
	}
	now := time.Now()
	wait := k.messages.take(l.Messages, 1+size>>12, now)
	if wait == 0 {
		return nil
	}
	if k.floods.take(l.Floods, 1, now) > 0 {
		k.Close(wire.CloseFlood, "too many messages")
	}
	return rateLimited(wait)
}

// count notes the outcome and logs what is the server's own fault.
func (k *socket) count(kind string, err error) {
	outcome := "ok"
	if err != nil {
		f := fault.From(err)
		outcome = f.Code
		if f.Code == fault.Internal.Code {
			k.game.log.Error("message failed", zap.String("type", kind), zap.String("account", k.Account()), zap.Error(f))
		}
	}
	if kind == "" {
		kind = "unknown" // never what the client sent
	}
	k.server.metrics.messages.WithLabelValues(k.Game(), kind, outcome).Inc()
}

// dispatch does what a message asks for. Its error is the answer.
func (k *socket) dispatch(ctx context.Context, req wire.Request) error {
	lobbies, who := k.game.Lobbies, k.who()
	switch b := req.Body.(type) {
	case *wire.Ping:
		k.say(wire.Pong{ReplyTo: req.ID})
		return nil
	case *wire.Create:
		return k.create(ctx, req.ID, b)
	case *wire.Join:
		return k.join(ctx, req.ID, b)
	case *wire.Leave:
		return k.alone(ctx, func() error { return lobbies.Leave(ctx, who, k.left(req.ID)) })
	case *wire.Ready:
		return k.answer(req.ID)(lobbies.Ready(ctx, who, b.Ready))
	case *wire.Team:
		return k.answer(req.ID)(lobbies.Team(ctx, who, b.Team))
	case *wire.Update:
		return k.answer(req.ID)(lobbies.Update(ctx, who, lobby.Change{
			Name: b.Name, IsPrivate: b.IsPrivate, MaxPlayers: b.MaxPlayers,
			Password: b.Password, Properties: lobby.Properties(b.Properties),
		}))
	case *wire.Kick:
		return k.answer(req.ID)(lobbies.Kick(ctx, who, b.AccountID))
	case *wire.Promote:
		return k.answer(req.ID)(lobbies.Promote(ctx, who, b.AccountID))
	case *wire.FillBots:
		return k.answer(req.ID)(lobbies.FillBots(ctx, who, b.PerTeam))
	case *wire.Start:
		res, err := k.game.Matches.Start(ctx, who, b.Region)
		if err == nil {
			k.game.stopSearching(res.Lobby)
		}
		return k.answer(req.ID)(res, err)
	case *wire.CancelStart:
		return k.answer(req.ID)(lobbies.CancelStart(ctx, who))
	case *wire.Chat:
		return k.answer(req.ID)(lobbies.Chat(ctx, who, b.Text))
	case *wire.Rpc:
		return k.rpc(ctx, req.ID, b)
	case *wire.Latency:
		return k.latency(ctx, req.ID, b)
	case *wire.MatchmakingFind:
		return k.find(req.ID, b)
	case *wire.MatchmakingCancel:
		k.cancelSearch(req.ID)
		return nil
	}
	return wire.ErrUnknownType
}

// answer replies to a command whose effect followers were told already: with the
// current lobby when it changed nothing, and with an ack when it had an id.
func (k *socket) answer(replyTo string) func(lobby.Result, error) error {
	return func(res lobby.Result, err error) error {
		if err != nil {
			return err
		}
		if !res.Changed && res.Lobby != nil {
			k.SendCurrent(snapshotFrame(res.Snapshot, k.Level()))
		}
		if replyTo != "" {
			k.say(wire.Ack{ReplyTo: replyTo, Version: res.Version})
		}
		return nil
	}
}

// alone runs a command that changes which lobby the account's sockets follow.
// Where an account may have several, they must not do that at the same time, nor
// while another one is being opened or closed.
func (k *socket) alone(ctx context.Context, command func() error) error {
	if k.game.policy != session.Allow {
		return command()
	}
	unlock, err := k.server.registry.Lock(ctx, k.Game(), k.Account())
	if err != nil {
		return err
	}
	defer unlock()
	return command()
}

func (k *socket) create(ctx context.Context, replyTo string, b *wire.Create) error {
	return k.alone(ctx, func() error {
		_, err := k.game.Lobbies.Create(ctx, k.who(), lobby.Draft{
			Name: b.Name, IsPrivate: b.IsPrivate, MaxPlayers: b.MaxPlayers,
			Password: b.Password, Properties: lobby.Properties(b.Properties),
		}, k.created(replyTo))
		return err
	})
}

// join charges a wrong code or password to the player and his address.
func (k *socket) join(ctx context.Context, replyTo string, b *wire.Join) error {
	right, err := func() {}, error(nil)
	if b.Code != "" || b.Password != "" {
		right, err = k.server.limits.guess(k.from, player{k.Game(), k.Account()})
		if err != nil {
			return err
		}
	}
	return k.alone(ctx, func() error {
		res, err := k.game.Lobbies.Join(ctx, k.who(), lobby.JoinRequest{
			Code: b.Code, LobbyID: b.LobbyID, Team: b.Team, Password: b.Password,
		}, k.joined)
		if !errors.Is(err, lobby.ErrNotFound) && !errors.Is(err, lobby.ErrWrongPassword) {
			right()
		}
		return k.answer(replyTo)(res, err)
	})
}
