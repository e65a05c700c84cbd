package transport

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/gorilla/websocket"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/session"
	"github.com/muster-gg/muster/core/wire"
)

const (
	// readBuffer is what each socket keeps for reading.
	readBuffer = 512
	// bearerProtocol is the subprotocol under which browsers can send a token in a header.
	bearerProtocol = "bearer"
)

// getSocket is GET /_ws. The handler returns when the player has been welcomed;
// a goroutine of its own, small and counted by Server.sockets, reads on.
func (s *Server) getSocket(w http.ResponseWriter, r *http.Request, m matched) error {
	if !websocket.IsWebSocketUpgrade(r) {
		return errUpgrade
	}
	if !s.origins.connect(r) {
		return errOrigin
	}
	if !s.enter() {
		return fault.Draining.After(reconnectAfter)
	}
	from := network(s.proxies.client(r.RemoteAddr, r.Header))
	if err := s.limits.connect(from); err != nil {
		s.leave()
		return err
	}
	k, err := s.upgrade(w, r, m.game)
	if err != nil {
		s.limits.disconnect(from)
		s.leave()
		if errors.Is(err, errAnswered) {
			return nil
		}
		return err
	}
	k.from = from
	// Deep calls end here: the goroutine that waits for the player stays small.
	k.open()
	go k.run()
	return nil
}

// errAnswered: the upgrader has answered the request itself.
var errAnswered = errors.New("transport: answered")

// upgrade makes the socket. Whoever has no good token gets one, too, to be told so.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, g *game) (*socket, error) {
	query := r.URL.Query()
	who, token, refusal := s.who(r.Context(), g, socketToken(r, query))
	conn := &socketConn{}
	up := websocket.Upgrader{
		ReadBufferSize: readBuffer, WriteBufferPool: unusedPool{}, Subprotocols: []string{bearerProtocol},
		HandshakeTimeout: 5 * time.Second,
		CheckOrigin:      func(*http.Request) bool { return true }, // checked before
		Error: func(_ http.ResponseWriter, _ *http.Request, status int, reason error) {
			s.writeError(w, r, errUpgrade.With(reason))
		},
	}
	ws, err := up.Upgrade(hijacker{w, conn}, r, nil)
	if err != nil {
		if conn.Conn != nil { // too late for an answer
			_ = conn.Conn.Close()
		}
		return nil, errAnswered
	}
	ws.SetReadLimit(wire.MaxFrame)
	k := &socket{server: s, game: g, ws: ws, token: token, refusal: refusal}
	k.Session = s.registry.New(s.ctx, conn.Conn, who, levelOf(query))
	ws.SetPingHandler(k.pinged)
	conn.session = k.Session
	return k, nil
}

// socketToken finds the token of an upgrade request.
func socketToken(r *http.Request, query url.Values) string {
	if token := query.Get("token"); token != "" {
		return token
	}
	if token := bearer(r.Header); token != "" {
		return token
	}
	offered := websocket.Subprotocols(r)
	for i := range len(offered) - 1 {
		if offered[i] == bearerProtocol {
			return offered[i+1]
		}
	}
	return ""
}

// who checks a token. With a refusal the player is unknown.
func (s *Server) who(ctx context.Context, g *game, token string) (session.Player, string, error) {
	nobody := session.Player{Game: g.Name}
	if token == "" {
		return nobody, "", errTokenRequired
	}
	claims, err := g.Identity.Verify(ctx, token)
	if err != nil {
		return nobody, "", err
	}
	account, err := g.account(ctx, claims)
	if err != nil {
		return nobody, "", err
	}
	return session.Player{
		Game: g.Name, AccountID: account.ID, Username: account.Username, SID: claims.SID, Expires: claims.ExpiresAt,
	}, token, nil
}

// unusedPool keeps the WebSocket library from giving each socket a write buffer:
// frames are written by the session alone.
type unusedPool struct{}

func (unusedPool) Get() any { return nil }
func (unusedPool) Put(any)  {}

// hijacker hands the connection out wrapped, so that all that the WebSocket
// library writes after the handshake goes through the session.
type hijacker struct {
	http.ResponseWriter
	conn *socketConn
}

// Hijack implements http.Hijacker.
func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.conn.Conn = conn
	return h.conn, rw, nil
}

// socketConn is a connection as the WebSocket library sees it. Once it has a
// session, whose goroutines alone write to the real one, written control frames
// are queued there and deadlines are the session's business.
type socketConn struct {
	net.Conn
	session *session.Session
}

// Read implements net.Conn.
func (c *socketConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && c.session != nil {
		c.session.Touch()
	}
	return n, err
}

// Write implements net.Conn. p is a whole frame: the library writes nothing but
// control frames, each at once.
func (c *socketConn) Write(p []byte) (int, error) {
	if c.session == nil {
		return c.Conn.Write(p)
	}
	if len(p) >= 2 && p[0]&0xf == websocket.CloseMessage {
		code, reason := websocket.CloseNoStatusReceived, ""
		if len(p) >= 4 {
			code, reason = int(binary.BigEndian.Uint16(p[2:])), string(p[4:])
		}
		c.session.Close(code, reason)
		return len(p), nil
	}
	c.session.Control(append([]byte(nil), p...))
	return len(p), nil
}

// SetWriteDeadline implements net.Conn.
func (c *socketConn) SetWriteDeadline(t time.Time) error {
	if c.session == nil {
		return c.Conn.SetWriteDeadline(t)
	}
	return nil
}
