// Package webtest stands in for sign-in providers in the tests of the plugins that
// ask them: on real sockets, and with all the ways in which a provider fails.
package webtest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Provider is a server whose answers a test sets.
type Provider struct {
	*httptest.Server

	mu      sync.Mutex
	answers map[string]http.HandlerFunc
	calls   map[string]int
}

// New returns a provider that answers 404 to everything.
func New(t testing.TB) *Provider {
	p := &Provider{answers: map[string]http.HandlerFunc{}, calls: map[string]int{}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

// On sets the answer to a path.
func (p *Provider) On(path string, h http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers[path] = h
}

// Calls is how often a path was asked.
func (p *Provider) Calls(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[path]
}

// ServeHTTP implements http.Handler.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.calls[r.URL.Path]++
	h, known := p.answers[r.URL.Path]
	p.mu.Unlock()
	if !known {
		h = http.NotFound
	}
	h(w, r)
}

// JSON answers with a status and a value.
func JSON(status int, v any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v) // an error means that the client has gone
	}
}

// Busy answers 429 with that Retry-After so many times, then as h.
func Busy(times int, after string, h http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		times--
		busy := times >= 0
		mu.Unlock()
		if !busy {
			h(w, r)
			return
		}
		if after != "" {
			w.Header().Set("Retry-After", after)
		}
		http.Error(w, "slow down", http.StatusTooManyRequests)
	}
}
