package gameflow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/muster-gg/muster/core/allocation"
)

const (
	maxAnswer = 64 << 10
	// maxRetryAfter is the longest pause that one retry of a 429 is worth.
	maxRetryAfter = 2 * time.Second
	// leastKey is the length from which a key is none of the words that servers are
	// named by, as one for developing may be.
	leastKey = 16
)

// startRequest is the body of both calls. A fleet's servers are ready, so there is
// nothing to say about their time.
type startRequest struct {
	Region         string `json:"region"`
	Payload        string `json:"payload"`
	TimeoutSeconds int    `json:"timeoutSeconds,omitempty"`
}

// Allocate starts a server and waits until it is ready, or takes one of the fleet.
// Errors are None when the call surely made no server: not connected, 4xx except
// 408, 503, 504.
func (p *Provider) Allocate(ctx context.Context, r allocation.Request) (allocation.Server, error) {
	payload, err := r.Payload(r.ResultURL)
	if err != nil {
		return allocation.Server{}, allocation.None(fmt.Errorf("payload: %w", err))
	}
	region := r.Region
	if region == "" {
		region = p.region
	}
	ctx, cancel := context.WithTimeout(ctx, p.timeout+Slack)
	defer cancel()
	call := startRequest{Region: region, Payload: string(payload)}
	s, again, err := p.start(ctx, call)
	if err != nil && again >= 0 && pause(ctx, again) {
		s, _, err = p.start(ctx, call)
	}
	if err != nil {
		return allocation.Server{}, err
	}
	s.Region = region
	return s, nil
}

// start makes one call. again is how long to wait before the one other try that
// a 429 may have, negative for none.
func (p *Provider) start(ctx context.Context, call startRequest) (s allocation.Server, again time.Duration, err error) {
	// A late start gets less of the platform's time, never less than our slack:
	// if we gave up first, its server would be nobody's.
	wait := p.timeout
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline).Round(time.Second)-Slack)
	}
	if wait < time.Second {
		return s, -1, allocation.None(fmt.Errorf("no time left for a start: %w", context.DeadlineExceeded))
	}
	if !p.fleet {
		call.TimeoutSeconds = int(wait / time.Second)
	}
	body, err := json.Marshal(call)
	if err != nil {
		return s, -1, allocation.None(err)
	}
	var connected atomic.Bool
	req, err := http.NewRequestWithContext(connectedTrace(ctx, &connected), http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return s, -1, allocation.None(err)
	}
	req.Header.Set("X-Api-Key", p.key)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	resp, err := p.client.Do(req)
	if err != nil {
		err = fmt.Errorf("start call: %w", err)
		if !connected.Load() {
			return s, -1, allocation.None(err)
		}
		return s, -1, err
	}
	defer resp.Body.Close()
	answer, readErr := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if resp.StatusCode != http.StatusOK {
		return s, retryAfter(resp), p.refused(resp.StatusCode, answer)
	}
	switch {
	case readErr != nil:
		return s, -1, fmt.Errorf("start call: answer: %w", readErr)
	case len(answer) > maxAnswer:
		return s, -1, fmt.Errorf("start call: answer is over %d bytes", maxAnswer)
	}
	s, err = p.read(answer)
	return s, -1, err
}

// read is decode for an answer that may be anything, our key included: what has
// the key in it goes no further.
func (p *Provider) read(answer []byte) (allocation.Server, error) {
	s, err := decode(answer, p.fleet)
	switch {
	case err != nil:
		return allocation.Server{}, fmt.Errorf("start call: %s", allocation.Mask(err.Error(), 400, p.key))
	case len(p.key) >= leastKey && (strings.Contains(s.Name, p.key) || strings.Contains(s.Address, p.key)):
		return allocation.Server{}, errors.New("start call: the answer repeats the key")
	}
	return s, nil
}

// connectedTrace notes if a connection was had: without one nothing was sent.
// The transport may take a second connection when the first proved dead before
// anything was written to it, hence the reset.
func connectedTrace(ctx context.Context, connected *atomic.Bool) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { connected.Store(false) },
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
}

// refused is the error of a status other than 200.
func (p *Provider) refused(status int, answer []byte) error {
	err := fmt.Errorf("start call: status %d: %s", status, allocation.Mask(gatewayMessage(answer), 200, p.key))
	switch {
	case status == http.StatusRequestTimeout:
		return err
	case status >= 400 && status < 500, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return allocation.None(err)
	}
	return err
}

// retryAfter returns the pause that a 429 asks for if it is short, else -1.
func retryAfter(resp *http.Response) time.Duration {
	value := resp.Header.Get("Retry-After")
	if resp.StatusCode != http.StatusTooManyRequests || value == "" {
		return -1
	}
	var d time.Duration
	if n, err := strconv.Atoi(value); err == nil && n >= 0 && n <= 1000 {
		d = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = max(0, time.Until(at))
	} else {
		return -1
	}
	if d > maxRetryAfter {
		return -1
	}
	return d
}

// pause waits, and reports whether there is still time for a call.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
