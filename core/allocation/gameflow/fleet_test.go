package gameflow_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

// TestFleetRequest: a fleet is asked at its own address, without a time.
func TestFleetRequest(t *testing.T) {
	platform := newPlatform(t)
	p := newKind(t, platform.URL+"/", true)
	s, err := p.Allocate(t.Context(), request("m-1"))
	if err != nil {
		t.Fatal(err)
	}
	r := request("m-2")
	r.Region = ""
	if s, err := p.Allocate(t.Context(), r); err != nil || s.Region != "us-east" {
		t.Fatalf("%+v, %v; want the default region", s, err)
	}
	calls := platform.Calls()
	want := `{"matchId":"m-1","resultUrl":"https://muster.example/r"}`
	if c := calls[0]; !c.Fleet || c.Region != "eu-central" || c.TimeoutSeconds != 0 || c.Payload != want {
		t.Errorf("call is %+v", c)
	}
	if made := calls[0].Server; s.Address != made.Address || s.Port != made.Port || s.Name != made.Name || s.Region != "eu-central" {
		t.Errorf("got %+v of %+v", s, made)
	}
	if problems := platform.Problems(); len(problems) > 0 || calls[1].Region != "us-east" {
		t.Errorf("the platform complains: %q", problems)
	}
}

// TestFleetAnswers: a server at the root or as the allocation; one of the start
// call's shape is taken too, and a start call takes none of a fleet's.
func TestFleetAnswers(t *testing.T) {
	for _, c := range []struct {
		answer gameflowtest.Behaviour
		fleet  string
		start  string
	}{
		{gameflowtest.OK(), ok, ok},
		{gameflowtest.SnakeCase(), ok, ok},
		{gameflowtest.Wrapped(), ok, ok},
		{gameflowtest.Garbage(`{"address":"203.0.113.9","port":7777}`), ok, unknown},
		{gameflowtest.Garbage(`{"address":"[2001:db8::1]","port":"7777","other":{}}`), ok, unknown},
		{gameflowtest.Garbage(`{"allocation":{"address":"gs-1.example.com","port":"7777"}}`), ok, unknown},
		{gameflowtest.Garbage(`{"allocation":{"address":"2001:db8::1","port":7777},"name":"outer"}`), ok, unknown},
		{gameflowtest.Garbage(`{"server":{"name":"a","address":"203.0.113.9","port":7777}}`), ok, ok},
		{gameflowtest.Garbage(`{"allocation":null,"address":"203.0.113.9","port":7777}`), ok, unknown},

		{gameflowtest.Garbage(`{"allocation":{}}`), unknown, unknown},
		{gameflowtest.Garbage(`{"allocation":null}`), unknown, unknown},
		{gameflowtest.Garbage(`{"allocation":[]}`), unknown, unknown},
		{gameflowtest.Garbage(`{"allocation":{"address":"203.0.113.9"},"address":"203.0.113.9","port":7777}`), unknown, unknown},
		{gameflowtest.Garbage(`{"address":"203.0.113.9","port":0}`), unknown, unknown},
		{gameflowtest.Garbage(`{"address":"203.0.113.9","port":65536}`), unknown, unknown},
		{gameflowtest.Garbage(`{"address":["203.0.113.9"],"port":1}`), unknown, unknown},
		{gameflowtest.Garbage(`{"address":"203.0.113.9:7777"}`), unknown, unknown},
		{gameflowtest.Garbage(`{}`), unknown, unknown},
		{gameflowtest.Garbage(`null`), unknown, unknown},
		{gameflowtest.Garbage(`[{"address":"203.0.113.9","port":7777}]`), unknown, unknown},
		{gameflowtest.Garbage(``), unknown, unknown},
	} {
		for fleet, want := range map[bool]string{true: c.fleet, false: c.start} {
			platform := newPlatform(t)
			platform.Script(c.answer)
			s, err := newKind(t, platform.URL, fleet).Allocate(t.Context(), request("m"))
			if got := outcome(err); got != want {
				t.Errorf("fleet %v, %s %s: %s (%v, %+v), want %s", fleet, c.answer.Name, c.answer.Body, got, err, s, want)
			}
			if err != nil && s != (allocation.Server{}) {
				t.Errorf("an error with a server: %+v", s)
			}
		}
	}
}

// TestFleetDeadlines: a fleet gets as long as a new server, and the same slack.
func TestFleetDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		platform := gameflowtest.New(gameflowtest.Options{GameID: gameID, APIKey: apiKey})
		p := gameflow.NewOver(t, platform, gameflow.Options{URL: "http://platform/v1", GameID: gameID, APIKey: apiKey, Timeout: 20 * time.Second, Fleet: true, Region: "us-east"})
		platform.Script(gameflowtest.Slow(34*time.Second), gameflowtest.Slow(time.Hour))
		if _, err := p.Allocate(t.Context(), request("m-1")); err != nil {
			t.Errorf("%v, want a server after 34 s", err)
		}
		begun := time.Now()
		_, err := p.Allocate(t.Context(), request("m-2"))
		if took := time.Since(begun); outcome(err) != unknown || took != 35*time.Second {
			t.Errorf("%v after %s, want unknown after 35 s", err, took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		if _, err := p.Allocate(ctx, request("m-3")); outcome(err) != none || platform.Count() != 2 {
			t.Errorf("%v, want none without a call", err)
		}
	})
}

// TestSlowToBoot: a server that is not ready in time is not made and is a none;
// the platform's word comes before our own deadline.
func TestSlowToBoot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		platform := gameflowtest.New(gameflowtest.Options{GameID: gameID, APIKey: apiKey})
		p := gameflow.NewOver(t, platform, gameflow.Options{URL: "http://platform/v1", GameID: gameID, APIKey: apiKey, Timeout: 60 * time.Second})
		platform.Script(gameflowtest.Boots(59*time.Second), gameflowtest.Boots(61*time.Second))
		if _, err := p.Allocate(t.Context(), request("m-1")); err != nil {
			t.Errorf("%v, want a server after 59 s", err)
		}
		begun := time.Now()
		_, err := p.Allocate(t.Context(), request("m-2"))
		if took := time.Since(begun); outcome(err) != none || took != 60*time.Second || platform.Made() != 1 {
			t.Errorf("%v after %s with %d made, want none after 60 s", err, took, platform.Made())
		}
	})
}
