package client

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func lobby(id string, version int) string {
	return fmt.Sprintf(`{"type":"lobby:updated","lobby":{"id":%q,"version":%d,"teams":[]}}`, id, version)
}

// The newest version of one's lobby is kept; another lobby replaces it.
func TestOldVersionsAreDropped(t *testing.T) {
	c, p := newFake(t).dial(t)
	event[*Connected](t, c)
	for _, m := range []string{lobby("l-1", 5), lobby("l-1", 4), lobby("l-1", 5), lobby("l-1", 9), lobby("l-1", 8), lobby("l-2", 1), lobby("l-2", 2)} {
		p.send(m)
	}
	for _, want := range []string{"l-1 5", "l-1 5", "l-1 9", "l-2 1", "l-2 2"} {
		l := event[*LobbyChanged](t, c).Lobby
		if got := fmt.Sprintf("%s %d", l.ID, l.Version); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
	if l := c.Lobby(); l.ID != "l-2" || l.Version != 2 {
		t.Errorf("kept %+v", l)
	}
}

func TestEventsAndState(t *testing.T) {
	c, p := newFake(t).dial(t)
	event[*Connected](t, c)
	set := func() {
		p.send(lobby("l-1", 1))
		event[*LobbyChanged](t, c)
	}
	gone := func(when string) {
		t.Helper()
		if e := event[*LobbyChanged](t, c); e.Lobby != nil || c.Lobby() != nil {
			t.Errorf("%s: the lobby is still there", when)
		}
	}
	set()
	p.send(`{"type":"lobby:left"}`)
	gone("left")
	set()
	p.send(`{"type":"lobby:deleted","lobbyId":"l-1","reason":"match_over"}`)
	gone("deleted")
	if e := event[*LobbyDeleted](t, c); e.LobbyID != "l-1" || e.Reason != "match_over" {
		t.Errorf("got %+v", e)
	}
	set()
	p.send(`{"type":"lobby:kicked","lobbyId":"other"}`)
	if e := event[*Kicked](t, c); e.LobbyID != "other" || c.Lobby() == nil {
		t.Errorf("got %+v", e)
	}
	p.send(`{"type":"lobby:kicked","lobbyId":"l-1","reason":"ready_timeout"}`)
	gone("kicked")
	event[*Kicked](t, c)
	p.send(`{"type":"lobby:chat","lobbyId":"l-1","accountId":"a-2","username":"Bob","text":"hi","at":7}`)
	if e := event[*Chat](t, c); *e != (Chat{"l-1", "a-2", "Bob", "hi", 7}) {
		t.Errorf("got %+v", e)
	}

	started := `{"type":"match:started","matchData":{"matchId":"m-1","lobbyId":"l-1","teams":[],"server":{"address":"h","port":7,"serverName":"s"},"ticket":"t"}}`
	p.send(started)
	if e := event[*MatchStarted](t, c); e.Match.Ticket != "t" || e.Match.Server != (Server{"h", 7, "s"}) || c.Match() == nil {
		t.Errorf("got %+v", e)
	}
	p.send(`{"type":"match:ended","matchId":"m-0","result":null}`)
	if e := event[*MatchEnded](t, c); e.Result != nil || c.Match() == nil {
		t.Errorf("got %+v", e)
	}
	p.send(`{"type":"match:ended","matchId":"m-1","result":{"teams":[]}}`)
	if e := event[*MatchEnded](t, c); string(e.Result) != `{"teams":[]}` || c.Match() != nil {
		t.Errorf("got %+v", e)
	}
	p.send(`{"type":"match:ended","matchId":"m-1","result":null}`) // a server that died told it again
	p.send(strings.Replace(started, "m-1", "m-3", 1))
	event[*MatchStarted](t, c)
	p.send(`{"type":"match:failed","lobbyId":"l-1","matchId":"m-3","code":"server_lost","message":"Lost"}`)
	if e := event[*MatchFailed](t, c); *e != (MatchFailed{"l-1", "m-3", "server_lost", "Lost"}) || c.Match() != nil {
		t.Errorf("got %+v", e)
	}
	p.send(`{"type":"error","lobbyId":"l-1","matchId":"m-2","code":"allocation_failed","message":"No"}`)
	if e := event[*MatchFailed](t, c); e.Code != "allocation_failed" {
		t.Errorf("got %+v", e)
	}
	p.send(`{"type":"match:failed","lobbyId":"l-1","matchId":"m-2","code":"allocation_failed","message":"No"}`) // again
	p.send(`{"type":"error","code":"unknown_type","message":"Unknown message type"}`)
	if e := event[*ServerError](t, c); e.Err.Code != "unknown_type" {
		t.Errorf("got %+v", e)
	}
	p.send(`{"type":"server:draining","reconnectAfterMs":5}`)
	if e := event[*Draining](t, c); e.ReconnectAfterMs != 5 {
		t.Errorf("got %+v", e)
	}
	p.send(`no JSON`)
	p.send(`{"type":"notify","kind":"gift","payload":{"coins":5},"at":7}`)
	if e := event[*Notify](t, c); e.Kind != "gift" || string(e.Payload) != `{"coins":5}` || e.At != 7 {
		t.Errorf("got %+v", e)
	}
	p.send(`{"type":"rpc","name":"x","payload":1}`) // of a Send, which nobody waits for
	if e := event[*Other](t, c); e.Type != "rpc" {
		t.Errorf("got %+v", e)
	}
	p.send(`{"type":"news","kind":"x"}`)
	if e := event[*Other](t, c); e.Type != "news" || string(e.Raw) != `{"type":"news","kind":"x"}` {
		t.Errorf("got %+v", e)
	}
}

func TestLevel1Teams(t *testing.T) {
	c, p := newFake(t).dial(t, func(o *Options) { o.Level = 1 })
	p.send(`{"type":"lobby:updated","lobby":{"id":"l-1","version":1,"teamA":[{"accountId":"a-1","ready":true}],"teamB":[{"accountId":"b-1","bot":true}]}}`)
	s, err := c.Wait(within(t), func(s State) bool { return s.Lobby != nil })
	if err != nil {
		t.Fatal(err)
	}
	if p, team, ok := s.Lobby.Member("b-1"); !ok || team != "B" || !p.Bot {
		t.Errorf("lobby %+v", s.Lobby)
	}
}

func TestFullBufferDropsTheOldest(t *testing.T) {
	c, p := newFake(t).dial(t, func(o *Options) { o.Buffer = 2 })
	for v := 1; v <= 5; v++ {
		p.send(lobby("l-1", v))
	}
	if _, err := c.Wait(within(t), func(s State) bool { return s.Lobby != nil && s.Lobby.Version == 5 }); err != nil {
		t.Fatal(err)
	}
	p.send(`{"type":"lobby:chat","text":"last"}`)
	last := false
	for !last {
		e, ok := (<-c.Events()).(*Chat)
		last = ok && e.Text == "last"
	}
	if c.Dropped() == 0 {
		t.Error("nothing was counted")
	}
}

func TestHandlerRawAndSkip(t *testing.T) {
	var frames, events []string
	done := make(chan struct{})
	c, p := newFake(t).dial(t, func(o *Options) {
		o.SkipLobbies = true
		o.Raw = func(frame []byte) bool {
			frames = append(frames, string(TypeOf(frame)))
			return string(TypeOf(frame)) == "lobby:chat"
		}
		o.OnEvent = func(e Event) {
			events = append(events, fmt.Sprintf("%T", e))
			if _, ok := e.(*Draining); ok {
				close(done)
			}
		}
	})
	p.send(lobby("l-1", 1))
	p.send(`{"type":"lobby:chat","text":"x"}`)
	p.send(`{"type":"server:draining","reconnectAfterMs":1}`)
	<-done
	if got := fmt.Sprint(frames, events); got != "[lobby:updated lobby:chat server:draining] [*client.Connected *client.Draining]" {
		t.Error(got)
	}
	if c.Lobby() != nil || c.Events() != nil {
		t.Error("a skipped lobby was kept")
	}
	go func() {
		_, id := p.next("lobby:join")
		p.send(`{"type":"ack","replyTo":"` + id + `"}`)
	}()
	if l, err := c.Join(within(t), JoinOptions{Code: "1"}); l != nil || err != nil {
		t.Errorf("join without lobbies: %v, %v", l, err)
	}
}

func FuzzHandle(f *testing.F) {
	for _, s := range []string{
		lobby("l", 1), `{"type":"error","replyTo":"1"}`, `{"type":"error","replyTo":null,"lobbyId":"x"}`, `{"type":"connected","lobby":null}`,
		`{"type":"match:started"}`, `{"type":"match:ended","result":null}`, `{"type":"lobby:updated"}`, `[]`, `null`, `{"type":5}`, ``,
		`{"type":"rpc","replyTo":"1","payload":null}`, `{"type":"notify","kind":"x","payload":[],"at":1}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		answer := make(chan reply, 1)
		c := &Conn{events: make(chan Event, 8), pending: map[string]chan reply{"1": answer}}
		c.handle(frame)
		if l := c.State().Lobby; l != nil && l.Teams == nil {
			t.Errorf("%s left a lobby without teams", frame)
		}
		if kind := TypeOf(frame); kind != nil && json.Valid(frame) {
			_ = string(kind)
		}
	})
}
