package server

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/local"
	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/core/identity"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/match"
	"github.com/muster-gg/muster/core/transport"
	"github.com/muster-gg/muster/runtime/native"
)

// game is one game with everything that belongs to it alone.
type game struct {
	config    config.Game
	parent    *config.Config
	log       *zap.Logger
	identity  *identity.Service
	hooks     *hooks.Runner
	lobbies   *lobby.Service
	matches   *match.Service
	providers *providers
}

// newGame builds a game over the parts that all games share. It starts nothing.
func newGame(g config.Game, cfg *config.Config, p *parts, book *local.PortBook, publicURL string, rulesOf map[string][]*native.Hook) (*game, error) {
	log := p.log.With(zap.String("game", g.Name))
	built := &game{config: g, parent: cfg, log: log}
	var err error
	built.identity, err = identity.New(identity.Options{
		Game: g.Name, Secret: p.secret, AccessTTL: cfg.Auth.AccessTTL, RefreshTTL: cfg.Auth.RefreshTTL,
		Store: p.store, Providers: map[string]identity.Provider{"anonymous": identity.Anonymous{}}, Logger: log,
		OnRevoked: p.signInsEnded,
	})
	if err != nil {
		return nil, err
	}
	// Allocation names the game in its own lines.
	built.providers, err = newProviders(g, cfg, book, p.metrics.allocation(g.Name), p.log)
	if err != nil {
		return nil, err
	}
	built.hooks, err = hooks.New(hooks.Options{
		Game: g.Name, Seats: g.Lobby.Seats(), Hooks: nativeHooks(rulesOf[g.Name]), Logger: log, Metrics: p.metrics.hooks,
	})
	if err != nil {
		return nil, err
	}
	built.lobbies = lobby.New(lobby.Options{
		Game: g.Name, Rules: rules(g.Lobby), Store: p.state, Hub: p.hub, Hooks: lobby.HooksOf(built.hooks), Logger: log,
		AttemptEnded: func(matchID string) { built.matches.AttemptEnded(matchID) },
	})
	built.matches = match.New(match.Options{
		Game: g.Name, Lobbies: built.lobbies, State: p.state, Records: p.store, Accounts: p.store,
		Allocator: built.providers.chain, Providers: built.providers.names,
		Hooks:        match.HooksOf(built.hooks),
		Signer:       match.NewSigner(g.Name, p.secret, g.Lobby.MatchTimeout),
		MatchTimeout: g.Lobby.MatchTimeout,
		ResultURL: func(matchID string) string {
			return publicURL + "/games/" + g.Name + "/matches/" + url.PathEscape(matchID) + "/result"
		},
		Logger: log,
	})
	return built, p.metrics.watch(built)
}

// nativeHooks are Go values as the runner takes them.
func nativeHooks(own []*native.Hook) []hooks.Hook {
	out := make([]hooks.Hook, 0, len(own))
	for _, h := range own {
		out = append(out, hooks.Hook{Name: h.Name(), Host: native.Host, Version: h.Version(), Impl: h.Impl(), Points: h.Points()})
	}
	return out
}

func rules(l config.Lobby) lobby.Rules {
	r := lobby.Rules{
		MinPlayers: l.MinPlayers, MaxLobbies: l.MaxLobbies, ReadyTimeout: l.ReadyTimeout,
		ReconnectGrace: l.ReconnectGrace, Reopen: l.AfterMatch == config.AfterMatchReopen,
	}
	for _, t := range l.Teams {
		r.Teams = append(r.Teams, lobby.TeamRule{Name: t.Name, Size: t.Size})
	}
	return r
}

// recover brings back what an earlier run left: first the lobbies, so that
// everybody counts as away when the fleets tell which servers are gone.
func (g *game) recover(ctx context.Context) error {
	interrupted, err := g.lobbies.Recover(ctx)
	if err != nil {
		return fmt.Errorf("game %s: lobbies: %w", g.config.Name, err)
	}
	for _, f := range g.providers.fleets {
		if err := f.Start(ctx, g.matches); err != nil {
			return fmt.Errorf("game %s: local fleet: %w", g.config.Name, err)
		}
	}
	if err := g.providers.abandoned(ctx, g.parent, g.config.Name, g.matches, g.log); err != nil {
		return fmt.Errorf("game %s: former local fleet: %w", g.config.Name, err)
	}
	if err := g.matches.Recover(ctx, interrupted); err != nil {
		return fmt.Errorf("game %s: matches: %w", g.config.Name, err)
	}
	return nil
}

// close ends the game: starts first, then its servers, then its lobbies.
func (g *game) close(ctx context.Context) error {
	errs := []error{g.matches.Close(ctx)}
	for _, f := range g.providers.fleets {
		// A fleet has its own grace for its servers; it is not cut short by the drain's.
		errs = append(errs, f.Stop(context.WithoutCancel(ctx)))
	}
	for _, closeProvider := range g.providers.close {
		closeProvider()
	}
	errs = append(errs, g.lobbies.Close(ctx), g.hooks.Close(ctx))
	return errors.Join(errs...)
}

// transport is the game as the transport sees it.
func (g *game) transport() transport.Game {
	return transport.Game{
		Name: g.config.Name, Title: g.config.Title, Auth: g.config.Auth, Web: g.config.Web, Duplicate: string(g.config.Duplicate),
		Identity: g.identity, Lobbies: g.lobbies, Matches: g.matches,
	}
}

var _ allocation.Observer = (*match.Service)(nil)
