package transport

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/muster-gg/muster/core/lobby"
)

// TestComeAndGo lets players connect, act, and vanish or be replaced at random
// from several goroutines. When all sockets are gone nobody counts as connected,
// and no account sits in a lobby that does not know it.
func TestComeAndGo(t *testing.T) {
	for _, policy := range []string{"replace", "allow", "refuse"} {
		t.Run(policy, func(t *testing.T) {
			n := start(t, func(s *setup) {
				s.Limits.Disabled = true
				s.Games[0].Duplicate = policy
			})
			const accounts = 6
			var mu sync.Mutex
			codes := []string{"none"}
			var wg sync.WaitGroup
			for w := range 8 {
				wg.Go(func() {
					for i := range 25 {
						ws, _, err := websocket.DefaultDialer.Dial(n.url("/_ws?token="+token(fmt.Sprint("p", rand.IntN(accounts)))), nil)
						if err != nil {
							t.Error(err)
							return
						}
						var reading sync.WaitGroup
						reading.Go(func() {
							for {
								_, text, err := ws.ReadMessage()
								if err != nil {
									return
								}
								if _, rest, ok := strings.Cut(string(text), `"code":"`); ok && strings.Contains(string(text), "lobby:created") {
									mu.Lock()
									codes = append(codes, rest[:6])
									mu.Unlock()
								}
							}
						})
						for range rand.IntN(6) {
							mu.Lock()
							code := codes[rand.IntN(len(codes))]
							mu.Unlock()
							texts := []string{
								`{"type":"lobby:create"}`, `{"type":"lobby:leave"}`, `{"type":"lobby:ready"}`, `{"type":"lobby:chat","text":"x"}`,
								fmt.Sprintf(`{"type":"lobby:join","code":%q}`, code), fmt.Sprintf(`{"type":"lobby:join","code":%q}`, code),
							}
							_ = ws.WriteMessage(websocket.TextMessage, []byte(texts[rand.IntN(len(texts))]))
						}
						if (w+i)%3 == 0 {
							_ = ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""))
						} else {
							_ = ws.Close()
						}
						reading.Wait()
						_ = ws.Close()
					}
				})
			}
			wg.Wait()
			n.untilCount(0)
			n.sockets.Wait() // the last ones have marked their players as away
			for i := range accounts {
				account := fmt.Sprint("p", i)
				seat, err := n.lobbies["arena"].SeatOf(t.Context(), account)
				n.must(err)
				if seat.LobbyID == "" {
					continue
				}
				snap, err := n.lobbies["arena"].Get(t.Context(), seat.LobbyID)
				n.must(err)
				p, ok := snap.Lobby.Member(account)
				if !ok || p.Connected {
					t.Errorf("%s: member %v, connected %v", account, ok, p.Connected)
				}
			}
			if list, _, err := n.lobbies["arena"].Listed(context.Background()); err != nil || len(list) != 0 {
				t.Errorf("%d lobbies without a connected human are listed, %v", len(list), err)
			}
		})
	}
}

// TestOneHundredMembers: each of many sockets gets every change, in order.
func TestOneHundredMembers(t *testing.T) {
	const members = 100
	n := start(t, func(s *setup) {
		s.Limits.Disabled = true
		s.rules.Teams = []lobby.TeamRule{{Name: "A", Size: members}, {Name: "B", Size: members}}
	})
	owner := n.player("owner")
	_, code := owner.create()
	all := []*client{owner}
	for i := range members - 1 {
		c := n.player(fmt.Sprint("p", i))
		c.join(code)
		all = append(all, c)
	}
	const lines = 20
	for i := range lines {
		owner.send(fmt.Sprintf(`{"type":"lobby:chat","text":"line %d"}`, i))
	}
	for who, c := range all {
		version := 0.0
		for i := 0; i < lines; {
			m := c.next()
			switch m["type"] {
			case "lobby:updated":
				v, _ := m.at("lobby", "version").(float64)
				if v <= version {
					t.Fatalf("%d: version %v after %v", who, v, version)
				}
				version = v
			case "lobby:chat":
				if m["text"] != fmt.Sprint("line ", i) {
					t.Fatalf("%d: %v, want line %d", who, m, i)
				}
				i++
			default:
				t.Fatalf("%d: %v", who, m)
			}
		}
	}
}

func TestOverTLS(t *testing.T) {
	n := start(t, nil)
	secure := httptest.NewTLSServer(n.Handler())
	defer secure.Close()
	dialer := websocket.Dialer{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	ws, _, err := dialer.Dial("wss"+strings.TrimPrefix(secure.URL, "https")+"/_ws?token="+token("ann"), nil)
	n.must(err)
	defer ws.Close()
	ann := &client{t, ws}
	ann.expect("connected")
	ann.create()
	for range 20 {
		ann.send(`{"type":"ping"}`)
	}
	for range 20 {
		ann.expect("pong")
	}
	n.sessions.Drain()
	ann.closed(1001)
}
