// Package transport is the outer door: HTTP routes, WebSockets and their limits.
// It turns what clients send into commands of the rooms below, and what those
// answer into the client protocol. It owns no game state.
package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/session"
	"github.com/muster-gg/muster/sdk/js"
)

// Game is one game that a Server serves.
type Game struct {
	// Name is what stands in addresses; Title is for people (default: Name).
	Name, Title string
	// Auth are the names of the sign-in providers, for the index page.
	Auth []string
	// Web is the folder of the game's web client, served at /games/{Name}/play/; may be empty.
	Web string
	// Duplicate is what a second socket of an account does: "replace" (default), "refuse", "allow".
	Duplicate string

	Identity Identity
	Lobbies  Lobbies
	Matches  Matches
	// Matchmaking finds matches; nil: the game has no queue.
	Matchmaking Matchmaking
	// Latencies keeps what clients measure; nil: nobody wants it.
	Latencies Latencies
	// Rpc answers calls by name; nil: there are none.
	Rpc Rpc
	// Servers answers GameFlow's allocation call; nil: the game does not lend any.
	Servers Servers
	// Events is told of sockets; may be nil.
	Events Events
}

// Check is the state of one part that a node needs.
type Check struct {
	Name string
	// Err is nil while the part works. Its text is shown on the admin listener only.
	Err error
	// Detail is what else there is to say, on the admin listener only; may be empty.
	Detail string
	// Optional: the node is ready without it, and only the admin listener shows it.
	Optional bool
}

// Options make a Server. Games, Hub and Registry are required.
type Options struct {
	Games []Game
	// DefaultGame answers at the root as well; may be empty.
	DefaultGame string
	// PublicURL is how the world reaches the server, without a slash at its end.
	PublicURL string
	// Development lets pages of any origin in.
	Development bool
	// Origins are the web origins that may call and connect outside development.
	Origins []string
	// TrustedProxies may name the player's address in X-Forwarded-For.
	TrustedProxies []netip.Prefix
	Limits         Limits
	Hub            Hub
	Registry       *session.Registry
	// Watch says how silent sockets are dealt with.
	Watch   session.WatchOptions
	Version string
	Logger  *zap.Logger           // may be nil
	Metrics prometheus.Registerer // may be nil
	// Ready lists the parts that the node needs. May be nil.
	Ready func(ctx context.Context) []Check
}

// Server answers players. Its Handler may be used from any number of goroutines.
type Server struct {
	version     string
	publicURL   string
	games       map[string]*game
	order       []*game
	defaultGame *game
	origins     *origins
	proxies     proxies
	limits      *limiters
	hub         Hub
	registry    *session.Registry
	sdk         asset
	ready       func(ctx context.Context) []Check
	log         *zap.Logger
	metrics     *metrics
	index       []byte // the page of GET /

	ctx    context.Context // the parent of every session's
	cancel context.CancelFunc
	watch  sync.WaitGroup

	mu       sync.Mutex
	draining bool
	sockets  sync.WaitGroup // upgrades and readers; guarded by mu against late ones
}

// New checks the options and returns a server. It starts the goroutine that looks
// after silent sockets; Drain ends it.
func New(o Options) (*Server, error) {
	if len(o.Games) == 0 || o.Hub == nil || o.Registry == nil {
		return nil, errors.New("transport: Games, Hub and Registry are required")
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	limits, err := newLimiters(o.Limits)
	if err != nil {
		return nil, err
	}
	s := &Server{
		version: o.Version, publicURL: o.PublicURL, games: make(map[string]*game, len(o.Games)),
		origins: newOrigins(o.Development, o.Origins), proxies: o.TrustedProxies, limits: limits,
		hub: o.Hub, registry: o.Registry, ready: o.Ready, log: o.Logger, sdk: newAsset(js.Client),
	}
	for _, g := range o.Games {
		built, err := newGame(g, s.log)
		if err != nil {
			return nil, errors.Join(err, s.closeGames())
		}
		s.games[g.Name] = built
		s.order = append(s.order, built)
	}
	if o.DefaultGame != "" {
		if s.defaultGame = s.games[o.DefaultGame]; s.defaultGame == nil {
			return nil, errors.Join(fmt.Errorf("transport: DefaultGame %q is not one of the games", o.DefaultGame), s.closeGames())
		}
	}
	if s.index, err = s.renderIndex(); err != nil {
		return nil, errors.Join(err, s.closeGames())
	}
	if s.metrics, err = newMetrics(o.Metrics, o.Registry); err != nil {
		return nil, errors.Join(err, s.closeGames())
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.watch.Go(func() { s.registry.Watch(s.ctx, o.Watch) })
	return s, nil
}

// Handler answers the public listener.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }

// enter counts a socket in; false while the server drains. leave must follow.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return false
	}
	s.sockets.Add(1)
	return true
}

func (s *Server) leave() { s.sockets.Done() }

func (s *Server) isDraining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining
}

// reconnectAfter is what clients are told to wait before they come back.
const reconnectAfter = 2 * time.Second

// Announce tells every socket that the node is about to end, and refuses new
// ones. Those that are open go on. Drain calls it if nobody has.
func (s *Server) Announce() {
	s.mu.Lock()
	again := s.draining
	s.draining = true
	s.mu.Unlock()
	if !again {
		s.registry.Tell(drainingFrame())
	}
}

// Drain closes every socket with 1001 after what waits for it, and returns when
// all of them have ended and their players are marked as away. When ctx ends
// first they are cut off and ctx's error is returned, still after all have ended.
func (s *Server) Drain(ctx context.Context) error {
	s.Announce()
	s.registry.Drain()
	ended := make(chan struct{})
	go func() { s.sockets.Wait(); close(ended) }()
	var err error
	select {
	case <-ended:
	case <-ctx.Done():
		err = ctx.Err()
		s.cancel()
		for k := range s.registry.Each {
			k.Abort()
		}
		<-ended
	}
	s.cancel()
	s.watch.Wait()
	return errors.Join(err, s.closeGames())
}

// Checks lists the parts that the node needs, and whether it drains.
func (s *Server) Checks(ctx context.Context) []Check {
	var list []Check
	if s.ready != nil {
		list = s.ready(ctx)
	}
	if s.isDraining() {
		list = append(list, Check{Name: "draining", Err: errors.New("the node is about to end")})
	}
	return list
}

func (s *Server) closeGames() error {
	var errs []error
	for _, g := range s.order {
		errs = append(errs, g.close())
	}
	return errors.Join(errs...)
}
