// Package hooked gets servers from a hook of the game: a plugin or a script that
// serves the allocate point, where its block stands in the chain.
package hooked

import (
	"cmp"
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/sdk/hook"
)

// Runner runs the game's hooks; *hooks.Runner is it.
type Runner interface {
	// Allocate asks one hook. An error in whose chain is a refusal (see
	// hook.AsRefusal) says that surely no server was made.
	Allocate(ctx context.Context, name string, request *hook.AllocateRequest) (*hook.Server, error)
	// Releases reports whether that hook can be asked to end a server.
	Releases(name string) bool
	Release(ctx context.Context, name string, request *hook.ReleaseRequest) error
}

// Options make a Provider.
type Options struct {
	// Hook is the name of the hook in the runner.
	Hook   string
	Runner Runner
	// Region is what the hook is told where nobody asked for one; may be empty.
	Region string
	// Timeout is the deadline of one Allocate.
	Timeout time.Duration
	// Logger may be nil.
	Logger *zap.Logger
}

// Provider is a hook as an entry of a chain. It is safe for concurrent use.
type Provider struct {
	hook    string
	runner  Runner
	region  string
	timeout time.Duration
	log     *zap.Logger
}

var (
	_ allocation.Provider       = (*Provider)(nil)
	_ allocation.ServerReleaser = (*Provider)(nil)
)

// New returns the provider.
func New(o Options) (*Provider, error) {
	switch {
	case o.Hook == "" || o.Runner == nil:
		return nil, errors.New("hooked: a provider needs a hook and who runs it")
	case o.Timeout <= 0:
		return nil, errors.New("hooked: a provider needs a timeout")
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	return &Provider{hook: o.Hook, runner: o.Runner, region: o.Region, timeout: o.Timeout, log: o.Logger}, nil
}

// Limits bound the provider in a chain; maxConcurrent 0 is the chain's default.
func (p *Provider) Limits(maxConcurrent int) allocation.Limits {
	return allocation.Limits{Timeout: p.timeout, MaxConcurrent: maxConcurrent}
}

// Allocate asks the hook. A refusal proves that no server was made.
func (p *Provider) Allocate(ctx context.Context, r allocation.Request) (allocation.Server, error) {
	payload, err := r.Payload(r.ResultURL)
	if err != nil {
		return allocation.Server{}, allocation.None(err)
	}
	timeout := p.timeout
	if deadline, ok := ctx.Deadline(); ok {
		timeout = time.Until(deadline)
	}
	server, err := p.runner.Allocate(ctx, p.hook, &hook.AllocateRequest{
		Game: r.Game, MatchId: r.MatchID, Region: cmp.Or(r.Region, p.region), Payload: string(payload), Timeout: timeout.Milliseconds(),
	})
	if _, refused := hook.AsRefusal(err); refused {
		return allocation.Server{}, allocation.None(err)
	}
	if err != nil {
		return allocation.Server{}, err
	}
	return allocation.Server{Name: server.GetName(), Address: server.GetAddress(), Port: int(server.GetPort())}, nil
}

// Release asks the hook to end the server of a match. A hook that allocates only
// cannot be asked: its servers end by themselves, and the log says so.
func (p *Provider) Release(ctx context.Context, game, matchID string) error {
	return p.release(ctx, &hook.ReleaseRequest{Game: game, MatchId: matchID})
}

// ReleaseServer is Release that tells the hook which server it gave.
func (p *Provider) ReleaseServer(ctx context.Context, game, matchID string, s allocation.Server) error {
	server := &hook.Server{Name: s.Name, Address: s.Address, Port: int32(s.Port)}
	return p.release(ctx, &hook.ReleaseRequest{Game: game, MatchId: matchID, Server: server})
}

func (p *Provider) release(ctx context.Context, r *hook.ReleaseRequest) error {
	if !p.runner.Releases(p.hook) {
		p.log.Info("a server cannot be given back: its hook has no release",
			zap.String("game", r.Game), zap.String("match", r.MatchId), zap.String("hook", p.hook))
		return allocation.ErrCannotRelease
	}
	return p.runner.Release(ctx, p.hook, r)
}
