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
	// Status, when not 0 and not 200, is answered in a gateway's error shape.
	Status int
	// RetryAfter is the header's value, if any.
	RetryAfter string
	// Delay is waited before the answer, or until the caller hangs up.
	Delay time.Duration
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
}

// OK answers with a server.
func OK() Behaviour { return Behaviour{Name: "ok"} }

// SnakeCase answers with a server, in proto names and with the port as a string.
func SnakeCase() Behaviour { return Behaviour{Name: "snake case", SnakeCase: true} }

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

// HalfBody closes the connection in the middle of a good answer.
func HalfBody() Behaviour { return Behaviour{Name: "half body", Half: true, Made: true} }

// HugeBody answers with a good server behind n bytes of space.
func HugeBody(n int) Behaviour {
	return Behaviour{Name: "huge body", Body: bytes.Repeat([]byte(" "), n), Made: true}
}

// makes reports whether a server exists after this call.
func (b Behaviour) makes() bool {
	return b.Made || !b.Cut && b.Body == nil && (b.Status == 0 || b.Status == http.StatusOK)
}

// wait is false when the caller hung up.
func (b Behaviour) wait(ctx context.Context) bool {
	if b.Delay <= 0 {
		return true
	}
	t := time.NewTimer(b.Delay)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (b Behaviour) answer(w http.ResponseWriter, s Made) {
	body := b.Body
	switch {
	case b.Cut:
		panic(http.ErrAbortHandler)
	case body == nil && b.Status != 0 && b.Status != http.StatusOK:
		if b.RetryAfter != "" {
			w.Header().Set("Retry-After", b.RetryAfter)
		}
		writeGatewayError(w, b.Status, 2, "told to answer "+strconv.Itoa(b.Status))
		return
	case body == nil && b.SnakeCase:
		body, _ = json.Marshal(map[string]any{"game_server": map[string]any{
			"server_name": s.Name, "address": s.Address, "port": strconv.Itoa(s.Port)}})
	case body == nil:
		body, _ = json.Marshal(map[string]any{"server": map[string]any{
			"name": s.Name, "address": s.Address, "port": s.Port}})
	}
	w.Header().Set("Content-Type", "application/json")
	if b.Half {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body)
}

func writeGatewayError(w http.ResponseWriter, status, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "message": message, "details": []any{}})
}
