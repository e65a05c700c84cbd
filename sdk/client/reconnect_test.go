package client

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

func soon(o *Options) { o.Reconnect = &Backoff{Min: time.Millisecond, Max: 4 * time.Millisecond} }

func TestReconnects(t *testing.T) {
	for _, code := range []int{0, 1001, 1009, 1011, 4408, 4413, 4429} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			f := newFake(t)
			c, p := f.dial(t, soon)
			event[*Connected](t, c)
			p.send(lobby("l-1", 9))
			event[*LobbyChanged](t, c)
			failed := make(chan error, 1)
			go func() { failed <- c.Leave(within(t)) }()
			p.next("lobby:leave")
			p.close(code)
			if d := event[*Disconnected](t, c); d.Final || d.Err.CloseCode != code {
				t.Fatalf("got %+v", d)
			}
			if err := <-failed; CodeOf(err) != CodeConnectionLost {
				t.Errorf("the request under way: %v", err)
			}
			p = <-f.peers
			p.send(`{"type":"connected","accountId":"a-1","username":"Ada","lobby":{"id":"l-1","version":7,"teams":[]},"matchData":{"matchId":"m-1","teams":[]}}`)
			if e := event[*Connected](t, c); e.Lobby.Version != 7 || e.Match.MatchID != "m-1" {
				t.Errorf("got %+v", e)
			}
			if s := c.State(); s.Lobby.Version != 7 || s.Match == nil || !s.Connected {
				t.Errorf("what the server says on return does not count: %+v", s)
			}
			go func() {
				_, id := p.next("ping")
				p.send(`{"type":"pong","replyTo":"` + id + `"}`)
			}()
			if _, err := c.Ping(within(t)); err != nil {
				t.Errorf("after the reconnect: %v", err)
			}
		})
	}
}

func TestSomeClosesAreFinal(t *testing.T) {
	for code, want := range map[int]string{4401: "invalid_token", 4403: "banned", 4409: "replaced"} {
		c, p := newFake(t).dial(t, soon)
		event[*Connected](t, c)
		p.close(code)
		if d := event[*Disconnected](t, c); !d.Final || d.Err.Code != want || d.Err.CloseCode != code {
			t.Errorf("%d: %+v", code, d)
		}
		<-c.Done()
		if CodeOf(c.Err()) != want || c.State().Connected {
			t.Errorf("%d: %v", code, c.Err())
		}
		if _, err := c.Wait(within(t), func(State) bool { return false }); CodeOf(err) != want {
			t.Errorf("%d: Wait: %v", code, err)
		}
	}
}

// A server that is away for a while is tried again; one that refuses for good is not.
func TestReconnectMeetsRefusals(t *testing.T) {
	f := newFake(t)
	c, p := f.dial(t, soon)
	event[*Connected](t, c)
	p.close(0)
	event[*Disconnected](t, c)
	(<-f.peers).close(0)
	(<-f.peers).close(1001)
	(<-f.peers).hello()
	event[*Connected](t, c)

	c.Drop()
	event[*Disconnected](t, c)
	p = <-f.peers
	p.send(`{"type":"error","message":"Invalid token","code":"invalid_token"}`)
	p.close(4401)
	if d := event[*Disconnected](t, c); !d.Final || d.Err.Code != "invalid_token" {
		t.Errorf("got %+v", d)
	}
	<-c.Done()
}

func TestReconnectEndsWithoutTheGame(t *testing.T) {
	f := newFake(t)
	c, p := f.dial(t, soon)
	event[*Connected](t, c)
	f.refuseWith(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"error":"Not Found","code":"not_found"}`, 404)
	})
	p.close(0)
	event[*Disconnected](t, c)
	if d := event[*Disconnected](t, c); !d.Final || d.Err.Code != "not_found" {
		t.Errorf("got %+v", d)
	}
}

func TestCloseWhileReconnecting(t *testing.T) {
	f := newFake(t)
	c, p := f.dial(t, func(o *Options) { o.Reconnect = &Backoff{Min: time.Hour, Max: time.Hour} })
	event[*Connected](t, c)
	p.close(0)
	event[*Disconnected](t, c)
	if err := c.Leave(within(t)); CodeOf(err) != CodeNotConnected {
		t.Errorf("while away: %v", err)
	}
	c.Close()
	if d := event[*Disconnected](t, c); !d.Final || d.Err.Code != CodeClosed {
		t.Errorf("got %+v", d)
	}
	c.Close()
}

func TestPauses(t *testing.T) {
	b := Backoff{Min: 100 * time.Millisecond, Max: time.Second}
	for _, c := range []struct {
		attempt int
		part    float64
		want    time.Duration
	}{
		{0, 0, 50 * time.Millisecond}, {0, 0.5, 75 * time.Millisecond}, {1, 0, 100 * time.Millisecond},
		{3, 0, 400 * time.Millisecond}, {4, 0, 500 * time.Millisecond}, {30, 0, 500 * time.Millisecond}, {1000, 0.5, 750 * time.Millisecond},
	} {
		if got := b.wait(c.attempt, c.part); got != c.want {
			t.Errorf("attempt %d, %v: %v, want %v", c.attempt, c.part, got, c.want)
		}
	}
	if first, later := (Backoff{}).wait(0, 0), (Backoff{}).wait(99, 0); first != 250*time.Millisecond || later != 7500*time.Millisecond {
		t.Errorf("by default %v … %v", first, later)
	}
	c := &Conn{o: Options{Reconnect: &b}}
	c.handle([]byte(`{"type":"ack"}`))
	c.o.OnEvent = func(Event) {}
	c.handle([]byte(`{"type":"server:draining","reconnectAfterMs":2000}`))
	if got := c.pause(0, 0.5); got != 2500*time.Millisecond {
		t.Errorf("draining: %v", got)
	}
	if got := c.pause(0, 0); got != 50*time.Millisecond {
		t.Errorf("the next attempt: %v", got)
	}
}

func TestKeepAlive(t *testing.T) {
	every := func(o *Options) { o.KeepAlive = 5 * time.Millisecond }
	t.Run("answered", func(t *testing.T) {
		c, p := newFake(t).dial(t, every)
		for range 5 {
			<-p.pings
		}
		select {
		case <-c.Done():
			t.Errorf("a living server was left: %v", c.Err())
		default:
		}
	})
	t.Run("silent", func(t *testing.T) {
		c, _ := newFake(t, func(f *fake) { f.silent = true }).dial(t, every)
		<-c.Done()
		if CodeOf(c.Err()) != CodeConnectionLost {
			t.Error(c.Err())
		}
	})
}
