// Package server is the composition root: it builds all parts of a node from a
// config, starts them, and ends them in the order in which they need each other.
package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation/local"
	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/match"
	"github.com/muster-gg/muster/core/server/hosts"
	"github.com/muster-gg/muster/core/transport"
	"github.com/muster-gg/muster/runtime/native"
)

// Options make a Server.
type Options struct {
	Config  *config.Config
	Version string
	Logger  *zap.Logger
	// Hooks are rules in Go, by game, for a program that builds its own server; the
	// muster program has none. Where a game has none, the built-in rules hold.
	Hooks map[string][]*native.Hook
	// Reached, when not nil, is called at every point of every match, which goes on
	// when it returns: tests end the process there.
	Reached func(game, matchID string, p match.Point)
}

// Server is one node. Start it once, stop it once.
type Server struct {
	cfg       *config.Config
	version   string
	log       *zap.Logger
	parts     *parts
	hosts     *hosts.Hosts
	games     []*game
	transport *transport.Server

	public, admin *http.Server
	listeners     struct{ public, admin net.Listener }
	fresh         fresh
	publicURL     string

	run    context.CancelFunc // ends the sweeps
	sweeps sync.WaitGroup
	serve  sync.WaitGroup
	failed chan error
}

// Start brings a node up: it listens, opens the stores, recovers what an earlier
// run left, and answers players when it returns. ctx bounds the start only. On an
// error nothing is left running.
func Start(ctx context.Context, o Options) (_ *Server, err error) {
	s := &Server{cfg: o.Config, version: o.Version, log: o.Logger, failed: make(chan error, 2), run: func() {}}
	defer func() {
		if err != nil {
			stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
			defer cancel()
			err = errors.Join(err, s.Stop(stop))
		}
	}()
	if err := s.listen(ctx); err != nil {
		return s, err
	}
	if s.parts, err = openParts(ctx, s.cfg, o.Version, s.log); err != nil {
		return s, err
	}
	s.hosts, err = hosts.Start(ctx, hosts.Options{
		Config: s.cfg, Version: o.Version, Native: o.Hooks, Platform: s.parts.platform, Logger: s.log, Metrics: s.parts.metrics.hosts,
	})
	if err != nil {
		return s, err
	}
	book := local.NewPortBook()
	var games []transport.Game
	for _, g := range s.cfg.Games {
		built, err := newGame(g, s.cfg, s.parts, book, s.publicURL, s.hosts, o.Reached)
		if err != nil {
			return s, fmt.Errorf("game %s: %w", g.Name, err)
		}
		s.games = append(s.games, built)
		s.parts.tickets[g.Name] = built.matches.Ticket
		games = append(games, built.transport())
	}
	for _, g := range s.games {
		if err := g.recover(ctx); err != nil {
			return s, err
		}
	}
	s.transport, err = transport.New(s.transportOptions(games))
	if err != nil {
		return s, err
	}
	s.parts.notifier.Store(s.transport)
	if err := errors.Join(s.hosts.Collect(s.parts.metrics.registry), s.hosts.Watch()); err != nil {
		return s, err
	}
	s.sweep()
	s.answer()
	return s, nil
}

// PublicURL is the address that people open.
func (s *Server) PublicURL() string { return s.publicURL }

// Addr is the address that players' connections come in at.
func (s *Server) Addr() net.Addr { return s.listeners.public.Addr() }

// AdminAddr is the address of metrics, health and profiles.
func (s *Server) AdminAddr() net.Addr { return s.listeners.admin.Addr() }

// Rules are a line for each script and plugin that games use, for people.
func (s *Server) Rules() []string {
	var lines []string
	for _, r := range s.hosts.Scripts() {
		lines = append(lines, fmt.Sprintf("%s: script %s (%s): %s", r.Game, r.Name, r.Version, strings.Join(r.Points, ", ")))
	}
	for _, p := range s.hosts.Plugins() {
		if p.IsScript() {
			continue // it has its line
		}
		lines = append(lines, fmt.Sprintf("%s: plugin %s (%s %s): %s", strings.Join(p.Games, ", "), p.Name, p.Program, p.Version, strings.Join(p.Points, ", ")))
	}
	return lines
}

// Failed gets an error when a listener dies while the node should serve.
func (s *Server) Failed() <-chan error { return s.failed }

// listen opens both ports before anything else, so that a second server on the
// same ports disturbs nothing.
func (s *Server) listen(ctx context.Context) (err error) {
	var lc net.ListenConfig
	if s.listeners.public, err = lc.Listen(ctx, "tcp", s.cfg.Server.Listen); err != nil {
		return listenProblem("listen", s.cfg.Server.Listen, err)
	}
	if s.listeners.admin, err = lc.Listen(ctx, "tcp", s.cfg.Server.AdminListen); err != nil {
		return listenProblem("admin_listen", s.cfg.Server.AdminListen, err)
	}
	s.publicURL = s.cfg.Server.PublicURL
	if s.cfg.Server.PublicURLDerived {
		s.publicURL = config.PublicURLFor(s.listeners.public.Addr().String(), s.cfg.Server.TLS != nil)
	}
	return nil
}

func (s *Server) transportOptions(games []transport.Game) transport.Options {
	return transport.Options{
		Games: games, DefaultGame: s.cfg.Server.DefaultGame, PublicURL: s.publicURL,
		Development: s.cfg.Server.Mode == config.Development, Origins: s.cfg.Server.Origins,
		TrustedProxies: s.cfg.Server.TrustedProxies, Limits: transport.Limits{Disabled: s.cfg.Limits.Disabled},
		Hub: s.parts.hub, Registry: s.parts.sessions, Version: s.version, Logger: s.log,
		Metrics: s.parts.metrics.registry, Ready: s.ready,
	}
}

// ready lists the parts without which the node cannot serve.
func (s *Server) ready(ctx context.Context) []transport.Check {
	list := []transport.Check{
		{Name: "store", Err: s.parts.store.Ping(ctx)},
		{Name: "state", Err: s.parts.state.Check(ctx)},
	}
	for _, c := range s.hosts.Checks() {
		// The rules of one game are no reason to take the node away from all others.
		list = append(list, transport.Check{Name: c.Name, Err: c.Err, Detail: c.Detail, Optional: true})
	}
	return append(list, orphanChecks(s.games)...)
}

// sweep starts the loops that bring deadlines to what is due.
func (s *Server) sweep() {
	ctx, cancel := context.WithCancel(context.Background())
	s.run = cancel
	for _, g := range s.games {
		s.sweeps.Go(func() { _ = g.lobbies.Run(ctx) })
		s.sweeps.Go(func() { _ = g.matches.Run(ctx) })
		s.sweeps.Go(func() { g.searches.run(ctx) })
		s.sweeps.Go(func() { _ = g.latencies.Run(ctx) })
		s.sweeps.Go(func() { g.ratings.run(ctx) })
	}
	s.sweeps.Go(func() { s.prune(ctx) })
}

const (
	pruneEvery = time.Hour
	pruneBatch = 1000
)

// prune drops sign-ins that have expired, now and every hour until ctx ends.
func (s *Server) prune(ctx context.Context) {
	ticker := time.NewTicker(pruneEvery)
	defer ticker.Stop()
	for {
		for {
			n, err := s.parts.store.Prune(ctx, time.Now(), pruneBatch)
			if err != nil && ctx.Err() == nil {
				s.log.Warn("expired sign-ins could not be dropped", zap.Error(err))
			}
			if err != nil || n < pruneBatch {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// answer begins to serve both listeners.
func (s *Server) answer() {
	quiet := zap.NewStdLog(s.log.Named("http"))
	s.public = &http.Server{
		Handler: s.transport.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 60 * time.Second,
		MaxHeaderBytes: 16 << 10, ErrorLog: quiet, ConnState: s.fresh.note,
	}
	hooks, endRecords := newHookRoutes(s.hosts)
	servers, endLogs := newFleetRoutes(s.games)
	s.admin = &http.Server{
		Handler: transport.NewAdmin(transport.AdminOptions{
			Metrics: s.parts.metrics.handler(), Ready: s.transport.Checks, Version: s.version, Plugins: newPluginRoutes(s.hosts), Hooks: hooks,
			Servers: servers, Orphans: newOrphanRoutes(s.games),
		}),
		ReadHeaderTimeout: 10 * time.Second, ErrorLog: quiet, ConnState: s.fresh.note,
	}
	s.admin.RegisterOnShutdown(endRecords)
	s.admin.RegisterOnShutdown(endLogs)
	for _, srv := range []*http.Server{s.public, s.admin} {
		srv.RegisterOnShutdown(s.fresh.close)
	}
	guarded := newDoor(s.listeners.public, s.parts.metrics.refused, s.log)
	s.serve.Go(func() {
		if t := s.cfg.Server.TLS; t != nil {
			s.ended(s.public.ServeTLS(guarded, t.Cert, t.Key))
			return
		}
		s.ended(s.public.Serve(guarded))
	})
	s.serve.Go(func() { s.ended(s.admin.Serve(s.listeners.admin)) })
}

func (s *Server) ended(err error) {
	if !errors.Is(err, http.ErrServerClosed) {
		s.failed <- err
	}
}

// Stop drains and ends the node: sockets are told and closed, starts under way
// finish or fail, servers get their grace, everything acknowledged is safe. ctx
// bounds the drain; what is left then is cut off, but always waited for.
func (s *Server) Stop(ctx context.Context) error {
	var errs []error
	if s.transport != nil {
		for _, g := range s.games {
			g.searches.drain()
		}
		s.transport.Announce()
		// Starts first come to their end while their players are still connected.
		errs = append(errs, s.awaitStarts(ctx))
		last, cancel := moment(ctx)
		defer cancel()
		errs = append(errs, s.transport.Drain(last))
	}
	last, cancel := moment(ctx)
	defer cancel()
	for _, srv := range []*http.Server{s.public, s.admin} {
		if srv == nil {
			continue
		}
		if err := srv.Shutdown(last); err != nil {
			errs = append(errs, err, srv.Close())
		}
	}
	for _, l := range []net.Listener{s.listeners.public, s.listeners.admin} {
		if l != nil {
			_ = l.Close() // closed already by Shutdown when it was served
		}
	}
	s.serve.Wait()
	s.run()
	s.sweeps.Wait()
	var closing sync.WaitGroup
	var mu sync.Mutex
	for _, g := range s.games {
		closing.Go(func() {
			err := g.close(ctx)
			mu.Lock()
			defer mu.Unlock()
			errs = append(errs, err)
		})
	}
	closing.Wait()
	if s.hosts != nil {
		last, cancel := moment(ctx)
		defer cancel()
		errs = append(errs, s.hosts.Close(last))
	}
	if s.parts != nil {
		errs = append(errs, s.parts.close())
	}
	return errors.Join(errs...)
}

// moment is ctx, or one that lasts two seconds when ctx is over: what has next to
// nothing left to do is not cut off because something before it took all the time.
func moment(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() == nil {
		return ctx, func() {}
	}
	return context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
}

// awaitStarts waits until no start is under way, of a match here or of a server for
// another backend, or ctx ends.
func (s *Server) awaitStarts(ctx context.Context) error {
	var lent sync.WaitGroup
	errs := make([]error, len(s.games)+1)
	for i, g := range s.games {
		lent.Go(func() { errs[i] = g.endLoans(ctx) })
	}
	for _, g := range s.games {
		if err := g.matches.AwaitStarts(ctx); err != nil {
			errs[len(s.games)] = fmt.Errorf("game %s: starts were cut off: %w", g.config.Name, err)
			break
		}
	}
	lent.Wait()
	return errors.Join(errs...)
}
