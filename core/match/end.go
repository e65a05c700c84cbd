package match

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/core/store/matchdoc"
)

const (
	statusEnded  = "ended"
	statusFailed = "failed"
)

// What members are told of a match that failed.
var (
	errServerLost = fault.New("server_lost", "The game server was lost")
	errTimeout    = fault.New("match_timeout", "The match took too long")
)

// ServerEnded ends the match whose server is gone or wants to go. A server that
// ends while its match is still starting is held until the start has ended.
func (s *Service) ServerEnded(ctx context.Context, _, matchID string, end allocation.End) {
	log := s.log.With(zap.String("match", matchID), zap.Stringer("end", end))
	if err := s.await(ctx, matchID); err != nil {
		log.Warn("gave up waiting for a start to end", zap.Error(err))
		return
	}
	// A result that came before is taken first, whatever its hooks do.
	done, _, err := s.takeTurn(ctx, matchID)
	if done == nil {
		if err != nil {
			log.Warn("gave up waiting for a result", zap.Error(err))
		}
		return
	}
	defer done(nil)
	record := store.Match{Status: statusEnded, EndedAt: time.Now()}
	if end == allocation.EndedCrashed || end == allocation.EndedUnhealthy {
		record.Status, record.Code = statusFailed, errServerLost.Code
	}
	live, err := s.live(ctx, matchID)
	if err != nil {
		log.Error("a match whose server ended could not be read", zap.Error(err))
		s.owe(matchID, record)
		return
	}
	if live == nil {
		return
	}
	log.Info("server ended")
	s.endNow(log, live, record)
}

// endLost ends a match whose server nobody can reach any more.
func (s *Service) endLost(log *zap.Logger, live *Live) {
	s.endNow(log, live, store.Match{Status: statusFailed, Code: errServerLost.Code, EndedAt: time.Now()})
}

// endNow ends a match; what cannot be saved or told now is owed.
func (s *Service) endNow(log *zap.Logger, live *Live, end store.Match) {
	if _, err := s.finish(s.ctx, live, end); err != nil {
		log.Error("a match could not be ended; it is tried again", zap.Error(err))
		s.owe(live.ID, end)
	}
}

func (s *Service) live(ctx context.Context, matchID string) (*Live, error) {
	docs, err := s.state.Get(ctx, s.game, state.Key{Kind: KindMatch, ID: matchID})
	if err != nil {
		return nil, err
	}
	return decodeLive(docs[0])
}

// finish records how a match ended unless that is recorded already, tells its
// lobby what stands, forgets the live match and releases its server. Every step
// may be repeated, by anybody, after a crash at any point.
func (s *Service) finish(ctx context.Context, live *Live, end store.Match) (store.Match, error) {
	ctx = context.WithoutCancel(ctx) // once begun, the caller's going away must not stop it half-way
	roster, err := json.Marshal(live.Teams)
	if err != nil {
		return end, fault.From(err)
	}
	end.ID, end.Game, end.LobbyID = live.ID, s.game, live.LobbyID
	end.StartedAt, end.Roster, end.Hooks = live.StartedAt, roster, live.Hooks
	end.Provider, end.Region = live.Server.Provider, live.Server.Region
	end.Server = live.Server.String()
	if end, err = s.withoutErased(ctx, live, end); err != nil {
		return end, fault.From(err)
	}
	stands, first, err := s.records.FinishMatch(ctx, end)
	if err != nil {
		return end, fault.From(err)
	}
	s.at(live.ID, PointRecorded)
	if first {
		s.log.Info("match over", zap.String("match", live.ID), zap.String("status", stands.Status),
			zap.String("code", stands.Code), zap.Bool("result", stands.Result != nil))
		if err := s.tellEnd(live, stands); err != nil {
			s.log.Error("hooks could not be told of a match's end", zap.String("match", live.ID), zap.Error(err))
		}
	}
	if err := s.settle(ctx, live, stands); err != nil {
		// It is recorded: what is left to do needs nobody who waits.
		s.log.Error("a match's end could not be told yet; it is tried again", zap.String("match", live.ID), zap.Error(err))
		s.owe(live.ID, stands)
	}
	return stands, nil
}

// withoutErased takes players out of a record whose accounts were erased while
// they played.
func (s *Service) withoutErased(ctx context.Context, live *Live, end store.Match) (store.Match, error) {
	for _, team := range live.Teams {
		for _, p := range team.Players {
			if p.Bot {
				continue
			}
			_, err := s.accounts.Account(ctx, s.game, p.AccountID)
			if err == nil {
				continue
			}
			if !errors.Is(err, store.ErrNotFound) {
				return end, err
			}
			for _, doc := range []*[]byte{&end.Roster, &end.Result, &end.Answer} {
				if *doc, err = matchdoc.Erase(*doc, p.AccountID); err != nil {
					return end, err
				}
			}
		}
	}
	return end, nil
}

// settle does all that follows from a recorded end.
func (s *Service) settle(ctx context.Context, live *Live, stands store.Match) error {
	err := s.lobbies.EndMatch(live.LobbyID, live.ID, stands.Result, faultOf(stands))
	if err != nil && !errors.Is(err, lobby.ErrNotFound) {
		return err
	}
	server := live.Server
	loose := Loose{
		ID: live.ID, LobbyID: live.LobbyID, Provider: server.Provider, Region: server.Region, Since: time.Now(),
		Hooks: live.Hooks, Server: &server, Played: true, Cause: errPlayed.Error(),
	}
	t, err := s.forget(ctx, loose)
	if t == nil {
		return err
	}
	s.at(live.ID, PointEnded)
	release := func() {
		ctx, cancel := s.cleanup()
		defer cancel()
		log := s.log.With(zap.String("match", live.ID))
		if err := s.giveBack(ctx, log, t); err != nil {
			log.Warn("a server could not be given back; the sweep will try again", zap.Error(err))
		}
	}
	if !s.spawn(release) {
		release()
	}
	return nil
}

var errPlayed = errors.New("the match is over")

func faultOf(m store.Match) *fault.Error {
	switch {
	case m.Status != statusFailed:
		return nil
	case m.Code == errTimeout.Code:
		return errTimeout
	}
	return errServerLost
}

// forget deletes a live match and takes its server as a loose one, in one step. It
// is nil when somebody else has done so already.
func (s *Service) forget(ctx context.Context, server Loose) (*taken, error) {
	match, loose := state.Key{Kind: KindMatch, ID: server.ID}, looseKey(server.ID)
	for {
		docs, err := s.state.Get(ctx, s.game, match, loose)
		if err != nil || docs[0].Version == 0 {
			return nil, err
		}
		version, err := s.state.Apply(ctx, state.Tx{Game: s.game, Writes: []state.Write{
			{Key: match, Expect: docs[0].Version},
			{Key: loose, Expect: docs[1].Version, Value: &server, Deadline: time.Now().Add(looseAgain)},
		}})
		var conflict *state.Conflict
		switch {
		case err == nil:
			return &taken{server, version}, nil
		case !errors.As(err, &conflict):
			return nil, err
		}
	}
}
