package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/server"
	"github.com/muster-gg/muster/sdk/client"
)

// TestMatchOfMuster plays a whole match: Muster asks this platform, which runs the
// game server, which reports to Muster.
func TestMatchOfMuster(t *testing.T) {
	for fleet, ports := range map[bool]string{false: "26120-26129", true: "26130-26139"} {
		t.Run(fmt.Sprint("fleet ", fleet), func(t *testing.T) {
			p := start(t, "-server", os.Args[0], "-env", asGame+"=1", "-env", "GORACE=atexit_sleep_ms=0", "-ports", ports)
			url := runMuster(t, p.url, fleet)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			ann, bob := join(ctx, t, url, "Ann"), join(ctx, t, url, "Bob")
			lobby, err := ann.CreateLobby(ctx, client.LobbyOptions{})
			must(t, err)
			_, err = bob.Join(ctx, client.JoinOptions{Code: lobby.Code})
			must(t, err)
			must(t, ann.Ready(ctx, true))
			must(t, bob.Ready(ctx, true))
			must(t, ann.Start(ctx, ""))
			m := told[*client.MatchStarted](ctx, t, bob).Match
			conn, err := net.Dial("tcp", net.JoinHostPort(m.Server.Address, strconv.Itoa(m.Server.Port)))
			must(t, err)
			must(t, conn.Close())
			for _, c := range []*client.Conn{ann, bob} {
				if e := told[*client.MatchEnded](ctx, t, c); e.MatchID != m.MatchID || e.Result == nil {
					t.Errorf("ended %+v", e)
				}
			}
		})
	}
}

// runMuster runs a server whose game servers come from the platform.
func runMuster(t *testing.T, platform string, fleet bool) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.hcl")
	must(t, os.WriteFile(path, fmt.Appendf(nil, `
server {
  listen       = "127.0.0.1:0"
  admin_listen = "127.0.0.1:0"
}
game "arena" {
  lobby {
    min_players = 2
  }
  allocate "gameflow" {
    game_id = "arena"
    api_key = "dev-key"
    url     = %q
    timeout = "60s"
    fleet   = %v
  }
}
`, platform, fleet), 0o600))
	cfg, diags := config.Load(path, config.Options{Files: config.RequireFiles})
	must(t, diags.Err())
	node, err := server.Start(context.Background(), server.Options{Config: cfg, Version: "test", Logger: zap.NewNop()})
	must(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := node.Stop(ctx); err != nil {
			t.Error("stop:", err)
		}
	})
	return node.PublicURL()
}

func join(ctx context.Context, t *testing.T, url, name string) *client.Conn {
	t.Helper()
	session, err := client.New(client.Config{URL: url}).SignIn(ctx, name, "")
	must(t, err)
	conn, err := client.Dial(ctx, client.Options{URL: url, Token: session.AccessToken})
	must(t, err)
	t.Cleanup(conn.Close)
	return conn
}

// told skips what a player is told until an event of a kind comes.
func told[E client.Event](ctx context.Context, t *testing.T, c *client.Conn) E {
	t.Helper()
	for {
		select {
		case e := <-c.Events():
			if found, ok := e.(E); ok {
				return found
			}
		case <-ctx.Done():
			var e E
			t.Fatalf("%T never came", e)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
