package match

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/store"
)

const (
	// hookBudget is what a start's deadline grants its hooks and writes, beside
	// the allocator's own budget.
	hookBudget = 30 * time.Second
	// showAfter is how long a step lasts before members are told of it.
	showAfter = 250 * time.Millisecond
	// cleanupTimeout bounds what a start does after it has ended.
	cleanupTimeout = 30 * time.Second
)

// start is one start under way on this node.
type start struct {
	matchID, lobbyID, region string
	cancel                   context.CancelFunc
	done                     chan struct{} // closed when the start has ended either way
	hooks                    []string      // the versions that it runs on
}

// Start saves the start of the player's lobby and returns when the lobby is
// `starting`; the rest goes on in a goroutine of the service.
func (s *Service) Start(ctx context.Context, who lobby.Who, region string) (lobby.Result, error) {
	deadline := time.Now().Add(s.alloc.Budget() + hookBudget)
	run, cancel := context.WithDeadline(s.ctx, deadline)
	st := &start{matchID: uuid.NewString(), region: region, cancel: cancel, done: make(chan struct{})}
	s.mu.Lock()
	if s.closed || s.draining {
		s.mu.Unlock()
		cancel()
		return lobby.Result{}, fault.Draining
	}
	// Known before it is saved, so that a cancel right after finds it.
	s.starts[st.matchID] = st
	s.wg.Add(1)
	s.mu.Unlock()

	// The saved deadline is later than the run's own, so that a tick never
	// overtakes a start that is still being run.
	res, err := s.lobbies.BeginStart(ctx, who, st.matchID, region, deadline.Add(2*cleanupTimeout))
	if err != nil {
		s.ended(st)
		s.wg.Done()
		return lobby.Result{}, err
	}
	st.lobbyID = res.Lobby.ID
	go func() {
		defer s.wg.Done()
		defer s.ended(st)
		s.run(run, st)
	}()
	return res, nil
}

func (s *Service) ended(st *start) {
	st.cancel()
	s.mu.Lock()
	delete(s.starts, st.matchID)
	s.mu.Unlock()
	close(st.done)
}

// AttemptEnded ends the start of a match id because its lobby does not want it
// any more. core/lobby calls it; it does not block.
func (s *Service) AttemptEnded(matchID string) {
	s.mu.Lock()
	st := s.starts[matchID]
	s.mu.Unlock()
	if st != nil {
		st.cancel()
	}
}

// await waits until no start of the match id is under way on this node.
func (s *Service) await(ctx context.Context, matchID string) error {
	s.mu.Lock()
	st := s.starts[matchID]
	s.mu.Unlock()
	if st == nil {
		return nil
	}
	select {
	case <-st.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run takes a start from balancing to the match, or to the word that it failed.
func (s *Service) run(ctx context.Context, st *start) {
	log := s.log.With(zap.String("lobby", st.lobbyID), zap.String("match", st.matchID))
	defer func() {
		if r := recover(); r != nil {
			log.Error("start panicked", zap.Any("panic", r), zap.Stack("stack"))
			s.fail(log, st, fault.Internal)
		}
	}()
	begun := time.Now()
	// One version of the rules from here to the end, whatever is reloaded meanwhile.
	ctx, release := s.hooks.Pin(ctx)
	defer release()
	st.hooks = s.hooks.Versions(ctx)
	server, err := s.prepare(ctx, st)
	if err != nil {
		s.orphaned(log, st, err)
		f := fault.From(err)
		if ctx.Err() != nil && s.ctx.Err() != nil {
			f = fault.Draining.With(err)
		}
		s.fail(log, st, f)
		return
	}
	if s.listened() {
		s.events.ServerReady(st.matchID, st.lobbyID, server)
	}
	if err := s.commit(st, server); err != nil {
		log.Info("start ended after its server was made; releasing it", zap.String("server", server.Name), zap.Error(err))
		s.release(log, server.Provider, st.matchID)
		if errors.Is(err, lobby.ErrStartCancelled) || errors.Is(err, lobby.ErrNotFound) {
			// Told already. The server has its payload and may still report.
			s.recordFailure(log, st, lobby.ErrStartCancelled)
		} else {
			s.fail(log, st, fault.From(err))
		}
		return
	}
	log.Info("match started", zap.String("server", server.Name), zap.String("provider", server.Provider),
		zap.Strings("hooks", st.hooks), zap.Duration("took", time.Since(begun)))
}

// prepare does all that comes before the commit.
func (s *Service) prepare(ctx context.Context, st *start) (allocation.Server, error) {
	var server allocation.Server
	steps := newStepper(s.lobbies, st, showAfter)
	defer steps.stop()

	steps.enter(lobby.Balancing)
	l, err := s.attempt(ctx, st)
	if err != nil {
		return server, err
	}
	known, err := s.identities(ctx, l)
	if err != nil {
		return server, err
	}
	if l, err = s.balance(ctx, st, l, known); err != nil {
		return server, err
	}
	steps.enter(lobby.Validating)
	if err := s.hooks.Validate(ctx, l, known); err != nil {
		return server, err
	}
	steps.enter(lobby.Payload)
	add, err := s.hooks.Payload(ctx, l, st.region)
	if err != nil {
		return server, err
	}
	if add.Region != "" {
		st.region = add.Region
	}
	payload := s.newLaunch(l, st.matchID, st.region)
	steps.enter(lobby.Allocating)
	return s.alloc.Allocate(ctx, allocation.Request{
		Game: s.game, MatchID: st.matchID, Region: st.region, Prefer: add.Provider, ResultURL: s.resultURL(st.matchID),
		Payload: func(resultURL string) ([]byte, error) { return payload.render(resultURL, add.Keys) },
	})
}

// balance asks for the teams, moves the members, and returns the lobby as it then is.
func (s *Service) balance(ctx context.Context, st *start, l *lobby.Lobby, known Identities) (*lobby.Lobby, error) {
	teams, err := s.hooks.Balance(ctx, l, known)
	if err != nil || teams == nil {
		return l, err
	}
	if _, err := s.lobbies.Rebalance(st.lobbyID, st.matchID, teams); err != nil {
		return nil, err
	}
	return s.attempt(ctx, st)
}

// attempt returns the lobby while this start is under way in it.
func (s *Service) attempt(ctx context.Context, st *start) (*lobby.Lobby, error) {
	snap, err := s.lobbies.Get(ctx, st.lobbyID)
	if err != nil {
		return nil, err
	}
	if a := snap.Lobby.Attempt; a == nil || a.MatchID != st.matchID {
		return nil, lobby.ErrStartCancelled
	}
	return snap.Lobby, nil
}

// commit makes the match: the lobby's change and the live match in one write.
func (s *Service) commit(st *start, server allocation.Server) error {
	m := lobby.Match{
		ID: st.matchID, Region: server.Region,
		Server: lobby.Server{Name: server.Name, Address: server.Address, Port: server.Port},
	}
	_, err := s.lobbies.CommitStart(st.lobbyID, m, func(m lobby.Match) state.Write {
		return state.Write{
			Key:      state.Key{Kind: KindMatch, ID: m.ID},
			Value:    &Live{ID: m.ID, LobbyID: st.lobbyID, Teams: m.Teams, Server: server, StartedAt: m.StartedAt, Hooks: st.hooks},
			Deadline: m.StartedAt.Add(s.timeout),
		}
	})
	return err
}

// fail ends the attempt with what members are told. A start that was cancelled
// meanwhile has been told already.
func (s *Service) fail(log *zap.Logger, st *start, f *fault.Error) {
	if errors.Is(f, lobby.ErrStartCancelled) || errors.Is(f, lobby.ErrNotFound) {
		return
	}
	_, err := s.lobbies.FailStart(st.lobbyID, st.matchID, f)
	switch {
	case err == nil:
		log.Warn("start failed", zap.String("code", f.Code), zap.Error(f))
		s.recordFailure(log, st, f)
	case errors.Is(err, lobby.ErrStartCancelled) || errors.Is(err, lobby.ErrNotFound):
		log.Info("start cancelled", zap.Error(f))
		s.recordFailure(log, st, lobby.ErrStartCancelled)
	default:
		log.Error("a failed start could not be told; its deadline will end it", zap.String("code", f.Code), zap.Error(err))
	}
}

// recordFailure keeps a failed start, so that its server's late result is answered match_closed.
func (s *Service) recordFailure(log *zap.Logger, st *start, f *fault.Error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), cleanupTimeout)
	defer cancel()
	now := time.Now()
	_, _, err := s.records.FinishMatch(ctx, store.Match{
		ID: st.matchID, Game: s.game, LobbyID: st.lobbyID, Status: statusFailed, Code: f.Code,
		StartedAt: now, EndedAt: now, Region: st.region, Hooks: st.hooks, Roster: []byte("[]"),
	})
	if err != nil {
		log.Warn("a failed start could not be recorded", zap.Error(err))
	}
}

// orphaned deals with an allocation that may have made a server nobody knows: it
// asks for its release where that works, and writes it down.
func (s *Service) orphaned(log *zap.Logger, st *start, err error) {
	provider := allocation.UnknownProvider(err)
	if provider == "" {
		return
	}
	s.release(log, provider, st.matchID)
	s.writeDownOrphan(log, st.matchID, provider, st.region, err)
}

func (s *Service) writeDownOrphan(log *zap.Logger, matchID, provider, region string, cause error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), cleanupTimeout)
	defer cancel()
	if _, _, err := s.alloc.Find(ctx, provider, s.game, matchID); !errors.Is(err, allocation.ErrCannotFind) {
		return // the provider knows its servers by match: the release was enough
	}
	err := s.records.AddOrphan(ctx, store.Orphan{
		Game: s.game, MatchID: matchID, Provider: provider, Region: region, Cause: fmt.Sprint(cause), At: time.Now(),
	})
	if err != nil {
		log.Error("a possible orphan could not be written down", zap.String("provider", provider), zap.Error(err))
	}
}

// release gives a server back and waits until the provider has taken it.
func (s *Service) release(log *zap.Logger, provider, matchID string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), cleanupTimeout)
	defer cancel()
	if err := s.alloc.Release(ctx, provider, s.game, matchID); err != nil {
		log.Warn("a server could not be released", zap.String("provider", provider), zap.Error(err))
	}
}
