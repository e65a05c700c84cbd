// Package identity is who players are: sign-in through providers, accounts, access
// and refresh tokens of ONE game. Every game has a Service of its own, and a token
// or account of one means nothing to another.
package identity

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/store"
)

// Store is what a Service keeps its accounts and sign-ins in.
type Store interface {
	store.Accounts
	store.SignIns
	store.Histories
	// ListEntries is that of store.Storage, for exports.
	ListEntries(ctx context.Context, game, scope, prefix, after string, limit int) ([]store.Entry, error)
}

// Options say what a Service is made of.
type Options struct {
	// Game is the game's name. Required.
	Game string
	// Secret is the server's secret, at least MinSecret bytes; the same on all nodes.
	Secret []byte
	// AccessTTL is how long an access token lives, RefreshTTL how long a sign-in
	// lives after its last refresh. Zero means 720 h and 2160 h. RefreshTTL must not
	// be below AccessTTL: no token may outlive its sign-in.
	AccessTTL, RefreshTTL time.Duration
	// Store is required; it outlives the Service.
	Store Store
	// Providers by name, as in POST /auth/{name}.
	Providers map[string]Provider
	// Logger may be nil.
	Logger *zap.Logger
	// OnRevoked is called after sign-ins of an account ended, in the goroutine that
	// ended them and before its call returns: close their sockets, tell other nodes
	// (which call Forget). It must not block for long. May be nil.
	OnRevoked func(ctx context.Context, game, accountID string, sids []string)
	// OnCreated is called after the first sign-in of a new account, in its goroutine
	// and before it returns. It must not block for long. May be nil.
	OnCreated func(ctx context.Context, account store.Account, identity store.Identity)
	// CacheSize is how many sign-ins are remembered as live or ended; of accounts it
	// is a quarter of that. Zero means 32768.
	CacheSize int
}

// Service is the accounts and tokens of one game. Its methods may be called from
// any goroutine; the errors they return are *fault.Error.
type Service struct {
	game                  string
	accessTTL, refreshTTL time.Duration
	store                 *accounts
	providers             map[string]Provider
	logger                *zap.Logger
	onRevoked             func(ctx context.Context, game, accountID string, sids []string)
	onCreated             func(ctx context.Context, account store.Account, identity store.Identity)
	tokens                *accessTokens
	live                  *liveness
}

// New checks the options and returns a Service. It starts no goroutine.
func New(o Options) (*Service, error) {
	if o.AccessTTL == 0 {
		o.AccessTTL = 720 * time.Hour
	}
	if o.RefreshTTL == 0 {
		o.RefreshTTL = max(2160*time.Hour, o.AccessTTL)
	}
	if o.CacheSize == 0 {
		o.CacheSize = 32768
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	switch {
	case o.Game == "":
		return nil, errors.New("identity: Game is required")
	case o.Store == nil:
		return nil, errors.New("identity: Store is required")
	case len(o.Secret) < MinSecret:
		return nil, fmt.Errorf("identity: the secret must have at least %d bytes", MinSecret)
	case o.AccessTTL < time.Second:
		return nil, fmt.Errorf("identity: access_ttl must be at least 1s, not %v", o.AccessTTL)
	case o.RefreshTTL < o.AccessTTL:
		return nil, fmt.Errorf("identity: refresh_ttl (%v) must not be below access_ttl (%v)", o.RefreshTTL, o.AccessTTL)
	}
	live, err := newLiveness(o.Game, o.Store, o.CacheSize)
	if err != nil {
		return nil, fmt.Errorf("identity: CacheSize: %w", err)
	}
	accounts, err := newAccounts(o.Game, o.Store, max(1, o.CacheSize/4))
	if err != nil {
		return nil, fmt.Errorf("identity: CacheSize: %w", err)
	}
	return &Service{
		game:       o.Game,
		accessTTL:  o.AccessTTL,
		refreshTTL: o.RefreshTTL,
		store:      accounts,
		providers:  maps.Clone(o.Providers),
		logger:     o.Logger.With(zap.String("game", o.Game)),
		onRevoked:  o.OnRevoked,
		onCreated:  o.OnCreated,
		tokens:     newAccessTokens(o.Secret, o.Game),
		live:       live,
	}, nil
}

// Forget is other nodes' word that sign-ins have ended: their access tokens are
// invalid here from now on. It does not call OnRevoked.
func (s *Service) Forget(sids ...string) { s.live.end(sids...) }

// revoked spreads the news after the store has saved it. The request's context may
// have ended meanwhile; the news must go out all the same.
func (s *Service) revoked(ctx context.Context, accountID string, sids ...string) {
	if len(sids) == 0 {
		return
	}
	s.live.end(sids...)
	if s.onRevoked != nil {
		s.onRevoked(context.WithoutCancel(ctx), s.game, accountID, sids)
	}
}

// failure turns an error of the store into what callers get.
func failure(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrAccountNotFound.With(err)
	}
	return fault.From(err)
}
