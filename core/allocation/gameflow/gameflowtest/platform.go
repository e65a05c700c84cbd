// Package gameflowtest is a stand-in for GameFlow's start call, for tests, loads
// and benchmarks: it checks requests as strictly as the real one, answers as it
// is told to and remembers what it made.
package gameflowtest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
)

// Options make a Platform.
type Options struct {
	// GameID and APIKey are the only ones that are let in.
	GameID, APIKey string
	// Decide, when set, chooses the behaviour of call n (from 0). It is asked
	// when no script is left, from the goroutine of the request.
	Decide func(n int, c Call) Behaviour
	// Forget keeps counts only, for long loads.
	Forget bool
}

// Call is one start call as it came in.
type Call struct {
	Region  string
	Payload string
	// MatchID is the payload's, if the payload is JSON that has one.
	MatchID        string
	TimeoutSeconds int
	// Behaviour is how it was answered.
	Behaviour Behaviour
	// Server is what was made for it; the zero value if nothing was.
	Server Made
}

// Made is a server that the platform made. Address and port are never given twice.
type Made struct {
	Name, Address string
	Port          int
}

// Platform is an http.Handler that plays GameFlow. It is safe for concurrent use.
type Platform struct {
	opts Options

	mu       sync.Mutex
	script   []Behaviour
	calls    []Call
	problems []string
	count    int
	made     int
}

// New returns a platform that answers every good call with a server.
func New(o Options) *Platform { return &Platform{opts: o} }

// Script adds behaviours for the next calls, in order.
func (p *Platform) Script(b ...Behaviour) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script = append(p.script, b...)
}

// Calls returns the calls so far; refused requests are not among them.
func (p *Platform) Calls() []Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

// Count is the number of calls, refused requests left out.
func (p *Platform) Count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// Made is the number of servers that were made, told or not.
func (p *Platform) Made() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.made
}

// Servers returns what was made for a match.
func (p *Platform) Servers(matchID string) []Made {
	var made []Made
	for _, c := range p.Calls() {
		if c.MatchID == matchID && c.Server != (Made{}) {
			made = append(made, c.Server)
		}
	}
	return made
}

// Problems says what was wrong with requests that were not of the documented
// shape. They were answered with an error.
func (p *Platform) Problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.problems)
}

// ServeHTTP answers one request.
func (p *Platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, refused := p.check(r)
	if refused != nil {
		p.note(refused.problem)
		writeGatewayError(w, refused.status, refused.code, refused.problem)
		return
	}
	c = p.take(c)
	if !c.Behaviour.wait(r.Context()) {
		panic(http.ErrAbortHandler)
	}
	c.Behaviour.answer(w, c.Server)
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
	p.count++
	if c.Behaviour.makes() {
		c.Server = nth(p.made)
		p.made++
	}
	if !p.opts.Forget {
		p.calls = append(p.calls, c)
	}
	return c
}

// nth is the server number n: addresses of a block that is kept for
// documentation, so that nobody is called by mistake.
func nth(n int) Made {
	const perHost = 40000
	return Made{
		Name:    fmt.Sprintf("gs-%d", n),
		Address: fmt.Sprintf("203.0.113.%d", 1+n/perHost%254),
		Port:    20000 + n%perHost,
	}
}

func (p *Platform) note(problem string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.problems) < 100 {
		p.problems = append(p.problems, problem)
	}
}

// Server is a Platform that listens on loopback.
type Server struct {
	*Platform
	// URL is the API's base.
	URL  string
	http *httptest.Server
}

// NewServer starts a platform. Close it.
func NewServer(o Options) *Server {
	p := New(o)
	h := httptest.NewServer(p)
	return &Server{Platform: p, URL: h.URL + "/v1", http: h}
}

// Close ends open connections and the listener. Later calls find nobody.
func (s *Server) Close() {
	s.http.CloseClientConnections()
	s.http.Close()
}
