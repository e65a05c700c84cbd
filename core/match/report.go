package match

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/store"
)

// turn is an end of one match that is being worked on.
type turn struct {
	done   chan struct{}
	answer []byte // of a report that was taken; read after done
}

// takeTurn waits until no other end of the match is worked on by this node. It
// returns the answer of a report that was taken meanwhile, or else done, to be
// called with the answer of one's own.
func (s *Service) takeTurn(ctx context.Context, matchID string) (done func(answer []byte), answer []byte, err error) {
	for {
		s.mu.Lock()
		other := s.turns[matchID]
		if other == nil {
			mine := &turn{done: make(chan struct{})}
			s.turns[matchID] = mine
			s.mu.Unlock()
			return func(answer []byte) {
				mine.answer = answer
				s.mu.Lock()
				delete(s.turns, matchID)
				s.mu.Unlock()
				close(mine.done)
			}, nil, nil
		}
		s.mu.Unlock()
		select {
		case <-other.done:
			if other.answer != nil {
				return nil, other.answer, nil
			}
		case <-ctx.Done():
			return nil, nil, fault.From(ctx.Err())
		}
	}
}

// Report takes a result and returns the exact bytes of the answer, the same at
// every repetition. While the match's start is under way it waits, and while
// another report of the match is.
func (s *Service) Report(ctx context.Context, matchID, bearer string, body []byte) ([]byte, error) {
	if !s.signer.checkResultToken(matchID, bearer) {
		return nil, ErrUnauthorized
	}
	done, answer, err := s.takeTurn(ctx, matchID)
	if answer != nil || err != nil {
		return answer, err
	}
	defer func() { done(answer) }()
	answer, err = s.report(ctx, matchID, body)
	return answer, err
}

// report takes a result while no other end of the match is worked on.
func (s *Service) report(ctx context.Context, matchID string, body []byte) ([]byte, error) {
	if err := s.await(ctx, matchID); err != nil {
		return nil, fault.From(err)
	}
	live, err := s.live(ctx, matchID)
	if err != nil {
		return nil, fault.From(err)
	}
	// A match that has ended stays live until that was told: no hook shall see its
	// result a second time.
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
