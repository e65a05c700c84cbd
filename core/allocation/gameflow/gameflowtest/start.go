package gameflowtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// defaultTimeout is how long a server may take when a call does not say.
const defaultTimeout = 120 * time.Second

// serveStart answers a call for a new server, or for one of the warm fleet.
func (p *Platform) serveStart(w http.ResponseWriter, r *http.Request, fleet bool) {
	c, no := p.checkStart(r, fleet)
	if no != nil {
		p.refuse(w, no)
		return
	}
	c = p.take(c)
	failed := p.run(r.Context(), &c)
	if p.opts.Answered != nil {
		p.opts.Answered(c)
	}
	switch {
	case r.Context().Err() != nil:
		panic(http.ErrAbortHandler)
	case failed != nil && c.Behaviour.good():
		writeGatewayError(w, failed.status, failed.code, failed.problem)
	default:
		b := c.Behaviour
		if fleet && b.good() {
			b.Body, _ = json.Marshal(b.lent(c.Server))
		}
		b.answer(w, c.Server)
	}
}

// run waits as long as the call is to take and makes its server, if it has a real one.
func (p *Platform) run(ctx context.Context, c *Call) *refusal {
	b, limit := c.Behaviour, c.timeout()
	if !pause(ctx, min(b.Boot, limit)) {
		return nil
	}
	if b.Boot > limit {
		return notInTime(limit)
	}
	if p.opts.Make != nil && b.makes() {
		// What it makes outlives the call: a caller who is gone leaves it behind.
		making, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
		defer cancel()
		made, err := p.opts.Make(making, *c)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return notInTime(limit)
		case err != nil:
			return &refusal{http.StatusServiceUnavailable, codeUnavailable, err.Error()}
		}
		c.Server = made
		p.has(*c)
	}
	b.wait(ctx)
	return nil
}

func notInTime(limit time.Duration) *refusal {
	return &refusal{http.StatusGatewayTimeout, codeDeadline, fmt.Sprintf("the server was not ready within %s", limit)}
}

// take decides how a call is answered and makes its server.
func (p *Platform) take(c Call) Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(p.script) > 0:
		c.Behaviour, p.script = p.script[0], p.script[1:]
	case p.opts.Decide != nil:
		c.Behaviour = p.opts.Decide(p.count, c)
	}
	c.n = p.count
	p.count++
	if p.opts.Make == nil && c.Behaviour.makes() && c.Behaviour.Boot <= c.timeout() {
		c.Server = nth(p.made)
		p.made++
	}
	if !p.opts.Forget {
		p.calls = append(p.calls, c)
	}
	return c
}

// has notes the real server that was made for a call.
func (p *Platform) has(c Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made++
	if !p.opts.Forget {
		p.calls[c.n] = c
	}
}

func (c Call) timeout() time.Duration {
	if c.TimeoutSeconds == 0 {
		return defaultTimeout
	}
	return time.Duration(c.TimeoutSeconds) * time.Second
}

// nth is the server number n: addresses of a block that is kept for
// documentation, so that nobody is called by mistake.
func nth(n int) Made {
	const perHost = 40000
	return Made{
		Name:    "gs-" + strconv.Itoa(n),
		Address: fmt.Sprintf("203.0.113.%d", 1+n/perHost%254),
		Port:    20000 + n%perHost,
	}
}

// pause is false when the caller hung up.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
