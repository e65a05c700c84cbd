//go:build linux

package local

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/websocket"

	"github.com/muster-gg/muster/core/allocation"
)

// arenaServer builds the sample game's server. It goes without the race detector,
// which is for the fleet and would be a hundred times over.
func arenaServer(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "arena-server")
	build := exec.CommandContext(t.Context(), "go", "build", "-race=false", "-o", path, "github.com/muster-gg/muster/sample-game/server")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return path
}

// botKey signs the bots' tickets.
var botKey = []byte("0123456789abcdef0123456789abcdef")

// duelOf is a match of one bot against another.
func duelOf(match string) allocation.Request {
	r := request(match)
	r.Payload = func(resultURL string) ([]byte, error) {
		team := func(name, id string) map[string]any {
			return map[string]any{"name": name, "players": []any{map[string]any{"accountId": id, "username": id}}}
		}
		return json.Marshal(map[string]any{
			"matchId": match, "game": "arena", "teams": []any{team("A", match+"-a"), team("B", match+"-b")},
			"resultUrl": resultURL, "resultToken": "token-of-" + match, "ticketKey": base64.RawURLEncoding.EncodeToString(botKey),
		})
	}
	return r
}

// bot is a player who connects as people do.
type bot struct {
	id   string
	team int
	conn *websocket.Conn
	base []float64 // where his sparks go
	seq  int
}

// joinAs connects a bot to a game server with his ticket.
func joinAs(match string, team, port int) (*bot, error) {
	b := &bot{id: match + "-" + string(rune('a'+team)), team: team}
	ticket, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": "muster", "aud": "arena", "sub": b.id, "mid": match, "exp": time.Now().Add(time.Hour).Unix(),
	}).SignedString(botKey)
	if err != nil {
		return nil, err
	}
	b.conn, _, err = websocket.DefaultDialer.Dial(fmt.Sprintf("ws://127.0.0.1:%d/", port), nil)
	if err != nil {
		return nil, err
	}
	return b, b.conn.WriteJSON(map[string]any{"t": "join", "ticket": ticket})
}

// frame has what a bot looks at.
type frame struct {
	T     string      `json:"t"`
	Phase string      `json:"phase"`
	Code  string      `json:"code"`
	P     [][]float64 `json:"p"`
	S     [][]float64 `json:"s"`
	Map   struct {
		Bases []struct{ X, Y float64 } `json:"bases"`
	} `json:"map"`
}

// play plays until the match is over, or leave is true of what he sees, or the
// socket ends. It returns the last message that was no state.
func (b *bot) play(leave func(frame) bool) (last string, err error) {
	defer b.conn.Close()
	for n := 0; ; n++ {
		_ = b.conn.SetReadDeadline(time.Now().Add(time.Minute))
		_, raw, err := b.conn.ReadMessage()
		if err != nil {
			return last, err
		}
		state := bytes.HasPrefix(raw, []byte(`{"t":"state"`))
		if state && n%5 != 0 {
			continue // nobody needs to steer thirty times a second
		}
		var f frame
		if err := json.Unmarshal(raw, &f); err != nil {
			return last, err
		}
		if !state {
			last = f.T
		}
		switch {
		case f.T == "over" || leave(f):
			return last, nil
		case f.T == "welcome":
			b.base = []float64{0, f.Map.Bases[b.team].X, f.Map.Bases[b.team].Y}
		case state:
			if err := b.steer(f); err != nil {
				return last, err
			}
		}
	}
}

// steer goes to the nearest spark, and home with it.
func (b *bot) steer(f frame) error {
	const carried = 5
	self := f.P[b.team]
	to := b.base
	if self[carried] == 0 {
		for i, s := range f.S {
			if i == 0 || distance(self, s) < distance(self, to) {
				to = s
			}
		}
	}
	away := max(1, distance(self, to))
	b.seq++
	return b.conn.WriteJSON(map[string]any{
		"t": "input", "dx": (to[1] - self[1]) / away, "dy": (to[2] - self[2]) / away, "seq": b.seq,
	})
}

func distance(a, b []float64) float64 { return math.Hypot(a[1]-b[1], a[2]-b[2]) }
