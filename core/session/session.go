// Package session is who is connected to this node: a bounded outbound queue for
// each socket, and a registry that knows them by account. It knows nothing of the
// messages themselves.
package session

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-gg/muster/core/broadcast"
)

// Close codes that this package closes sockets with (see the protocol's list).
const (
	CodeDraining = 1001
	CodeToken    = 4401
	CodeIdle     = 4408
	CodeReplaced = 4409
	CodeSlow     = 4413
	// codeGone is never sent: the peer went away without a close frame.
	codeGone = 1006
)

// Player is whose socket it is.
type Player struct {
	Game, AccountID, Username string
	// SID is the sign-in that the socket's token belongs to.
	SID string
	// Expires is when the token ends; zero: never.
	Expires time.Time
}

// Limits bound what waits for one socket. Zero values mean the defaults.
type Limits struct {
	// Queue is how many bytes may wait for long; default 1 MiB.
	Queue int
	// Hard is how many bytes may wait at all; default 4 × Queue.
	Hard int
	// Grace is how long more than Queue bytes may wait; default 5 s.
	Grace time.Duration
	// Stall is how long a single write may take at least; default 15 s.
	Stall time.Duration
	// Flush is how long what waits, the close frame included, may take to be
	// written after Close; default 2 s.
	Flush time.Duration
	// Linger is how long the peer's own close is awaited after that; default 1 s.
	Linger time.Duration
}

func (l Limits) withDefaults() Limits {
	if l.Queue <= 0 {
		l.Queue = 1 << 20
	}
	if l.Hard <= 0 {
		l.Hard = 4 * l.Queue
	}
	if l.Grace <= 0 {
		l.Grace = 5 * time.Second
	}
	if l.Stall <= 0 {
		l.Stall = 15 * time.Second
	}
	if l.Flush <= 0 {
		l.Flush = 2 * time.Second
	}
	if l.Linger <= 0 {
		l.Linger = time.Second
	}
	return l
}

// Session is one socket: who it belongs to and what waits to be written to it.
// All methods may be called from any goroutine. Exactly one goroutine owns it:
// the one that reads the socket, which calls End when it is done.
type Session struct {
	registry   *Registry
	conn       net.Conn
	game       string
	account    string
	sid        string
	expires    int64 // ms since 1970; 0: never
	generation uint64
	level      int

	ctx    context.Context
	cancel context.CancelFunc
	seen   atomic.Int64 // ms since 1970: when bytes came last
	// busy is held while a message of this socket is handled.
	busy sync.Mutex
	next *Session // another socket of the account; guarded by the registry's shard

	mu       sync.Mutex
	username string
	greeted  bool
	outbox
}

var _ broadcast.Subscriber = (*Session)(nil)

// New makes the session of a socket. It is in no list before Admit. conn is the
// raw connection, to which nobody else may write from now on. ctx is the parent
// of the session's own context. The caller must see to it that End is called.
func (r *Registry) New(ctx context.Context, conn net.Conn, p Player, level int) *Session {
	s := &Session{
		registry: r, conn: conn, game: p.Game, account: p.AccountID, sid: p.SID,
		generation: r.generations.Add(1), level: level, username: p.Username,
	}
	if !p.Expires.IsZero() {
		s.expires = p.Expires.UnixMilli()
	}
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.Touch()
	return s
}

// Game is the game that the socket belongs to.
func (s *Session) Game() string { return s.game }

// Account is the account's id; with Level and Send it makes the session a
// subscriber of broadcasts.
func (s *Session) Account() string { return s.account }

// Level is the protocol level that the client speaks.
func (s *Session) Level() int { return s.level }

// SID is the sign-in that the socket's token belongs to.
func (s *Session) SID() string { return s.sid }

// Generation is larger than that of every session made before on this node.
func (s *Session) Generation() uint64 { return s.generation }

// Context ends when the session is closed.
func (s *Session) Context() context.Context { return s.ctx }

// Username is the account's name as far as this socket knows.
func (s *Session) Username() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.username
}

// Touch notes that bytes came from the peer just now.
func (s *Session) Touch() { s.seen.Store(time.Now().UnixMilli()) }

// Greet marks the session as one whose peer has been welcomed: from now on the
// account's other sockets may subscribe it to what they do.
func (s *Session) Greet() {
	s.mu.Lock()
	s.greeted = true
	s.mu.Unlock()
}

// Greeted reports whether Greet was called.
func (s *Session) Greeted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.greeted
}

// Begin is called before a message of this socket is handled. When it returns
// true, Done must follow; false says that the session is closed.
func (s *Session) Begin() bool {
	s.busy.Lock()
	if s.Closed() {
		s.busy.Unlock()
		return false
	}
	return true
}

// Done ends what Begin began.
func (s *Session) Done() { s.busy.Unlock() }

// Quiesce waits until no message of a closed session is being handled any more.
func (s *Session) Quiesce() {
	s.busy.Lock()
	//lint:ignore SA2001 the empty section is the wait
	s.busy.Unlock()
}
