package transport

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/matchmaking"
)

// queue is a Matchmaking whose searches the test ends.
type queue struct {
	mu       sync.Mutex
	searches map[string]matchmaking.Listener
	missed   map[string]matchmaking.Match
	begun    chan matchmaking.Listener
}

func (q *queue) Find(_ context.Context, account, name string, l matchmaking.Listener) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case name == "full":
		return matchmaking.ErrUnavailable
	case name == "closed":
		return fault.Draining
	case q.searches[account] != nil:
		return matchmaking.ErrAlreadySearching
	}
	q.searches[account] = l
	q.begun <- l
	return nil
}

func (q *queue) Cancel(account string) matchmaking.Listener {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.searches[account]
	delete(q.searches, account)
	return l
}

func (q *queue) Missed(_ context.Context, account string) (matchmaking.Match, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	m, found := q.missed[account]
	return m, found
}

// startQueue is a node whose accounts may have several sockets, with a queue.
func startQueue(t *testing.T) (*node, *queue) {
	q := &queue{searches: map[string]matchmaking.Listener{}, missed: map[string]matchmaking.Match{}, begun: make(chan matchmaking.Listener, 8)}
	return start(t, func(s *setup) { s.Games[0].Matchmaking, s.Games[0].Duplicate = q, "allow" }), q
}

// said checks the next message to the letter.
func (c *client) said(want string) {
	c.t.Helper()
	if got, err := c.raw(); err != nil || got != want {
		c.t.Fatalf("got %s, %v\nwant %s", got, err, want)
	}
}

func TestSearchIsTold(t *testing.T) {
	n, q := startQueue(t)
	ann, other := n.player("ann"), n.dial("/_ws?token="+token("ann")+"&v=2", nil)
	other.expect("connected")
	ann.send(`{"type":"matchmaking:find","id":"f"}`)
	l := <-q.begun
	l.Searching("t-1")
	ann.said(`{"type":"matchmaking:searching","ticketId":"t-1","replyTo":"f"}`)
	other.send(`{"type":"matchmaking:find","id":"g"}`)
	other.said(`{"type":"error","message":"Already searching for a match","code":"already_searching","replyTo":"g"}`)
	l.Found(matchmaking.Match{
		ID: "m-1", StartedAt: time.UnixMilli(1700000000000), Server: allocation.Server{Address: "2001:db8::1", Port: 7777},
	})
	ann.said(`{"type":"match:started","matchData":{"matchId":"m-1","teamA":[],"teamB":[],"startedAt":1700000000000,"server":{"address":"2001:db8::1","port":7777,"serverName":""}}}`)
	other.said(`{"type":"match:started","matchData":{"matchId":"m-1","teams":[],"startedAt":1700000000000,"server":{"address":"2001:db8::1","port":7777,"serverName":""}}}`)
}

func TestSearchFails(t *testing.T) {
	n, q := startQueue(t)
	ann := n.player("ann")
	for _, c := range []struct{ queue, want string }{
		{"full", `{"type":"matchmaking:error","message":"Matchmaking unavailable","replyTo":"f"}`},
		{"closed", `{"type":"error","message":"The server is restarting, please reconnect","code":"draining","replyTo":"f"}`},
	} {
		ann.send(`{"type":"matchmaking:find","id":"f","queue":"` + c.queue + `"}`)
		ann.said(c.want)
	}
	ann.send(`{"type":"matchmaking:find","id":"f"}`)
	(<-q.begun).Failed(matchmaking.ErrNotEntered)
	ann.said(`{"type":"matchmaking:error","message":"Failed to enter matchmaking","replyTo":"f"}`)
	q.Cancel("ann")
	ann.send(`{"type":"matchmaking:find","id":"f"}`)
	(<-q.begun).Failed(matchmaking.ErrAlreadySearching) // on another node
	ann.said(`{"type":"error","message":"Already searching for a match","code":"already_searching","replyTo":"f"}`)
	q.Cancel("ann")
	ann.send(`{"type":"matchmaking:find","id":"f"}`)
	l := <-q.begun
	l.Searching("t-1")
	l.Failed(matchmaking.ErrNoMatch)
	ann.expect("matchmaking:searching")
	ann.said(`{"type":"matchmaking:error","message":"Matchmaking failed"}`)
}

func TestSearchIsCancelled(t *testing.T) {
	n, q := startQueue(t)
	ann, other := n.player("ann"), n.player("ann")
	cancelled := func(id string) string {
		if id != "" {
			id = `,"replyTo":"` + id + `"`
		}
		return `{"type":"matchmaking:cancelled"` + id + `}`
	}
	// Before its request is answered.
	ann.send(`{"type":"matchmaking:find","id":"f"}`)
	<-q.begun
	ann.send(`{"type":"matchmaking:cancel","id":"c"}`)
	ann.said(cancelled("f"))
	ann.said(cancelled("c"))
	// Afterwards.
	ann.send(`{"type":"matchmaking:find"}`)
	(<-q.begun).Searching("t-1")
	ann.expect("matchmaking:searching")
	ann.send(`{"type":"matchmaking:cancel"}`)
	ann.said(cancelled(""))
	ann.send(`{"type":"matchmaking:cancel","id":"c"}`)
	ann.said(cancelled("c"))
	// By another socket.
	ann.send(`{"type":"matchmaking:find"}`)
	(<-q.begun).Searching("t-2")
	ann.expect("matchmaking:searching")
	other.send(`{"type":"matchmaking:cancel","id":"c"}`)
	other.said(cancelled("c"))
	ann.said(cancelled(""))
}

// TestMissedMatchIsInTheWelcome of a player without a lobby.
func TestMissedMatchIsInTheWelcome(t *testing.T) {
	n, q := startQueue(t)
	q.missed["ann"] = matchmaking.Match{ID: "m-1", StartedAt: time.UnixMilli(1700000000000), Server: allocation.Server{Address: "203.0.113.7", Port: 7777}}
	ann := n.dial("/_ws?token="+token("ann"), nil)
	ann.said(`{"type":"connected","accountId":"ann","username":"name of ann","matchData":{"matchId":"m-1","teamA":[],"teamB":[],"startedAt":1700000000000,"server":{"address":"203.0.113.7","port":7777,"serverName":""}}}`)
	ann.send(`{"type":"lobby:create"}`)
	ann.expect("lobby:created")
	if m := n.dial("/_ws?token="+token("ann"), nil).expect("connected"); m["matchData"] != nil || m["lobby"] == nil {
		t.Errorf("%v", m)
	}
}

// TestStartEndsSearches: who plays in a lobby's match searches no more.
func TestStartEndsSearches(t *testing.T) {
	n, q := startQueue(t)
	ann, bob := n.player("ann"), n.player("bob")
	ann.send(`{"type":"lobby:create"}`)
	code := ann.expect("lobby:created").str("lobby", "code")
	bob.send(`{"type":"lobby:join","code":"` + code + `"}`)
	bob.expect("lobby:updated")
	bob.send(`{"type":"matchmaking:find"}`)
	<-q.begun
	bob.send(`{"type":"lobby:ready"}`)
	ann.send(`{"type":"lobby:ready"}`)
	// Refused while somebody is not ready: nothing is ended then.
	for ready := 0; ready < 2; {
		ready = 0
		var l struct{ TeamA, TeamB []struct{ Ready bool } }
		m := ann.expect("lobby:updated")
		text, _ := json.Marshal(m["lobby"])
		n.must(json.Unmarshal(text, &l))
		for _, p := range append(l.TeamA, l.TeamB...) {
			if p.Ready {
				ready++
			}
		}
	}
	ann.send(`{"type":"lobby:start"}`)
	for {
		m := bob.next()
		if m["type"] == "matchmaking:cancelled" {
			break
		}
		if m["type"] != "lobby:updated" && m["type"] != "match:started" {
			t.Fatalf("bob hears %v", m)
		}
	}
	if q.Cancel("bob") != nil {
		t.Error("bob still searches")
	}
}

// TestErasedAccountsSearchNoMore deletes an account that searches.
func TestErasedAccountsSearchNoMore(t *testing.T) {
	n, q := startQueue(t)
	ann := n.player("ann")
	ann.send(`{"type":"matchmaking:find"}`)
	<-q.begun
	if status, body := n.do("DELETE", "/accounts/me", token("ann"), ""); status != 204 {
		t.Fatalf("%d %s", status, body)
	}
	if q.Cancel("ann") != nil {
		t.Error("an erased account searches")
	}
}

// TestSearchesAreLimited: each makes calls to somebody else.
func TestSearchesAreLimited(t *testing.T) {
	n, q := startQueue(t)
	ann, other := n.player("ann"), n.player("bob")
	for range 10 {
		ann.send(`{"type":"matchmaking:find"}`)
		<-q.begun
		ann.send(`{"type":"matchmaking:cancel"}`)
		ann.expect("matchmaking:cancelled")
	}
	ann.send(`{"type":"matchmaking:find"}`)
	if m := ann.refused("rate_limited", ""); m["retryAfterMs"] == nil {
		t.Errorf("%v", m)
	}
	other.send(`{"type":"matchmaking:find"}`)
	<-q.begun
}
