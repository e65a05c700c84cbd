package match

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"
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

// Report takes a result and returns the exact bytes of the answer, the same at
// every repetition. While the match's start is under way it waits.
func (s *Service) Report(ctx context.Context, matchID, bearer string, body []byte) ([]byte, error) {
	if !s.signer.checkResultToken(matchID, bearer) {
		return nil, ErrUnauthorized
	}
	if err := s.await(ctx, matchID); err != nil {
		return nil, fault.From(err)
	}
	live, err := s.live(ctx, matchID)
	if err != nil {
		return nil, fault.From(err)
	}
	// A match that has ended stays live for a moment after it was recorded: no hook
	// shall see its result a second time.
	if answer, err := s.answered(ctx, matchID); live == nil || !errors.Is(err, ErrNotFound) {
		return answer, err
	}
	result, err := parseResult(body, live.Teams)
	if err != nil {
		return nil, err
	}
	if result, err = s.hooks.Result(ctx, live, result); err != nil {
		return nil, fault.From(err)
	}
	if err := result.check(live.Teams); err != nil {
		return nil, fault.New("hook_failed", "The result could not be processed").With(err)
	}
	encoded, err := json.Marshal(result)
	if err != nil {
		return nil, ErrInvalid.With(err)
	}
	now := time.Now()
	answer, err := json.Marshal(struct {
		MatchID    string          `json:"matchId"`
		AcceptedAt int64           `json:"acceptedAt"`
		Result     json.RawMessage `json:"result"`
	}{matchID, now.UnixMilli(), encoded})
	if err != nil {
		return nil, fault.From(err)
	}
	stands, err := s.finish(ctx, live, store.Match{Status: statusEnded, EndedAt: now, Result: encoded, Answer: answer})
	if err != nil {
		return nil, err
	}
	return answerOf(stands)
}

// answered answers a result call for a match that is not live.
func (s *Service) answered(ctx context.Context, matchID string) ([]byte, error) {
	m, err := s.records.MatchByID(ctx, s.game, matchID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fault.From(err)
	}
	return answerOf(m)
}

func answerOf(m store.Match) ([]byte, error) {
	if m.Status != statusEnded || m.Answer == nil {
		return nil, ErrClosed
	}
	return m.Answer, nil
}

// Result is Report for a fleet's sidecar: the HTTP answer instead of an error.
func (s *Service) Result(ctx context.Context, _, matchID, bearer string, body []byte) (status int, answer []byte) {
	answer, err := s.Report(ctx, matchID, bearer, body)
	if err == nil {
		return http.StatusOK, answer
	}
	f := fault.From(err)
	switch f.Code {
	case ErrUnauthorized.Code:
		status = http.StatusUnauthorized
	case ErrNotFound.Code:
		status = http.StatusNotFound
	case ErrClosed.Code, "refused_by_hook":
		status = http.StatusConflict
	case ErrInvalid.Code:
		status = http.StatusBadRequest
	case fault.TryAgain.Code, fault.Draining.Code, "hook_unavailable":
		status = http.StatusServiceUnavailable
	case "hook_timeout":
		status = http.StatusGatewayTimeout
	default:
		status = http.StatusInternalServerError
	}
	answer, _ = json.Marshal(map[string]string{"error": f.Text, "code": f.Code})
	return status, answer
}

// ServerEnded ends the match whose server is gone or wants to go. A server that
// ends while its match is still starting is held until the start has ended.
func (s *Service) ServerEnded(ctx context.Context, _, matchID string, end allocation.End) {
	log := s.log.With(zap.String("match", matchID), zap.Stringer("end", end))
	if err := s.await(ctx, matchID); err != nil {
		log.Warn("gave up waiting for a start to end", zap.Error(err))
		return
	}
	live, err := s.live(ctx, matchID)
	if err != nil {
		log.Error("a match whose server ended could not be read; its time limit will end it", zap.Error(err))
		return
	}
	if live == nil {
		return
	}
	log.Info("server ended")
	record := store.Match{Status: statusEnded, EndedAt: time.Now()}
	if end == allocation.EndedCrashed || end == allocation.EndedUnhealthy {
		record.Status, record.Code = statusFailed, errServerLost.Code
	}
	if _, err := s.finish(ctx, live, record); err != nil {
		log.Error("a match could not be ended; its time limit will end it", zap.Error(err))
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
	end.Server = net.JoinHostPort(live.Server.Address, strconv.Itoa(live.Server.Port)) + " (" + live.Server.Name + ")"
	if end, err = s.withoutErased(ctx, live, end); err != nil {
		return end, fault.From(err)
	}
	stands, first, err := s.records.FinishMatch(ctx, end)
	if err != nil {
		return end, fault.From(err)
	}
	if first {
		s.log.Info("match over", zap.String("match", live.ID), zap.String("status", stands.Status),
			zap.String("code", stands.Code), zap.Bool("result", stands.Result != nil))
		if err := s.tellEnd(live, stands); err != nil {
			s.log.Error("hooks could not be told of a match's end", zap.String("match", live.ID), zap.Error(err))
		}
	}
	if err := s.settle(ctx, live, stands); err != nil {
		return stands, fault.From(err)
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
	if err := s.forget(ctx, live.ID); err != nil {
		return err
	}
	log := s.log.With(zap.String("match", live.ID))
	if !s.spawn(func() { s.release(log, live.Server.Provider, live.ID) }) {
		s.release(log, live.Server.Provider, live.ID)
	}
	return nil
}

func faultOf(m store.Match) *fault.Error {
	switch {
	case m.Status != statusFailed:
		return nil
	case m.Code == errTimeout.Code:
		return errTimeout
	}
	return errServerLost
}

// forget deletes the live match; somebody else may have done so already.
func (s *Service) forget(ctx context.Context, matchID string) error {
	key := state.Key{Kind: KindMatch, ID: matchID}
	for {
		docs, err := s.state.Get(ctx, s.game, key)
		if err != nil || docs[0].Version == 0 {
			return err
		}
		_, err = s.state.Apply(ctx, state.Tx{Game: s.game, Writes: []state.Write{{Key: key, Expect: docs[0].Version}}})
		var conflict *state.Conflict
		if !errors.As(err, &conflict) {
			return err
		}
	}
}
