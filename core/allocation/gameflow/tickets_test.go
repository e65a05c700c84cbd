package gameflow_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

func newTickets(t testing.TB, url string) *gameflow.Tickets {
	t.Helper()
	k, err := gameflow.NewTickets(gameflow.TicketsOptions{URL: url, GameID: gameID, APIKey: apiKey, Region: "us-east"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	return k
}

// TestTickets enters two tickets, which are matched, and deletes a third.
func TestTickets(t *testing.T) {
	for _, snake := range []bool{false, true} {
		platform := newPlatform(t)
		platform.PublishMatchmaker("ranked", 2)
		if snake {
			platform.SnakeTickets()
		}
		tickets, ctx := newTickets(t, platform.URL+"/"), t.Context()
		first, err := tickets.Create(ctx, gameflow.Ticket{PlayerID: "ann", Mode: "ranked", Region: "eu-central"})
		if err != nil {
			t.Fatal(err)
		}
		if _, found, err := tickets.Await(ctx, first, time.Second); found || err != nil {
			t.Errorf("alone: found %v, %v", found, err)
		}
		if open := platform.OpenTickets(); len(open) != 1 || open[0].PlayerID != "ann" || open[0].Region != "eu-central" || open[0].Mode != "ranked" ||
			open[0].Mu != 25 || open[0].Sigma != 8.333 {
			t.Errorf("open %+v", open)
		}
		second, err := tickets.Create(ctx, gameflow.Ticket{PlayerID: "bob/ü", Mode: "ranked"})
		if err != nil {
			t.Fatal(err)
		}
		a, found, err := tickets.Await(ctx, first, time.Minute)
		b, foundToo, errToo := tickets.Await(ctx, second, time.Minute)
		if !found || !foundToo || err != nil || errToo != nil || a != b || a.Address == "" || a.Port == 0 {
			t.Errorf("%+v %v, %+v %v", a, err, b, errToo)
		}
		if gone, err := tickets.Delete(ctx, first, "ann"); !gone || err != nil {
			t.Errorf("a matched ticket: gone %v, %v", gone, err)
		}
		third, err := tickets.Create(ctx, gameflow.Ticket{PlayerID: "bob/ü", Mode: "ranked"})
		if err != nil {
			t.Fatal(err)
		}
		if open := platform.OpenTickets(); len(open) != 1 || open[0].Region != "us-east" {
			t.Errorf("open %+v; want the default region", open)
		}
		if gone, err := tickets.Delete(ctx, third, "bob/ü"); gone || err != nil {
			t.Errorf("a ticket that waits: gone %v, %v", gone, err)
		}
		_, err = tickets.Create(ctx, gameflow.Ticket{PlayerID: "ann", Mode: "unknown"})
		if err == nil || gameflow.Transient(err) {
			t.Errorf("a mode without a matchmaker: %v", err)
		}
		if problems := platform.Problems(); len(problems) > 0 {
			t.Errorf("the platform complains: %q", problems)
		}
	}
}

// TestTicketConnections says what a connection may look like.
func TestTicketConnections(t *testing.T) {
	for text, want := range map[string]allocation.Server{
		"203.0.113.9:7777":         {Address: "203.0.113.9", Port: 7777},
		"gs-1.example.com:80":      {Address: "gs-1.example.com", Port: 80},
		"[2001:db8::1]:7777":       {Address: "2001:db8::1", Port: 7777},
		"2001:db8::1:2:3:4:5:7777": {Address: "2001:db8::1:2:3:4:5", Port: 7777},
		"203.0.113.9":              {}, "203.0.113.9:": {}, ":7777": {}, "203.0.113.9:0": {}, "203.0.113.9:65536": {}, "203.0.113.9:77x": {},
		"203.0.113.9:-1": {}, "http://x:80": {}, "0.0.0.0:80": {}, "a b:80": {}, "[::1:80": {}, "203.0.113:80": {}, "203.0.113.9:+80": {},
	} {
		answer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"ticketId":"t","status":"assigned","connection":"` + text + `"}`))
		}))
		s, found, err := newTickets(t, answer.URL).Await(t.Context(), "t", time.Second)
		answer.Close()
		if bad := want.Port == 0; s != want && !bad || found == bad || (err != nil) != bad || bad && gameflow.Transient(err) {
			t.Errorf("%q: %+v, found %v, %v", text, s, found, err)
		}
	}
}

// TestTicketAnswers says for every way in which a call may fail if it may work later.
func TestTicketAnswers(t *testing.T) {
	const final, transient = false, true
	huge := append([]byte(`{"ticketId":"t","x":"`+strings.Repeat("x", 1<<20)), `"}`...)
	for name, c := range map[string]struct {
		fault gameflowtest.TicketFault
		want  bool
	}{
		"400": {gameflowtest.TicketFault{Status: 400}, final}, "401": {gameflowtest.TicketFault{Status: 401}, final},
		"403": {gameflowtest.TicketFault{Status: 403}, final}, "404": {gameflowtest.TicketFault{Status: 404}, final},
		"409": {gameflowtest.TicketFault{Status: 409}, final}, "302": {gameflowtest.TicketFault{Status: 302}, final},
		"408": {gameflowtest.TicketFault{Status: 408}, transient}, "429": {gameflowtest.TicketFault{Status: 429}, transient},
		"500": {gameflowtest.TicketFault{Status: 500}, transient}, "502": {gameflowtest.TicketFault{Status: 502}, transient},
		"503": {gameflowtest.TicketFault{Status: 503}, transient}, "504": {gameflowtest.TicketFault{Status: 504}, transient},
		"cut":     {gameflowtest.TicketFault{Cut: true}, transient},
		"nothing": {gameflowtest.TicketFault{Body: []byte{}}, final}, "html": {gameflowtest.TicketFault{Body: []byte("<html>")}, final},
		"types": {gameflowtest.TicketFault{Body: []byte(`{"ticketId":5,"connection":6}`)}, final},
		"huge":  {gameflowtest.TicketFault{Body: huge}, final},
	} {
		t.Run(name, func(t *testing.T) {
			platform := newPlatform(t)
			platform.PublishMatchmaker("default", 2)
			tickets := newTickets(t, platform.URL)
			platform.FailTickets(gameflowtest.CreateTicket, c.fault)
			platform.FailTickets(gameflowtest.TicketStatus, c.fault)
			_, err := tickets.Create(t.Context(), gameflow.Ticket{PlayerID: "ann", Mode: "default"})
			_, found, errToo := tickets.Await(t.Context(), "ticket-1", time.Second)
			for _, err := range []error{err, errToo} {
				if err == nil || gameflow.Transient(err) != c.want || strings.Contains(err.Error(), apiKey) {
					t.Errorf("%v: transient %v", err, gameflow.Transient(err))
				}
			}
			if found {
				t.Error("found although it failed")
			}
			if c.fault.Body != nil {
				return // what a deletion answers with does not matter
			}
			platform.FailTickets(gameflowtest.DeleteTicket, c.fault)
			gone, err := tickets.Delete(t.Context(), "ticket-1", "ann")
			if gone != (name == "404") || (err == nil) != gone || gameflow.Transient(err) != c.want && !gone {
				t.Errorf("delete: gone %v, %v", gone, err)
			}
		})
	}
}

func TestTicketIDs(t *testing.T) {
	for _, id := range []string{``, `a b`, `\u0000`, `ü`, strings.Repeat("x", 257)} {
		platform := newPlatform(t)
		platform.FailTickets(gameflowtest.CreateTicket, gameflowtest.TicketFault{Body: []byte(`{"ticketId":"` + id + `"}`)})
		if got, err := newTickets(t, platform.URL).Create(t.Context(), gameflow.Ticket{PlayerID: "a", Mode: "m"}); got != "" || err == nil || gameflow.Transient(err) {
			t.Errorf("%q: %q, %v", id, got, err)
		}
	}
}

// TestTicketsNeverShowTheKey has the platform repeat it.
func TestTicketsNeverShowTheKey(t *testing.T) {
	answer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"message":"bad key ` + r.Header.Get("X-Api-Key") + `"}`))
	}))
	defer answer.Close()
	_, err := newTickets(t, answer.URL).Create(t.Context(), gameflow.Ticket{PlayerID: "a", Mode: "m"})
	if err == nil || strings.Contains(err.Error(), apiKey) || !strings.Contains(err.Error(), "bad key") {
		t.Error(err)
	}
	_, err = newTickets(t, "http://127.0.0.1:1").Create(t.Context(), gameflow.Ticket{PlayerID: "a", Mode: "m"})
	if err == nil || strings.Contains(err.Error(), apiKey) || !gameflow.Transient(err) {
		t.Error(err)
	}
	for _, o := range []gameflow.TicketsOptions{
		{URL: "ftp://x", GameID: "g", APIKey: apiKey}, {URL: "http://x", APIKey: apiKey}, {URL: "http://x", GameID: "g", APIKey: apiKey + " "},
	} {
		if _, err := gameflow.NewTickets(o); err == nil || strings.Contains(err.Error(), apiKey) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// TestTicketTimes runs on a false clock: a question waits as long as it asks the
// platform to and 15 s more, any other call 15 s.
func TestTicketTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		platform := gameflowtest.New(gameflowtest.Options{GameID: gameID, APIKey: apiKey})
		platform.PublishMatchmaker("default", 2)
		stuck := false
		tickets, err := gameflow.NewTickets(gameflow.TicketsOptions{
			URL: "http://platform/v1", GameID: gameID, APIKey: apiKey,
			Transport: gameflowtest.Direct{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if stuck {
					<-r.Context().Done()
					return
				}
				platform.ServeHTTP(w, r)
			})},
		})
		if err != nil {
			t.Fatal(err)
		}
		id, err := tickets.Create(t.Context(), gameflow.Ticket{PlayerID: "ann", Mode: "default", Region: "x"})
		if err != nil {
			t.Fatal(err)
		}
		took := func(want time.Duration, transient bool, call func() error) {
			t.Helper()
			begun := time.Now()
			err := call()
			if time.Since(begun) != want || (err != nil) != transient || gameflow.Transient(err) != transient {
				t.Errorf("%v after %s, want %s", err, time.Since(begun), want)
			}
		}
		await := func() error { _, _, err := tickets.Await(t.Context(), id, 20*time.Second); return err }
		took(20*time.Second, false, await)
		stuck = true
		took(35*time.Second, true, await)
		took(15*time.Second, true, func() error { _, err := tickets.Delete(t.Context(), id, "ann"); return err })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err = tickets.Await(ctx, id, 20*time.Second)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}
