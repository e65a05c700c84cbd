package server

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/local"
	"github.com/muster-gg/muster/core/allocation/served"
	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/core/identity"
	"github.com/muster-gg/muster/core/latency"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/match"
	"github.com/muster-gg/muster/core/server/hosts"
	"github.com/muster-gg/muster/core/transport"
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
	served    *served.Service // nil: the game lends no servers
	ratings   *ratings
	searches  *searches
	latencies *latency.Service
	events    events
}

// newGame builds a game over the parts that all games share. It starts nothing.
func newGame(g config.Game, cfg *config.Config, p *parts, book *local.PortBook, publicURL string, rules *hosts.Hosts, reached func(game, matchID string, p match.Point)) (*game, error) {
	log := p.log.With(zap.String("game", g.Name))
	built := &game{config: g, parent: cfg, log: log}
	var err error
	platform := p.platform(g.Name)
	built.hooks, err = hooks.New(hooks.Options{
		Game: g.Name, Seats: g.Lobby.Seats(), Hooks: rules.Hooks(g.Name), Host: platform, Tracer: p.tracer,
		Logger: p.log, Metrics: p.metrics.hooks, // its lines name the game
	})
	if err != nil {
		return nil, err
	}
	rules.Attach(g.Name, built.hooks)
	built.events = events{built.hooks}
	built.identity, err = identity.New(identity.Options{
		Game: g.Name, Secret: p.secret, AccessTTL: cfg.Auth.AccessTTL, RefreshTTL: cfg.Auth.RefreshTTL,
		Store: p.store, Providers: providersOf(g, built.hooks), Logger: p.log,
		OnRevoked: p.signInsEnded, OnCreated: built.events.accountCreated,
	})
	if err != nil {
		return nil, err
	}
	// Allocation names the game in its own lines.
	built.providers, err = newProviders(g, cfg, book, built.hooks, p.metrics.allocation(g.Name), p.log)
	if err != nil {
		return nil, err
	}
	if built.served, err = newServed(g, built.providers, p.state, p.store, log); err != nil {
		return nil, err
	}
	if built.ratings, err = newRatings(g, p, log); err != nil {
		return nil, err
	}
	built.latencies = latency.New(g.Name, p.state, log)
	if built.searches, err = newSearches(g, p, built.latencies, log); err != nil {
		return nil, err
	}
	at := pointsOf(g.Name, reached)
	built.lobbies = lobby.New(lobby.Options{
		Game: g.Name, Rules: lobbyRules(g.Lobby), Store: p.state, Hub: watchedHub(p.hub, at), Hooks: lobby.HooksOf(built.hooks), Events: lobby.EventsOf(built.hooks), Logger: log,
		AttemptEnded: func(matchID string) { built.matches.AttemptEnded(matchID) },
		Reaches:      func(account string) bool { return p.reaches(g.Name, account) },
	})
	built.matches = match.New(match.Options{
		Game: g.Name, Lobbies: built.lobbies, State: p.state, Records: built.ratings.records(p.store), Accounts: p.store,
		Allocator: built.providers.chain, Providers: built.providers.names,
		Hooks:        match.HooksOf(built.hooks),
		Events:       match.EventsOf(built.hooks),
		Regions:      built.latencies,
		Signer:       match.NewSigner(g.Name, p.secret, g.Lobby.MatchTimeout),
		MatchTimeout: g.Lobby.MatchTimeout,
		ResultURL: func(matchID string) string {
			return publicURL + "/games/" + g.Name + "/matches/" + url.PathEscape(matchID) + "/result"
		},
		Logger: log, Reached: at,
	})
	return built, p.metrics.watch(built)
}

// providersOf are the ways to sign in to a game: the built-in one, and what its hooks know.
func providersOf(g config.Game, r *hooks.Runner) map[string]identity.Provider {
	all := make(map[string]identity.Provider, len(g.Auth))
	for _, name := range g.Auth {
		if name == identity.AnonymousName {
			all[name] = identity.Anonymous{}
		} else {
			all[name] = identity.Hooked(r)
		}
	}
	return all
}

func lobbyRules(l config.Lobby) lobby.Rules {
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
	if g.served != nil {
		if err := g.served.Recover(ctx); err != nil {
			return fmt.Errorf("game %s: servers for other backends: %w", g.config.Name, err)
		}
	}
	if err := g.searches.recover(ctx); err != nil {
		return fmt.Errorf("game %s: matchmaking: %w", g.config.Name, err)
	}
	return nil
}

// endLoans waits for the servers that are being made for other backends.
func (g *game) endLoans(ctx context.Context) error {
	if g.served == nil {
		return nil
	}
	if err := g.served.Close(ctx); err != nil {
		return fmt.Errorf("game %s: calls of other backends were cut off: %w", g.config.Name, err)
	}
	return nil
}

// close ends the game: starts first, then its servers, then its lobbies.
func (g *game) close(ctx context.Context) error {
	late := ctx.Err() != nil
	errs := []error{g.endLoans(ctx), g.matches.Close(ctx)}
	if late {
		errs = nil // awaitStarts has said what was cut off
	}
	for _, f := range g.providers.fleets {
		// A fleet has its own grace for its servers; it is not cut short by the drain's.
		errs = append(errs, f.Stop(context.WithoutCancel(ctx)))
	}
	for _, closeProvider := range g.providers.close {
		closeProvider()
	}
	last, cancel := moment(ctx)
	defer cancel()
	errs = append(errs, g.searches.close(last), g.lobbies.Close(last), g.hooks.Close(last))
	return errors.Join(errs...)
}

// transport is the game as the transport sees it.
func (g *game) transport() transport.Game {
	t := transport.Game{
		Name: g.config.Name, Title: g.config.Title, Auth: g.config.Auth, Web: g.config.Web, Duplicate: string(g.config.Duplicate),
		Identity: g.identity, Lobbies: g.lobbies, Matches: g.matches, Latencies: g.latencies, Rpc: g.hooks, Events: g.events,
	}
	if g.served != nil {
		t.Servers = g.served
	}
	if g.searches != nil {
		t.Matchmaking = g.searches
	}
	return t
}

var _ allocation.Observer = (*match.Service)(nil)
