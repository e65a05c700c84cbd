package gameserver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Result is how a match ended (see "The launch payload and results" of the protocol).
type Result struct {
	// Teams has every team of the match once.
	Teams      []TeamResult   `json:"teams"`
	Players    []PlayerResult `json:"players,omitempty"`
	Properties map[string]any `json:"properties,omitempty"`
}

// TeamResult is how a team did. Rank 1 is best; equal ranks are a draw.
type TeamResult struct {
	Name string `json:"name"`
	Rank int    `json:"rank"`
}

// PlayerResult is how a player did.
type PlayerResult struct {
	AccountID string         `json:"accountId"`
	Score     float64        `json:"score"`
	Stats     map[string]any `json:"stats,omitempty"`
}

const (
	resultTries   = 5
	resultWait    = 500 * time.Millisecond
	resultTimeout = 20 * time.Second
)

// Report sends the result of the match whose payload was last read, and returns
// nil when it is stored. It tries five times, 0.5 s × n apart, as long as the
// server cannot be reached or is not well; a repetition changes nothing there. It
// fails with ErrNoPayload, ErrNoResultURL, ErrMatchClosed, ErrResultRefused or
// ErrUnavailable. In local mode a result without an address is only logged.
func (s *Server) Report(ctx context.Context, r Result) error {
	p := s.current()
	body, err := json.Marshal(r)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrResultRefused, err)
	case (p == nil || p.ResultURL == "") && s.Local():
		s.log.Info("result", "result", string(body))
		return nil
	case p == nil:
		return ErrNoPayload
	case p.ResultURL == "":
		return ErrNoResultURL
	}
	return s.do(ctx, func(ctx context.Context) error { return s.report(ctx, p, body) })
}

func (s *Server) report(ctx context.Context, p *Payload, body []byte) error {
	for n := 1; ; n++ {
		err := s.postResult(ctx, p, body)
		if err == nil || n == resultTries || !errors.Is(err, ErrUnavailable) {
			return err
		}
		s.log.Warn("the result was not taken", "try", n, "error", err)
		if err := sleep(ctx, time.Duration(n)*resultWait); err != nil {
			return err
		}
	}
}

// postResult makes one try. ErrUnavailable says that another one may succeed.
func (s *Server) postResult(ctx context.Context, p *Payload, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.ResultURL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoResultURL, err)
	}
	req.Header.Set("Authorization", "Bearer "+p.ResultToken)
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.results.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	switch status := resp.StatusCode; {
	case status/100 == 2:
		return nil
	case transient(status):
		return fmt.Errorf("%w: %w", ErrUnavailable, readError(status, answer))
	case status == http.StatusConflict:
		return ErrMatchClosed
	default:
		return fmt.Errorf("%w: %w", ErrResultRefused, readError(status, answer))
	}
}
