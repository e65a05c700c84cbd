package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/broadcast"
	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/session"
	"github.com/muster-gg/muster/core/wire"
)

// Close codes that are not of the protocol's own.
const (
	closeTryAgain = 1013
	closeInternal = 1011
)

// errDuplicate is told to a second socket of an account where the game refuses it.
var errDuplicate = fault.New("already_connected", "Already connected")

// socket is one WebSocket: the side that reads and handles. Its session is the
// side that writes.
type socket struct {
	*session.Session
	server *Server
	game   *game
	ws     *websocket.Conn
	from   netip.Prefix
	// token and refusal matter until the socket is open; refusal is why it never will be.
	token    string
	refusal  error
	admitted bool
	told     bool // that it is open

	messages, floods bucket
}

// who is the player, for commands.
func (k *socket) who() lobby.Who {
	return lobby.Who{AccountID: k.Account(), Username: k.Username()}
}

// say queues a message for this socket alone.
func (k *socket) say(m wire.Message) { k.Send(frame(m, k.Level())) }

// sayError queues an error.
func (k *socket) sayError(err error, replyTo string) {
	f := fault.From(err)
	k.say(wire.Error{Message: f.Text, Code: f.Code, ReplyTo: replyTo, RetryAfterMs: f.RetryAfter.Milliseconds()})
}

// refuse tells why and closes.
func (k *socket) refuse(err error) {
	f := fault.From(err)
	code := closeTryAgain
	switch f.Code {
	case wire.CodeInvalidToken, wire.CodeTokenRequired:
		code = wire.CloseToken
	case errDuplicate.Code:
		code = wire.CloseReplaced
	case wire.CodeDraining:
		code = wire.CloseGoingAway
	}
	if code == closeTryAgain {
		k.game.log.Warn("socket could not be opened", zap.String("account", k.Account()), zap.Error(f))
	}
	k.sayError(f, "")
	k.Close(code, f.Text)
}

// open registers the socket, marks the player as connected and welcomes him.
// It is called once, before run.
func (k *socket) open() {
	defer func() {
		// A defect costs this socket; run still takes it out again.
		if p := recover(); p != nil {
			k.game.log.Error("opening a socket panicked", zap.Any("panic", p), zap.Stack("stack"))
			k.refuse(fault.Internal)
		}
	}()
	err := k.refusal
	if err == nil {
		err = k.admit()
	}
	k.token, k.refusal = "", nil
	if err != nil {
		k.refuse(err)
		return
	}
	if k.game.Events != nil {
		k.told = true
		k.game.Events.SessionOpened(k.Account(), k.Username())
	}
}

func (k *socket) admit() error {
	s, ctx := k.server, k.Context()
	unlock, err := s.registry.Lock(ctx, k.Game(), k.Account())
	if err != nil {
		return err
	}
	defer unlock()
	if err := s.registry.Admit(k.Session, k.game.policy); errors.Is(err, session.ErrRefused) {
		return errDuplicate
	}
	k.admitted = true
	s.metrics.sockets.WithLabelValues(k.Game()).Inc()
	// From here on whatever ends sign-ins or the node finds this socket. What
	// happened between the first look and now is seen here.
	if s.isDraining() {
		return fault.Draining
	}
	if _, err := k.game.Identity.Verify(ctx, k.token); err != nil {
		return err
	}
	missed := k.game.missed(ctx, k.Account())
	_, err = k.game.Lobbies.Connect(ctx, k.who(), func(ret lobby.Return) { k.welcome(ret, missed) })
	return err
}

// run reads until the connection ends, then takes the socket out. It is the
// socket's own goroutine.
func (k *socket) run() {
	defer k.server.leave()
	k.read()
	k.gone()
}

// read handles what comes until the connection or the session has ended. After
// the session was closed, what comes is dropped until the peer has had its moment
// to close as well.
func (k *socket) read() {
	for {
		kind, r, err := k.ws.NextReader()
		if err == nil {
			err = k.message(kind, r)
		}
		if err != nil {
			if said := new(websocket.CloseError); k.Closed() && !errors.As(err, &said) {
				// The peer has more to say. The rest is thrown away so that the close frame is not lost with it.
				_, _ = io.Copy(io.Discard, k.ws.NetConn())
			}
			return
		}
	}
}

// frames are buffers for messages being read.
var frames = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// message reads one message and handles it. The error is the connection's.
func (k *socket) message(kind int, r io.Reader) error {
	buf := frames.Get().(*bytes.Buffer)
	defer func() {
		if buf.Cap() <= 4<<10 { // large ones are rare
			buf.Reset()
			frames.Put(buf)
		}
	}()
	if _, err := buf.ReadFrom(r); err != nil {
		return err
	}
	if k.Begin() {
		defer k.Done()
		k.handle(kind, buf.Bytes())
	}
	return nil
}

// pinged answers a ping. Pings count as messages, so that they cannot flood either.
func (k *socket) pinged(data string) error {
	if !k.server.limits.Disabled {
		now := time.Now()
		if k.messages.take(k.server.limits.Messages, 1, now) > 0 && k.floods.take(k.server.limits.Floods, 1, now) > 0 {
			k.Close(wire.CloseFlood, "too many messages")
			return nil
		}
	}
	k.Control(append([]byte{0x80 | websocket.PongMessage, byte(len(data))}, data...))
	return nil
}

// gone takes the socket out of everything. The player is away when it was his last.
func (k *socket) gone() {
	s := k.server
	if !k.Closed() {
		k.Abort()
	}
	if k.Account() != "" {
		k.depart()
	}
	k.End()
	if k.told {
		k.game.Events.SessionClosed(k.Account(), k.Username(), k.CloseCode())
	}
	k.game.log.Debug("socket ended", zap.String("account", k.Account()), zap.Int("code", k.CloseCode()))
	s.limits.disconnect(k.from)
}

func (k *socket) depart() {
	s := k.server
	// What the player asked for last is his right even while the node drains.
	ctx, cancel := context.WithTimeout(context.Background(), seatTimeout)
	defer cancel()
	unlock, err := s.registry.Lock(ctx, k.Game(), k.Account())
	if err != nil {
		// Whoever holds the section has not let go for long. The session must go all the same.
		k.game.log.Error("a socket could not be taken out in order", zap.String("account", k.Account()), zap.Error(err))
		unlock = func() {}
	}
	defer unlock()
	s.hub.Unsubscribe(ctx, k.Session)
	removed, left := s.registry.Remove(k.Session)
	if k.admitted {
		s.metrics.sockets.WithLabelValues(k.Game()).Dec()
	}
	if !removed || left > 0 {
		return
	}
	if err := s.persist(ctx, func() error { return k.game.Lobbies.Disconnect(ctx, k.who()) }); err != nil {
		k.game.log.Error("a player could not be marked as away", zap.String("account", k.Account()), zap.Error(err))
	}
}

// subscribe lets a session follow a lobby. A socket that cannot follow would miss
// what happens, so it is closed and comes back.
func (s *Server) subscribe(k *session.Session, lobbyID string, since uint64) {
	err := s.hub.Subscribe(s.ctx, broadcast.Topic{Game: k.Game(), ID: lobbyID}, k, since)
	if err != nil {
		s.log.Error("a socket could not follow its lobby", zap.String("game", k.Game()), zap.String("lobby", lobbyID), zap.Error(err))
		k.Close(closeInternal, "internal error")
	}
}
