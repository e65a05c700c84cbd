package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/match"
	"github.com/muster-gg/muster/core/server"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/state/memory"
	"github.com/muster-gg/muster/sdk/client"
)

// stubGame is a game whose servers come from a stub of the platform.
func stubGame(name, url, rest string) string {
	return fmt.Sprintf(`
game %q {
  lobby {
    min_players = 2
    %s
  }
  allocate "gameflow" {
    game_id = "g1"
    api_key = "key"
    url     = %q
    timeout = "10s"
    max_concurrent = 256
  }
}
`, name, rest, url)
}

// TestSoak plays 200 lobbies of four in a loop: create, join, ready, start,
// result, again. One server per start, all four told the same, and nothing left
// over. MUSTER_SOAK sets how long it goes on (default 3s; a minute by hand).
func TestSoak(t *testing.T) {
	length := 3 * time.Second
	if s := os.Getenv("MUSTER_SOAK"); s != "" {
		var err error
		if length, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	const lobbies, players = 200, 4
	var payloads sync.Map // match id → launch payload
	var doubles atomic.Int64
	platform := gameflowtest.NewServer(gameflowtest.Options{
		GameID: "g1", APIKey: "key", Forget: true,
		Decide: func(_ int, c gameflowtest.Call) gameflowtest.Behaviour {
			if _, again := payloads.LoadOrStore(c.MatchID, c.Payload); again {
				doubles.Add(1)
			}
			return gameflowtest.OK()
		},
	})
	defer platform.Close()

	dir := t.TempDir()
	cfg, diags := config.Load(writeConfig(t, dir, stubGame("arena", platform.URL, "")), config.Options{Files: config.RequireFiles})
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	node, err := server.Start(t.Context(), server.Options{Config: cfg, Version: "test", Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithTimeout(t.Context(), length+2*time.Minute)
	defer cancel()
	end := time.Now().Add(length)
	var played atomic.Int64
	var wg sync.WaitGroup
	for n := range lobbies {
		wg.Go(func() {
			crew, err := newCrew(ctx, node.PublicURL(), "arena", n, players)
			if err != nil {
				t.Errorf("lobby %d: %v", n, err)
				return
			}
			defer crew.close()
			for round := 0; round == 0 || time.Now().Before(end); round++ {
				if err := crew.play(ctx, &payloads); err != nil {
					t.Errorf("lobby %d, round %d: %v", n, round, err)
					return
				}
				played.Add(1)
			}
		})
	}
	wg.Wait()
	t.Logf("%d matches of %d players", played.Load(), players)
	if made := platform.Made(); int64(made) != played.Load() || doubles.Load() != 0 {
		t.Errorf("%d servers for %d matches, %d asked for twice", made, played.Load(), doubles.Load())
	}
	if p := platform.Problems(); len(p) > 0 {
		t.Errorf("the platform complains: %v", p)
	}
	if err := node.Stop(ctx); err != nil {
		t.Error("stop:", err)
	}
	nothingLeft(t, filepath.Join(dir, "data", "state.db"), "arena")
}

// nothingLeft holds that a game's short-lived state is empty.
func nothingLeft(t *testing.T, path, game string) {
	t.Helper()
	docs, err := memory.Open(t.Context(), memory.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{lobby.KindLobby, lobby.KindSeat, lobby.KindCode, match.KindMatch} {
		if err := docs.List(t.Context(), game, kind, func(d state.Doc) bool {
			t.Errorf("%s is left over", d.Key)
			return true
		}); err != nil {
			t.Error(err)
		}
	}
	if err := docs.Close(); err != nil {
		t.Error(err)
	}
}

// crew is a few players who play together again and again.
type crew struct {
	url, game string
	conns     []*client.Conn
	told      []chan client.Event
}

func newCrew(ctx context.Context, url, game string, n, players int) (*crew, error) {
	c := &crew{url: url, game: game}
	api := client.New(client.Config{URL: url, Game: game})
	for p := range players {
		session, err := api.SignIn(ctx, fmt.Sprintf("p%d-%d", n, p), "")
		if err != nil {
			c.close()
			return nil, err
		}
		told := make(chan client.Event, 64)
		conn, err := client.Dial(ctx, client.Options{URL: url, Game: game, Token: session.AccessToken, OnEvent: func(e client.Event) {
			switch e.(type) {
			case *client.MatchStarted, *client.MatchEnded, *client.MatchFailed, *client.LobbyDeleted, *client.ServerError:
				told <- e
			}
		}})
		if err != nil {
			c.close()
			return nil, err
		}
		c.conns, c.told = append(c.conns, conn), append(c.told, told)
	}
	return c, nil
}

func (c *crew) close() {
	for _, conn := range c.conns {
		conn.Close()
	}
}

// next is the next event of a kind that a player is told; any other is an error.
func next[E client.Event](ctx context.Context, told <-chan client.Event) (e E, err error) {
	select {
	case got := <-told:
		e, ok := got.(E)
		if !ok {
			return e, fmt.Errorf("told %T %+v, expected %T", got, got, e)
		}
		return e, nil
	case <-ctx.Done():
		return e, fmt.Errorf("waiting for %T: %w", e, ctx.Err())
	}
}

// play plays one match from the lobby's making to its end.
func (c *crew) play(ctx context.Context, payloads *sync.Map) error {
	made, err := c.conns[0].CreateLobby(ctx, client.LobbyOptions{})
	if err != nil {
		return fmt.Errorf("create: %w", err)
	}
	for _, conn := range c.conns[1:] {
		if _, err := conn.Join(ctx, client.JoinOptions{Code: made.Code}); err != nil {
			return fmt.Errorf("join: %w", err)
		}
	}
	for _, conn := range c.conns {
		if err := conn.Ready(ctx, true); err != nil {
			return fmt.Errorf("ready: %w", err)
		}
	}
	if err := c.conns[0].Start(ctx, ""); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	var first *client.MatchData
	for _, told := range c.told {
		e, err := next[*client.MatchStarted](ctx, told)
		if err != nil {
			return err
		}
		m := *e.Match
		if m.Ticket == "" {
			return errors.New("no ticket")
		}
		m.Ticket = ""
		if first == nil {
			first = &m
			continue
		}
		a, _ := json.Marshal(first)
		b, _ := json.Marshal(m)
		if !bytes.Equal(a, b) {
			return fmt.Errorf("told differently:\n%s\n%s", a, b)
		}
	}
	raw, ok := payloads.LoadAndDelete(first.MatchID)
	if !ok {
		return fmt.Errorf("no server was made for match %s", first.MatchID)
	}
	if err := report(ctx, []byte(raw.(string))); err != nil {
		return err
	}
	for _, told := range c.told {
		ended, err := next[*client.MatchEnded](ctx, told)
		if err != nil {
			return err
		}
		if ended.MatchID != first.MatchID || ended.Result == nil {
			return fmt.Errorf("ended %+v", ended)
		}
		if _, err := next[*client.LobbyDeleted](ctx, told); err != nil {
			return err
		}
	}
	return nil
}

// report posts the result as the game server of a payload would.
func report(ctx context.Context, payload []byte) error {
	var p struct {
		Teams []struct {
			Name string `json:"name"`
		} `json:"teams"`
		ResultURL   string `json:"resultUrl"`
		ResultToken string `json:"resultToken"`
	}
	if err := json.Unmarshal(payload, &p); err != nil {
		return err
	}
	body := fmt.Sprintf(`{"teams":[{"name":%q,"rank":1},{"name":%q,"rank":2}]}`, p.Teams[0].Name, p.Teams[1].Name)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.ResultURL, bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+p.ResultToken)
	res, err := reporter.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("result: %s %s", res.Status, answer)
	}
	return err
}

var reporter = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
