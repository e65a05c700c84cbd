package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/broadcast"
	broadcastmemory "github.com/muster-gg/muster/core/broadcast/memory"
	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/identity"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/session"
	statememory "github.com/muster-gg/muster/core/state/memory"
	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/core/store/sqlite"
	"github.com/muster-gg/muster/core/telemetry"
	"github.com/muster-gg/muster/core/transport"
)

// tracesTimeout bounds how long a node that ends waits for its collector.
const tracesTimeout = 3 * time.Second

// parts are what all games of a node share.
type parts struct {
	secret   []byte
	state    *statememory.Store
	store    store.Store
	hub      *broadcast.Hub
	sessions *session.Registry
	metrics  *metrics
	log      *zap.Logger
	tracer   trace.Tracer
	// endTraces sends the spans that wait.
	endTraces func(context.Context) error
	// notifier sends notices to players; nil until there can be any.
	notifier atomic.Pointer[transport.Server]
	// tickets sign join tickets, by game; filled before the first socket.
	tickets map[string]func(m *lobby.Match, accountID string) string
}

// openParts opens the two databases of the embedded default and makes the rest.
func openParts(ctx context.Context, cfg *config.Config, version string, log *zap.Logger) (_ *parts, err error) {
	p := &parts{log: log, tickets: map[string]func(*lobby.Match, string) string{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if p.metrics, err = newMetrics(version); err != nil {
		return p, err
	}
	traces, end, err := telemetry.NewTracing(ctx, version)
	if err != nil {
		return p, fmt.Errorf("tracing: %w", err)
	}
	p.tracer, p.endTraces = traces.Tracer("github.com/muster-gg/muster"), end
	if err := os.MkdirAll(cfg.Server.DataDir, 0o700); err != nil {
		return p, dataProblem(cfg, err)
	}
	if p.secret, err = secret(cfg, log); err != nil {
		return p, dataProblem(cfg, err)
	}
	// The state comes first: its lock keeps a second server out of the data folder.
	docs, err := statememory.Open(ctx, statememory.Options{Path: filepath.Join(cfg.Server.DataDir, "state.db"), Logger: log})
	if err != nil {
		return p, dataProblem(cfg, err)
	}
	p.state = docs
	lasting, err := sqlite.Open(ctx, sqlite.Options{Path: cfg.SQLite.Path, Logger: log})
	if err != nil {
		return p, err
	}
	p.store = lasting
	encoder := transport.NewEncoder(func(game string, m *lobby.Match, accountID string) string {
		return p.tickets[game](m, accountID)
	})
	p.sessions = session.NewRegistry(session.RegistryOptions{})
	p.hub, err = broadcast.NewHub(broadcast.Options{
		Encoder: encoder, Connect: broadcastmemory.New, Logger: log,
		Delivered: p.metrics.delivered, Failed: p.metrics.undelivered,
	})
	return p, err
}

// secret is what tokens are signed with: the config's, or in development one
// that is made once and kept.
func secret(cfg *config.Config, log *zap.Logger) ([]byte, error) {
	if !cfg.Auth.Secret.Empty() {
		return []byte(cfg.Auth.Secret.Reveal()), nil
	}
	made, err := identity.LoadOrCreateSecret(filepath.Join(cfg.Server.DataDir, "secret"), log)
	var file *fs.PathError
	if err != nil && !errors.As(err, &file) {
		err = fmt.Errorf("%w: restore it, or move it away: a new one is made, and everybody has to sign in again", err)
	}
	return made, err
}

// signInsEnded closes the sockets of sign-ins that were revoked.
func (p *parts) signInsEnded(_ context.Context, game, accountID string, sids []string) {
	p.sessions.CloseSignIns(game, accountID, sids)
}

// reaches reports whether an account has a socket that is not closing.
func (p *parts) reaches(game, account string) bool {
	return slices.ContainsFunc(p.sessions.Of(game, account), func(k *session.Session) bool { return !k.Closed() })
}

// close makes what was acknowledged safe. Only what was opened is closed.
func (p *parts) close() error {
	var errs []error
	if p.hub != nil {
		errs = append(errs, p.hub.Close())
	}
	if p.state != nil {
		errs = append(errs, p.state.Close())
	}
	if p.store != nil {
		errs = append(errs, p.store.Close())
	}
	if p.endTraces != nil {
		ctx, cancel := context.WithTimeout(context.Background(), tracesTimeout)
		defer cancel()
		if err := p.endTraces(ctx); err != nil {
			p.log.Warn("the last traces could not be sent", zap.Error(err)) // no reason to fail
		}
	}
	return errors.Join(errs...)
}
