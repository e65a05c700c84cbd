package match

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/state"
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

var errPanicked = errors.New("the start panicked")

// start is one start under way on this node.
type start struct {
	matchID, lobbyID, region string
	cancel                   context.CancelFunc
	done                     chan struct{} // closed when the start has ended either way
	hooks                    []string      // the versions that it runs on
	deadline                 time.Time     // when somebody else may end it
	loose                    *Loose        // what is known of its server; nil: nobody was asked
	version                  uint64        // of the document that says so
}

// Start saves the start of the player's lobby and returns when the lobby is
// `starting`; the rest goes on in a goroutine of the service.
func (s *Service) Start(ctx context.Context, who lobby.Who, region string) (lobby.Result, error) {
	deadline := time.Now().Add(s.alloc.Budget() + hookBudget)
	run, cancel := context.WithDeadline(s.ctx, deadline)
	st := &start{matchID: uuid.NewString(), region: region, cancel: cancel, done: make(chan struct{})}
	// The saved deadline is later than the run's own, so that a tick never
	// overtakes a start that is still being run.
	st.deadline = deadline.Add(2 * cleanupTimeout)
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

	res, err := s.lobbies.BeginStart(ctx, who, st.matchID, region, st.deadline)
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

func (s *Service) underWay(matchID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.starts[matchID] != nil
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
	begins := false
	defer func() {
		if r := recover(); r != nil {
			log.Error("start panicked", zap.Any("panic", r), zap.Stack("stack"))
			if !begins {
				s.unbegun(log, st, fault.Internal.With(errPanicked))
			}
		}
	}()
	begun := time.Now()
	s.at(st.matchID, PointStarting)
	// One version of the rules from here to the end, whatever is reloaded meanwhile.
	ctx, release := s.hooks.Pin(ctx)
	defer release()
	st.hooks = s.hooks.Versions(ctx)
	server, err := s.prepare(ctx, st)
	if err != nil {
		f := fault.From(err)
		if ctx.Err() != nil && s.ctx.Err() != nil {
			f = fault.Draining.With(err)
		}
		if allocation.IsUnknown(err) {
			s.unbegun(log, st, f)
			return
		}
		s.fail(log, st, f)
		s.unasked(log, st)
		return
	}
	if err = s.given(st, server); err == nil {
		if s.listened() {
			s.events.ServerReady(st.matchID, st.lobbyID, server)
		}
		err = s.commit(st, server)
	}
	if err != nil {
		log.Info("start ended after its server was made; releasing it", zap.String("server", server.Name), zap.Error(err))
		s.unbegun(log, st, fault.From(err))
		return
	}
	begins = true
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
	s.at(st.matchID, PointBalanced)
	steps.enter(lobby.Validating)
	if err := s.hooks.Validate(ctx, l, known); err != nil {
		return server, err
	}
	s.at(st.matchID, PointValidated)
	steps.enter(lobby.Payload)
	add, err := s.hooks.Payload(ctx, l, st.region)
	if err != nil {
		return server, err
	}
	if add.Region != "" {
		st.region = add.Region
	}
	if st.region == "" {
		st.region = s.measured(ctx, l)
	}
	payload := s.newLaunch(l, st.matchID, st.region)
	s.at(st.matchID, PointPayload)
	steps.enter(lobby.Allocating)
	return s.alloc.Allocate(ctx, allocation.Request{
		Game: s.game, MatchID: st.matchID, Region: st.region, Prefer: add.Provider, ResultURL: s.resultURL(st.matchID),
		Payload: func(resultURL string) ([]byte, error) { return payload.render(resultURL, add.Keys) },
		Asking:  func(ctx context.Context, provider string) error { return s.asking(ctx, st, provider) },
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

// commit makes the match: the lobby's change and the live match in one write, which
// takes the server out of the loose ones. Once somebody else has taken it, to give
// it back, the write is refused.
func (s *Service) commit(st *start, server allocation.Server) error {
	m := lobby.Match{
		ID: st.matchID, Region: server.Region,
		Server: lobby.Server{Name: server.Name, Address: server.Address, Port: server.Port},
	}
	_, err := s.lobbies.CommitStart(st.lobbyID, m, func(m lobby.Match) []state.Write {
		return []state.Write{{
			Key:      state.Key{Kind: KindMatch, ID: m.ID},
			Value:    &Live{ID: m.ID, LobbyID: st.lobbyID, Teams: m.Teams, Server: server, StartedAt: m.StartedAt, Hooks: st.hooks},
			Deadline: m.StartedAt.Add(s.timeout),
		}, {Key: looseKey(m.ID), Expect: st.version}}
	})
	return err
}
