package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
)

func TestDialAsks(t *testing.T) {
	f := newFake(t)
	for game, path := range map[string]string{"": "/_ws", "arena": "/games/arena/_ws"} {
		for level, v := range map[int]string{0: "2", 1: "1", 2: "2"} {
			c, p := f.dial(t, func(o *Options) { o.Game, o.Level, o.Header = game, level, http.Header{"Origin": {"http://x"}} })
			if p.req.URL.Path != path || p.req.URL.Query().Get("v") != v || p.req.URL.Query().Has("token") {
				t.Errorf("asked for %s", p.req.URL)
			}
			if p.req.Header.Get("Authorization") != "Bearer secret" || p.req.Header.Get("Origin") != "http://x" {
				t.Errorf("headers %v", p.req.Header)
			}
			if s := c.State(); !s.Connected || s.AccountID != "a-1" || s.Username != "Ada" || s.Lobby != nil {
				t.Errorf("state %+v", s)
			}
			c.Close()
			if err := c.Err(); CodeOf(err) != CodeClosed {
				t.Errorf("closed: %v", err)
			}
		}
	}
}

func TestDialRefused(t *testing.T) {
	t.Run("token", func(t *testing.T) {
		f := newFake(t)
		go func() {
			p := <-f.peers
			p.send(`{"type":"error","message":"Invalid token","code":"invalid_token"}`)
			p.close(4401)
		}()
		_, err := Dial(t.Context(), Options{URL: f.URL, Token: "x", Reconnect: &Backoff{}})
		var e *Error
		if !errors.As(err, &e) || e.Code != "invalid_token" || e.CloseCode != 4401 {
			t.Errorf("got %v", err)
		}
	})
	t.Run("status", func(t *testing.T) {
		f := newFake(t, func(f *fake) {
			f.refuseWith(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "3")
				http.Error(w, `{"error":"Restarting","code":"draining"}`, http.StatusServiceUnavailable)
			})
		})
		_, err := Dial(t.Context(), Options{URL: f.URL, Token: "x"})
		var e *Error
		if !errors.As(err, &e) || e.Code != "draining" || e.Status != 503 || e.RetryAfter == 0 {
			t.Errorf("got %v", err)
		}
	})
	t.Run("context", func(t *testing.T) {
		f := newFake(t)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-f.peers; cancel() }()
		if _, err := Dial(ctx, Options{URL: f.URL, Token: "x"}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("nobody", func(t *testing.T) {
		f := newFake(t)
		f.Close()
		if _, err := Dial(t.Context(), Options{URL: f.URL, Token: "x"}); err == nil {
			t.Error("connected to nobody")
		}
	})
}

// Replies find their callers, in whatever order they come.
func TestDoConcurrently(t *testing.T) {
	c, p := newFake(t).dial(t)
	const callers = 50
	var calls sync.WaitGroup
	for i := range callers {
		calls.Go(func() {
			r, err := c.Do(within(t), Message{"lobby:chat", map[string]int{"text": i}})
			if err != nil || r.Type != "ack" || r.Version != uint64(i)+1 {
				t.Errorf("caller %d got %+v, %v", i, r, err)
			}
		})
	}
	var all []map[string]any
	for range callers {
		m, _ := p.next("lobby:chat")
		all = append(all, m)
	}
	for i := len(all) - 1; i >= 0; i-- {
		p.send(fmt.Sprintf(`{"type":"ack","replyTo":%q,"version":%v}`, all[i]["id"], all[i]["text"].(float64)+1))
	}
	calls.Wait()
	if len(c.pending) != 0 {
		t.Errorf("%d requests are left", len(c.pending))
	}
}

func TestDoFails(t *testing.T) {
	c, p := newFake(t).dial(t)
	event[*Connected](t, c)

	go func() {
		_, id := p.next("lobby:start")
		p.send(`{"type":"error","message":"Busy","code":"try_again","retryAfterMs":1500,"replyTo":"` + id + `"}`)
	}()
	err := c.Start(within(t), "")
	var e *Error
	if !errors.As(err, &e) || e.Code != "try_again" || e.RetryAfter.Milliseconds() != 1500 {
		t.Errorf("got %v", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, id := p.next("ping")
		cancel()
		p.send(`{"type":"pong","replyTo":"` + id + `"}`) // too late, and no harm
	}()
	if _, err := c.Ping(ctx); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := c.do(within(t), "x", 5); err == nil {
		t.Error("fields that are no object were sent")
	}

	go func() { p.next("lobby:leave"); p.close(4413) }()
	if err := c.Leave(within(t)); CodeOf(err) != CodeConnectionLost {
		t.Errorf("got %v", err)
	}
	if d := event[*Disconnected](t, c); !d.Final || d.Err.CloseCode != 4413 {
		t.Errorf("got %+v", d)
	}
	<-c.Done()
	if err := c.Leave(within(t)); CodeOf(err) != CodeConnectionLost {
		t.Errorf("after the end: %v", err)
	}
	if _, open := <-c.Events(); open {
		t.Error("an event after the end")
	}
}

func TestMessagesOfHelpers(t *testing.T) {
	c, p := newFake(t).dial(t)
	name, none, four := "n", "", 4
	for _, h := range []struct {
		call func(context.Context) error
		want string
	}{
		{c.Leave, `map[type:lobby:leave]`},
		{c.CancelStart, `map[type:lobby:cancel-start]`},
		{func(ctx context.Context) error { return c.Ready(ctx, false) }, `map[ready:false type:lobby:ready]`},
		{func(ctx context.Context) error { return c.Start(ctx, "") }, `map[type:lobby:start]`},
		{func(ctx context.Context) error { return c.Start(ctx, "eu") }, `map[region:eu type:lobby:start]`},
		{func(ctx context.Context) error { return c.FillBots(ctx, 0) }, `map[type:lobby:fill-bots]`},
		{func(ctx context.Context) error { return c.FillBots(ctx, 3) }, `map[perTeam:3 type:lobby:fill-bots]`},
		{func(ctx context.Context) error { return c.SetTeam(ctx, "B") }, `map[team:B type:lobby:team]`},
		{func(ctx context.Context) error { return c.Kick(ctx, "a-2") }, `map[accountId:a-2 type:lobby:kick]`},
		{func(ctx context.Context) error { return c.Promote(ctx, "a-2") }, `map[accountId:a-2 type:lobby:promote]`},
		{func(ctx context.Context) error { return c.Chat(ctx, "hi") }, `map[text:hi type:lobby:chat]`},
		{func(ctx context.Context) error { return c.Update(ctx, LobbyUpdate{}) }, `map[type:lobby:update]`},
		{func(ctx context.Context) error {
			return c.Update(ctx, LobbyUpdate{Name: &name, Password: &none, MaxPlayers: &four, Properties: map[string]any{"a": nil}})
		}, `map[maxPlayers:4 name:n password: properties:map[a:<nil>] type:lobby:update]`},
		{func(ctx context.Context) error { _, err := c.Ping(ctx); return err }, `map[type:ping]`},
		{func(ctx context.Context) error {
			_, err := c.CreateLobby(ctx, LobbyOptions{Name: "n", IsPrivate: true})
			return err
		}, `map[isPrivate:true name:n type:lobby:create]`},
	} {
		done := make(chan error, 1)
		go func() { done <- h.call(within(t)) }()
		m := <-p.in
		id := m["id"]
		delete(m, "id")
		if got := fmt.Sprint(m); got != h.want {
			t.Errorf("sent %s, want %s", got, h.want)
		}
		p.send(fmt.Sprintf(`{"type":"ack","replyTo":%q}`, id))
		if err := <-done; err != nil {
			t.Errorf("%s: %v", h.want, err)
		}
	}
	if err := c.Send(Message{"ping", nil}); err != nil {
		t.Error(err)
	}
	if m, id := p.next("ping"); id != "" {
		t.Errorf("Send sent %v", m)
	}
}

// The lobby may be told before or after the ack.
func TestJoin(t *testing.T) {
	for _, first := range []string{"lobby", "ack"} {
		c, p := newFake(t).dial(t)
		p.send(`{"type":"lobby:updated","lobby":{"id":"old","code":"999999","version":50,"teams":[]}}`)
		go func() {
			_, id := p.next("lobby:join")
			lobby, ack := `{"type":"lobby:updated","lobby":{"id":"l-1","code":"123456","version":3,"teams":[]}}`, `{"type":"ack","version":3,"replyTo":"`+id+`"}`
			if first == "lobby" {
				p.send(lobby)
				p.send(ack)
			} else {
				p.send(ack)
				p.send(lobby)
			}
		}()
		l, err := c.Join(within(t), JoinOptions{Code: "123456"})
		if err != nil || l == nil || l.ID != "l-1" {
			t.Fatalf("%s first: %+v, %v", first, l, err)
		}
		go func() {
			_, id := p.next("lobby:join")
			p.send(`{"type":"error","code":"lobby_full","message":"Lobby is full","replyTo":"` + id + `"}`)
		}()
		if _, err := c.Join(within(t), JoinOptions{LobbyID: "l-2"}); CodeOf(err) != "lobby_full" {
			t.Errorf("got %v", err)
		}
		go func() {
			_, id := p.next("lobby:join")
			p.send(`{"type":"ack","replyTo":"` + id + `"}`)
			p.close(0)
		}()
		if _, err := c.Join(within(t), JoinOptions{LobbyID: "l-2"}); CodeOf(err) != CodeConnectionLost {
			t.Errorf("got %v", err)
		}
	}
}

func TestRpc(t *testing.T) {
	c, p := newFake(t).dial(t)
	event[*Connected](t, c)
	reply := func(want map[string]any, answer string) {
		m, id := p.next("rpc")
		delete(m, "type")
		delete(m, "id")
		if !reflect.DeepEqual(m, want) {
			t.Errorf("sent %v, want %v", m, want)
		}
		p.send(strings.ReplaceAll(answer, "ID", id))
	}
	go reply(map[string]any{"name": "winners", "payload": map[string]any{"limit": 3.0}}, `{"type":"rpc","name":"winners","payload":["Ada"],"replyTo":"ID"}`)
	var names []string
	if err := c.Rpc(within(t), "winners", map[string]int{"limit": 3}, &names); err != nil || len(names) != 1 || names[0] != "Ada" {
		t.Errorf("got %v, %v", names, err)
	}
	go reply(map[string]any{"name": "touch"}, `{"type":"rpc","name":"touch","payload":null,"replyTo":"ID"}`)
	if err := c.Rpc(within(t), "touch", nil, nil); err != nil {
		t.Error(err)
	}
	go reply(map[string]any{"name": "no", "payload": nil}, `{"type":"error","message":"not today","code":"refused_by_hook","replyTo":"ID"}`)
	if err := c.Rpc(within(t), "no", json.RawMessage("null"), &names); CodeOf(err) != "refused_by_hook" {
		t.Errorf("got %v", err)
	}
	go reply(map[string]any{"name": "odd"}, `{"type":"rpc","name":"odd","payload":{"a":1},"replyTo":"ID"}`)
	if err := c.Rpc(within(t), "odd", nil, &names); CodeOf(err) != CodeBadAnswer {
		t.Errorf("got %v", err)
	}
	p.send(`{"type":"notify","kind":"x","payload":null,"at":1}`)
	event[*Notify](t, c) // no reply came as an event
}
