package gameflowtest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// Behaviour is how the platform answers one start call. The zero value answers
// at once with a server.
type Behaviour struct {
	// Name is for messages and records.
	Name string
	// Boot is how long the server takes until it is ready. One that takes longer than
	// the call allows is not made, and the call is answered 504.
	Boot time.Duration
	// Delay is waited before the answer, or until the caller hangs up.
	Delay time.Duration
	// Status, when not 0 and not 200, is answered in a gateway's error shape, or with Body.
	Status int
	// RetryAfter is the header's value, if any.
	RetryAfter string
	// Body, when not nil, replaces the answer's body.
	Body []byte
	// Cut closes the connection instead of answering.
	Cut bool
	// Half promises the whole body and closes the connection after half of it.
	Half bool
	// Made says that a server was made although the answer does not tell.
	Made bool
	// SnakeCase writes proto names and the port as a string.
	SnakeCase bool
	// Wrapped puts a fleet's answer below `allocation`.
	Wrapped bool
}

// makes reports whether a server exists after this call, if it had its time.
func (b Behaviour) makes() bool { return b.Made || b.good() }

// good reports whether the answer names the server.
func (b Behaviour) good() bool {
	return !b.Cut && b.Body == nil && (b.Status == 0 || b.Status == http.StatusOK)
}

// wait is false when the caller hung up.
func (b Behaviour) wait(ctx context.Context) bool { return pause(ctx, b.Delay) }

func (b Behaviour) answer(w http.ResponseWriter, s Made) {
	body := b.Body
	switch {
	case b.Cut:
		panic(http.ErrAbortHandler)
	case body == nil && b.Status != 0 && b.Status != http.StatusOK:
		if b.RetryAfter != "" {
			w.Header().Set("Retry-After", b.RetryAfter)
		}
		writeGatewayError(w, b.Status, codeUnknown, "told to answer "+strconv.Itoa(b.Status))
		return
	case body == nil:
		body, _ = json.Marshal(b.started(s))
	}
	w.Header().Set("Content-Type", "application/json")
	if b.Half {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	if b.Status != 0 {
		w.WriteHeader(b.Status)
	}
	if b.Half {
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body)
}

// started is the answer of a start call.
func (b Behaviour) started(s Made) any {
	if b.SnakeCase {
		return map[string]any{"game_server": b.named(s)}
	}
	return map[string]any{"server": b.named(s)}
}

// lent is the answer of a fleet's call.
func (b Behaviour) lent(s Made) any {
	if b.Wrapped {
		return map[string]any{"allocation": b.named(s)}
	}
	return b.named(s)
}

func (b Behaviour) named(s Made) map[string]any {
	if b.SnakeCase {
		return map[string]any{"server_name": s.Name, "address": s.Address, "port": strconv.Itoa(s.Port)}
	}
	return map[string]any{"name": s.Name, "address": s.Address, "port": s.Port}
}

// OK answers with a server.
func OK() Behaviour { return Behaviour{Name: "ok"} }

// SnakeCase answers with a server, in proto names and with the port as a string.
func SnakeCase() Behaviour { return Behaviour{Name: "snake case", SnakeCase: true} }

// Wrapped answers with a server; a fleet's is below `allocation`.
func Wrapped() Behaviour { return Behaviour{Name: "wrapped", Wrapped: true} }

// Boots answers with a server that is ready after a while, or with 504 if that is
// longer than the call allows; then there is none.
func Boots(d time.Duration) Behaviour { return Behaviour{Name: "boots", Boot: d} }

// Status answers with an error status; no server is made.
func Status(code int) Behaviour { return Behaviour{Name: "status " + strconv.Itoa(code), Status: code} }

// Lost answers with an error status although a server was made.
func Lost(code int) Behaviour {
	return Behaviour{Name: "lost " + strconv.Itoa(code), Status: code, Made: true}
}

// RateLimited answers 429 with a Retry-After.
func RateLimited(after string) Behaviour {
	return Behaviour{Name: "rate limited", Status: http.StatusTooManyRequests, RetryAfter: after}
}

// Slow answers with a server after a delay; who hangs up earlier leaves it behind.
func Slow(d time.Duration) Behaviour { return Behaviour{Name: "slow", Delay: d, Made: true} }

// Garbage answers 200 with a body that is no answer.
func Garbage(body string) Behaviour {
	return Behaviour{Name: "garbage", Body: []byte(body), Made: true}
}

// Cut closes the connection after the request was read; a server was made.
func Cut() Behaviour { return Behaviour{Name: "cut", Cut: true, Made: true} }

// CutBefore closes the connection after the request was read; no server was made.
func CutBefore() Behaviour { return Behaviour{Name: "cut before", Cut: true} }

// HalfBody closes the connection in the middle of a good answer.
func HalfBody() Behaviour { return Behaviour{Name: "half body", Half: true, Made: true} }

// HugeBody answers with a good server behind n bytes of space.
func HugeBody(n int) Behaviour {
	return Behaviour{Name: "huge body", Body: bytes.Repeat([]byte(" "), n), Made: true}
}
