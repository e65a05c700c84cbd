package gameflow_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

const (
	gameID = "arena/1"
	apiKey = "gf-key-that-nobody-may-see"
)

func request(matchID string) allocation.Request {
	return allocation.Request{
		Game: "arena", MatchID: matchID, Region: "eu-central", ResultURL: "https://muster.example/r",
		Payload: func(resultURL string) ([]byte, error) {
			return fmt.Appendf(nil, `{"matchId":%q,"resultUrl":%q}`, matchID, resultURL), nil
		},
	}
}

func newProvider(t testing.TB, url string) *gameflow.Provider {
	t.Helper()
	p, err := gameflow.New(gameflow.Options{URL: url, GameID: gameID, APIKey: apiKey, Region: "us-east", Timeout: 120 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func newPlatform(t testing.TB) *gameflowtest.Server {
	t.Helper()
	s := gameflowtest.NewServer(gameflowtest.Options{GameID: gameID, APIKey: apiKey})
	t.Cleanup(s.Close)
	return s
}

const (
	ok      = "ok"
	none    = "none"
	unknown = "unknown"
)

func outcome(err error) string {
	switch {
	case err == nil:
		return ok
	case allocation.IsNone(err):
		return none
	}
	return unknown
}

// TestBehaviours says for every way in which the platform may answer what must follow.
func TestBehaviours(t *testing.T) {
	long := `{"server":{"name":"` + strings.Repeat("n", 257) + `","address":"203.0.113.1","port":1}}`
	cases := []struct {
		behaviour gameflowtest.Behaviour
		want      string
	}{
		{gameflowtest.OK(), ok},
		{gameflowtest.SnakeCase(), ok},
		{gameflowtest.Garbage(`{"server":{"name":"a","address":"203.0.113.9","port":"7777"}}`), ok},
		{gameflowtest.Garbage(`{"server":{"name":"a","address":"[2001:db8::1]","port":7777}}`), ok},
		{gameflowtest.Garbage(`{"server":{"name":"a","address":"2001:db8::1","port":7777}}`), ok},
		{gameflowtest.Garbage(`{"server":{"name":"a","address":"gs-1.example.com","port":7777,"more":[1]}}`), ok},

		{gameflowtest.Status(400), none},
		{gameflowtest.Status(401), none},
		{gameflowtest.Status(403), none},
		{gameflowtest.Status(404), none},
		{gameflowtest.Status(409), none},
		{gameflowtest.Status(422), none},
		{gameflowtest.Status(429), none},
		{gameflowtest.RateLimited("3"), none},
		{gameflowtest.RateLimited("soon"), none},
		{gameflowtest.RateLimited("-1"), none},
		{gameflowtest.Status(503), none},
		{gameflowtest.Status(504), none},

		{gameflowtest.Status(408), unknown},
		{gameflowtest.Lost(500), unknown},
		{gameflowtest.Lost(501), unknown},
		{gameflowtest.Lost(502), unknown},
		{gameflowtest.Lost(201), unknown},
		{gameflowtest.Lost(302), unknown},
		{gameflowtest.Cut(), unknown},
		{gameflowtest.HalfBody(), unknown},
		{gameflowtest.HugeBody(1 << 20), unknown},
		{gameflowtest.Garbage(``), unknown},
		{gameflowtest.Garbage(`<html>`), unknown},
		{gameflowtest.Garbage(`null`), unknown},
		{gameflowtest.Garbage(`[]`), unknown},
		{gameflowtest.Garbage(`{}`), unknown},
		{gameflowtest.Garbage(`{"server":null}`), unknown},
		{gameflowtest.Garbage(`{"server":{"name":"a","port":7777}}`), unknown},
		{gameflowtest.Garbage(`{"server":{"name":"a","address":"203.0.113.9"}}`), unknown},
		{gameflowtest.Garbage(`{"server":{"name":"a","address":"203.0.113.9","port":0}}`), unknown},
		{gameflowtest.Garbage(`{"server":{"name":"a","address":"203.0.113.9","port":65536}}`), unknown},
		{gameflowtest.Garbage(`{"server":{"name":"a","address":"203.0.113.9","port":7777.5}}`), unknown},
		{gameflowtest.Garbage(`{"server":{"name":"a","address":"203.0.113","port":7777}}`), unknown},
		{gameflowtest.Garbage(`{"server":{"name":"a","address":"http://x","port":7777}}`), unknown},
		{gameflowtest.Garbage(`{"server":{"name":"a","address":"a b","port":7777}}`), unknown},
		{gameflowtest.Garbage(`{"server":{"name":"a","address":"0.0.0.0","port":7777}}`), unknown},
		{gameflowtest.Garbage(`{"server":{"name":"\u0007","address":"203.0.113.9","port":7777}}`), unknown},
		{gameflowtest.Garbage(long), unknown},
	}
	platform := newPlatform(t)
	p := newProvider(t, platform.URL)
	for i, c := range cases {
		t.Run(fmt.Sprintf("%d %s %s", i, c.behaviour.Name, c.behaviour.Body[:min(40, len(c.behaviour.Body))]), func(t *testing.T) {
			platform.Script(c.behaviour)
			before := platform.Count()
			s, err := p.Allocate(t.Context(), request("m"))
			if got := outcome(err); got != c.want {
				t.Fatalf("got %s (%v, %v), want %s", got, s, err, c.want)
			}
			if calls := platform.Count() - before; calls != 1 {
				t.Errorf("%d calls, want 1", calls)
			}
			if err == nil && (s.Address == "" || strings.Contains(s.Address, "[") || s.Port == 0 || s.Region != "eu-central") {
				t.Errorf("server is %+v", s)
			}
			if err != nil && s != (allocation.Server{}) {
				t.Errorf("an error with a server: %+v", s)
			}
		})
	}
	if problems := platform.Problems(); len(problems) > 0 {
		t.Errorf("the platform complains: %q", problems)
	}
}

func TestRequestShape(t *testing.T) {
	platform := newPlatform(t)
	p := newProvider(t, platform.URL+"/")
	if _, err := p.Allocate(t.Context(), request("m-1")); err != nil {
		t.Fatal(err)
	}
	r := request("m-2")
	r.Region = ""
	if s, err := p.Allocate(t.Context(), r); err != nil || s.Region != "us-east" {
		t.Fatalf("%+v, %v; want the default region", s, err)
	}
	calls := platform.Calls()
	want := `{"matchId":"m-1","resultUrl":"https://muster.example/r"}`
	if c := calls[0]; c.Region != "eu-central" || c.TimeoutSeconds != 120 || c.Payload != want {
		t.Errorf("call is %+v", c)
	}
	if calls[1].Region != "us-east" || len(platform.Servers("m-2")) != 1 {
		t.Errorf("call is %+v", calls[1])
	}
	if problems := platform.Problems(); len(problems) > 0 {
		t.Errorf("the platform complains: %q", problems)
	}
}

// TestRetryOnce: a 429 that asks for a short pause gets one more try, no second.
func TestRetryOnce(t *testing.T) {
	platform := newPlatform(t)
	p := newProvider(t, platform.URL)
	platform.Script(gameflowtest.RateLimited("0"))
	if _, err := p.Allocate(t.Context(), request("m-1")); err != nil || platform.Count() != 2 {
		t.Fatalf("%v after %d calls, want success after 2", err, platform.Count())
	}
	platform.Script(gameflowtest.RateLimited(time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)), gameflowtest.RateLimited("0"))
	_, err := p.Allocate(t.Context(), request("m-2"))
	if outcome(err) != none || platform.Count() != 4 {
		t.Fatalf("%v after %d calls, want none after 4", err, platform.Count())
	}
	platform.Script(gameflowtest.RateLimited("0"), gameflowtest.Cut())
	if _, err := p.Allocate(t.Context(), request("m-3")); outcome(err) != unknown {
		t.Fatalf("%v, want unknown: the second try counts", err)
	}
}

func TestNotConnected(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + l.Addr().String() + "/v1"
	l.Close()
	_, err = newProvider(t, url).Allocate(t.Context(), request("m"))
	if outcome(err) != none {
		t.Fatalf("%v, want none", err)
	}
}

// TestPlatformGone: a kept connection that died is not mistaken for a call that
// may have worked.
func TestPlatformGone(t *testing.T) {
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: gameID, APIKey: apiKey})
	p := newProvider(t, platform.URL)
	if _, err := p.Allocate(t.Context(), request("m-1")); err != nil {
		t.Fatal(err)
	}
	platform.Close()
	p.Close()
	if _, err := p.Allocate(t.Context(), request("m-2")); outcome(err) != none {
		t.Fatalf("%v, want none", err)
	}
}

func TestCancelledWhileThePlatformWorks(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: gameID, APIKey: apiKey,
		Decide: func(int, gameflowtest.Call) gameflowtest.Behaviour {
			cancel() // the call has arrived
			return gameflowtest.Slow(time.Hour)
		}})
	defer platform.Close()
	p := newProvider(t, platform.URL)
	if _, err := p.Allocate(ctx, request("m")); outcome(err) != unknown || platform.Made() != 1 {
		t.Fatalf("%v, want unknown", err)
	}
	if _, err := p.Allocate(ctx, request("m")); outcome(err) != none || platform.Count() != 1 {
		t.Fatalf("%v, want none: nothing was sent", err)
	}
}

// TestDeadlines runs on a false clock over a pipe: our deadline is the platform's
// and 15 s more, and a call that starts late asks the platform for less.
func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		platform := gameflowtest.New(gameflowtest.Options{GameID: gameID, APIKey: apiKey})
		p := gameflow.NewOver(t, platform, gameflow.Options{URL: "http://platform/v1", GameID: gameID, APIKey: apiKey, Timeout: 120 * time.Second})

		platform.Script(gameflowtest.Slow(time.Hour))
		begun := time.Now()
		_, err := p.Allocate(t.Context(), request("m-1"))
		if took := time.Since(begun); outcome(err) != unknown || took != 135*time.Second {
			t.Errorf("%v after %s, want unknown after 135 s", err, took)
		}

		platform.Script(gameflowtest.Slow(134 * time.Second))
		if _, err := p.Allocate(t.Context(), request("m-2")); err != nil {
			t.Errorf("%v, want a server after 134 s", err)
		}

		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		defer cancel()
		if _, err := p.Allocate(ctx, request("m-3")); err != nil || platform.Calls()[2].TimeoutSeconds != 45 {
			t.Errorf("%v, %d s; want 45 s asked for", err, platform.Calls()[2].TimeoutSeconds)
		}

		ctx, cancel = context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		if _, err := p.Allocate(ctx, request("m-4")); outcome(err) != none || platform.Count() != 3 {
			t.Errorf("%v, want none without a call", err)
		}

		platform.Script(gameflowtest.RateLimited("2"))
		begun = time.Now()
		if _, err := p.Allocate(t.Context(), request("m-5")); err != nil || time.Since(begun) != 2*time.Second {
			t.Errorf("%v after %s, want a server after 2 s", err, time.Since(begun))
		}
	})
}

func TestPayloadError(t *testing.T) {
	platform := newPlatform(t)
	r := request("m")
	r.Payload = func(string) ([]byte, error) { return nil, fmt.Errorf("broken") }
	if _, err := newProvider(t, platform.URL).Allocate(t.Context(), r); outcome(err) != none || platform.Count() != 0 {
		t.Fatalf("%v, want none", err)
	}
}

func TestReleaseIsNoError(t *testing.T) {
	if err := newProvider(t, "http://127.0.0.1:1").Release(t.Context(), "arena", "m"); !errors.Is(err, allocation.ErrCannotRelease) {
		t.Fatal(err)
	}
}
