// Package gameflowtest is a stand-in for GameFlow's public API, for tests, loads,
// benchmarks and developers: it checks requests as strictly as the real one,
// answers as it is told to and remembers what it made.
package gameflowtest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Options make a Platform.
type Options struct {
	// GameID and APIKey are the only ones that are let in.
	GameID, APIKey string
	// Decide, when set, chooses the behaviour of call n (from 0). It is asked
	// when no script is left, from the goroutine of the request.
	Decide func(n int, c Call) Behaviour
	// Make, when set, makes a real server for a call and returns when it is ready.
	// ctx ends when the call's time is over. An error says that there is none.
	Make func(ctx context.Context, c Call) (Made, error)
	// Answered, when set, is told of every start call when its answer is about to be
	// sent, or its caller has gone.
	Answered func(c Call)
	// Refused, when set, is told what was wrong with a request of another shape than the
	// documented one.
	Refused func(problem string)
	// Forget keeps counts only, for long loads.
	Forget bool
}

// Call is one start call as it came in.
type Call struct {
	// Fleet: it asked for a server of the warm fleet.
	Fleet   bool
	Region  string
	Payload string
	// MatchID is the payload's, if the payload is JSON that has one.
	MatchID string
	// TimeoutSeconds is how long the server may take; a fleet's calls do not say.
	TimeoutSeconds int
	// Behaviour is how it was answered.
	Behaviour Behaviour
	// Server is what was made for it; the zero value if nothing was.
	Server Made

	n int // its place among the calls
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

	ratings ratings

	tickets tickets
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

// CallsFor returns the calls whose payload names a match.
func (p *Platform) CallsFor(matchID string) (calls []Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.calls {
		if c.MatchID == matchID {
			calls = append(calls, c)
		}
	}
	return calls
}

// Servers returns what was made for a match.
func (p *Platform) Servers(matchID string) (made []Made) {
	for _, c := range p.CallsFor(matchID) {
		if c.Server != (Made{}) {
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
	if strings.HasPrefix(r.URL.Path, "/v1/matchmaking/") {
		p.serveTickets(w, r)
		return
	}
	switch r.URL.Path {
	case ratingsPath:
		p.serveRating(w, r)
	case "/v1/games/" + p.opts.GameID + "/servers":
		p.serveStart(w, r, false)
	case "/v1/fleets/" + p.opts.GameID + "/allocate":
		p.serveStart(w, r, true)
	default:
		p.refuse(w, &refusal{http.StatusNotFound, codeNotFound, fmt.Sprintf("no such path: %s", r.URL.Path)})
	}
}

// refuse answers a request that is not of the documented shape, and notes it.
func (p *Platform) refuse(w http.ResponseWriter, no *refusal) {
	p.note(no.problem)
	writeGatewayError(w, no.status, no.code, no.problem)
}

func (p *Platform) note(problem string) {
	if p.opts.Refused != nil {
		p.opts.Refused(problem)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.problems) < 100 {
		p.problems = append(p.problems, problem)
	}
}
