package client

import (
	"context"
	"fmt"
	"testing"
)

func TestFindMatch(t *testing.T) {
	c, p := newFake(t).dial(t)
	event[*Connected](t, c)
	find := func(queue, answer string) (ticket string, err error) {
		done := make(chan struct{})
		go func() { defer close(done); ticket, err = c.FindMatch(context.Background(), queue) }()
		m := <-p.in
		if m["type"] != "matchmaking:find" || m["queue"] != map[string]any{"": nil, "ranked": "ranked"}[queue] {
			t.Errorf("sent %v", m)
		}
		p.send(fmt.Sprintf(answer, m["id"]))
		<-done
		return ticket, err
	}
	if ticket, err := find("", `{"type":"matchmaking:searching","ticketId":"t-1","replyTo":%q}`); ticket != "t-1" || err != nil {
		t.Errorf("%q, %v", ticket, err)
	}
	if _, err := find("ranked", `{"type":"matchmaking:error","message":"Failed to enter matchmaking","replyTo":%q}`); CodeOf(err) != CodeMatchmaking || err.(*Error).Message != "Failed to enter matchmaking" {
		t.Error(err)
	}
	if _, err := find("", `{"type":"matchmaking:cancelled","replyTo":%q}`); CodeOf(err) != CodeSearchCancelled {
		t.Error(err)
	}
	if _, err := find("", `{"type":"error","code":"already_searching","message":"Already searching for a match","replyTo":%q}`); CodeOf(err) != "already_searching" {
		t.Error(err)
	}
	// What ends a search later is an event; replies are not.
	p.send(`{"type":"matchmaking:error","message":"Matchmaking failed"}`)
	if e := event[*SearchEnded](t, c); e.Message != "Matchmaking failed" {
		t.Errorf("%+v", e)
	}
	p.send(`{"type":"matchmaking:cancelled"}`)
	if e := event[*SearchEnded](t, c); e.Message != "" {
		t.Errorf("%+v", e)
	}
	p.send(`{"type":"match:started","matchData":{"matchId":"m-1","teamA":[],"teamB":[],"server":{"address":"h","port":7,"serverName":""}}}`)
	if e := event[*MatchStarted](t, c); e.Match.MatchID != "m-1" || e.Match.LobbyID != "" || len(e.Match.Teams) != 2 && e.Match.Teams != nil {
		t.Errorf("%+v", e.Match)
	}
}

func TestSearchRequests(t *testing.T) {
	c, p := newFake(t).dial(t)
	event[*Connected](t, c)
	for kind, call := range map[string]func() error{
		"matchmaking:cancel": func() error { return c.CancelSearch(context.Background()) },
		"latency":            func() error { return c.ReportLatency(context.Background(), map[string]int{"eu": 31}) },
	} {
		done := make(chan error, 1)
		go func() { done <- call() }()
		m := <-p.in
		if m["type"] != kind || kind == "latency" && fmt.Sprint(m["regions"]) != "map[eu:31]" {
			t.Errorf("sent %v", m)
		}
		p.send(fmt.Sprintf(`{"type":"ack","replyTo":%q}`, m["id"]))
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
