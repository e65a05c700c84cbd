//go:build unix

package server_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/sdk/client"
)

// needsNode skips a test where there is no Node.js, but not where
// .ci/install-deps.sh has installed it.
func needsNode(t *testing.T) {
	t.Helper()
	_, err := exec.LookPath("node")
	switch {
	case err != nil && os.Getenv("CI") == "true":
		t.Fatal(err)
	case err != nil:
		t.Skip("node is not on PATH: servers in another language than Go were not tried")
	}
}

// nodeGame is a game whose servers are scripts of Node, and whose rules note what
// they hear of servers.
func nodeGame(t *testing.T, dir, script, ports, fleet string) string {
	t.Helper()
	script, err := filepath.Abs(script)
	must(t, err)
	writeFile(t, filepath.Join(dir, "rules.ts"), `
import type { EventHandlers, RpcHandlers } from "muster";
const note = async (ctx, line) => { await ctx.storage.update("heard", (old) => [...(old ?? []), line]); };
export const on: EventHandlers = {
  serverReady: (ctx, e) => note(ctx, "server " + e.matchId + " " + e.server.address + " " + e.server.port + " " + e.provider),
  playerConnected: (ctx, e) => note(ctx, "connected " + e.matchId + " " + e.accountId),
  matchEnded: (ctx, e) => note(ctx, "ended " + e.match.id),
};
export const rpc: RpcHandlers = { heard: async (ctx) => (await ctx.storage.get("heard")) ?? [] };
`)
	return fmt.Sprintf(`
game "arena" {
  lobby {
    min_players = 2
    after_match = "reopen"
  }
  hooks "script" {
    entry   = %q
    timeout = "10s"
  }
  allocate "local" {
    command    = ["node", %q]
    ports      = %q
    timeout    = "60s"
    stop_grace = "30s"
    %s
  }
}
`, filepath.Join(dir, "rules.ts"), script, ports, fleet)
}

// enters connects to a match's server with a ticket and returns its answer.
func enters(t *testing.T, m *client.MatchData, ticket string) string {
	t.Helper()
	answer, _ := door(t, m, ticket)
	return answer
}

// door is enters, and returns the connection too.
func door(t *testing.T, m *client.MatchData, ticket string) (string, net.Conn) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(m.Server.Address, strconv.Itoa(m.Server.Port)), time.Minute)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	must(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = fmt.Fprintln(conn, ticket)
	must(t, err)
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return strings.TrimSpace(answer), conn
}

// over waits for the end of a player's match, which must be no failure.
func over(t *testing.T, p *player) *client.MatchEnded {
	t.Helper()
	for deadline := time.After(time.Minute); ; {
		select {
		case e := <-p.told:
			switch e := e.(type) {
			case *client.MatchEnded:
				return e
			case *client.MatchFailed:
				t.Fatalf("the match failed: %+v", e)
			}
		case <-deadline:
			t.Fatal("the match did not end")
		}
	}
}

// printed is what the servers of a node's games have printed.
func printed(t *testing.T, dir string) string {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(dir, "data", "logs", "*", "*.log"))
	must(t, err)
	var all strings.Builder
	for _, log := range logs {
		text, err := os.ReadFile(log)
		must(t, err)
		fmt.Fprintf(&all, "%s:\n%s", filepath.Base(log), text)
	}
	return all.String()
}

// TestNodeServer plays matches on a server that was written in another language
// against nothing but docs/game-servers.md: testdata/gameserver.mjs, which ends badly
// when anything is not as it is written there.
func TestNodeServer(t *testing.T) {
	needsNode(t)
	for i, fleet := range []string{"", "warm = 1\n env = { WARM = \"1\" }"} {
		t.Run([]string{"for one match", "warm"}[i], func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeConfig(t, dir, nodeGame(t, dir, "testdata/gameserver.mjs", fmt.Sprintf("232%d0-232%d9", i, i),
				fleet+"\nport_names = [\"default\", \"query\"]\nmax_players = 3"))
			n := launch(t, dir, []string{"OF_MUSTER=1"}, "serve", "-config", filepath.Join(dir, "config.hcl"))
			t.Cleanup(func() {
				if t.Failed() {
					t.Log("its servers said\n" + printed(t, dir))
				}
			})
			ctx, w := t.Context(), &world{t: t, url: n.url}
			ps, _ := w.together("ann", "bob")
			ann, bob := ps[0], ps[1]

			var heard []string
			for _, end := range []string{"result", "shutdown"} {
				must(t, ann.Update(ctx, client.LobbyUpdate{Properties: map[string]any{"end": end}}))
				must(t, ann.Ready(ctx, true))
				must(t, bob.Ready(ctx, true))
				must(t, ann.Start(ctx, ""))
				m := await[*client.MatchStarted](t, ann).Match
				bobs := await[*client.MatchStarted](t, bob).Match
				if got := enters(t, m, bobs.Ticket[:len(bobs.Ticket)-1]); got != "refused" {
					t.Errorf("a spoilt ticket: %s", got)
				}
				if got := enters(t, m, m.Ticket); got != "welcome ann A" {
					t.Errorf("ann: %s", got)
				}
				if got := enters(t, m, bobs.Ticket); got != "welcome bob B" {
					t.Errorf("bob: %s", got)
				}
				ended := over(t, bob)
				want := "watch environment refusals ready allocated payload metadata players " + end
				if got := string(ended.Result); (end == "shutdown") != (got == "" || got == "null") ||
					end == "result" && !strings.Contains(got, `"steps":["`+strings.ReplaceAll(want, " ", `","`)+`"]`) {
					t.Errorf("%s: its result is %s", end, got)
				}
				eventually(t, "that the server is told to stop", func() bool {
					return strings.Contains(printed(t, dir), m.MatchID+".log:\nsteps: "+want+"\n")
				})
				heard = append(heard, fmt.Sprintf("server %s 127.0.0.1 %d local", m.MatchID, m.Server.Port),
					"connected "+m.MatchID+" "+ann.id, "connected "+m.MatchID+" "+bob.id, "ended "+m.MatchID)
			}
			var told []string
			eventually(t, "that hooks hear of the last end", func() bool {
				must(t, ann.Rpc(ctx, "heard", nil, &told))
				return len(told) >= len(heard)
			})
			if !slices.Equal(told, heard) {
				t.Errorf("hooks heard\n%s\nwant\n%s", strings.Join(told, "\n"), strings.Join(heard, "\n"))
			}
		})
	}
}

// TestDocumentedServer plays matches on the server that docs/game-servers.md ends with.
func TestDocumentedServer(t *testing.T) {
	needsNode(t)
	page, err := os.ReadFile("../../docs/game-servers.md")
	must(t, err)
	found := regexp.MustCompile("(?ms)^```js\n(.*?)^```$").FindSubmatch(page)
	if found == nil {
		t.Fatal("the page has no server")
	}
	check, err := os.ReadFile("../../sdk/js/ticket.mjs")
	must(t, err)
	for i, fleet := range []string{"", "warm = 1"} {
		t.Run([]string{"for one match", "warm"}[i], func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeFile(t, filepath.Join(dir, "server.mjs"), string(found[1]))
			writeFile(t, filepath.Join(dir, "ticket.mjs"), string(check))
			node := startNode(t, nodeGame(t, dir, filepath.Join(dir, "server.mjs"), fmt.Sprintf("233%d0-233%d9", i, i), fleet))
			w := &world{t: t, url: node.PublicURL()}
			ps, _ := w.together("ann", "bob")
			must(t, ps[0].Start(t.Context(), ""))
			m := await[*client.MatchStarted](t, ps[0]).Match
			bobs := await[*client.MatchStarted](t, ps[1]).Match
			if got := enters(t, m, m.Ticket+"x"); got != "" {
				t.Errorf("a spoilt ticket: %s", got)
			}
			got, conn := door(t, m, bobs.Ticket)
			if got != "welcome bob" {
				t.Errorf("bob: %s", got)
			}
			if again := enters(t, m, bobs.Ticket); again != "" {
				t.Errorf("bob once more: %s", again)
			}
			_, err := fmt.Fprintln(conn, "win")
			must(t, err)
			if ended := over(t, ps[0]); !strings.Contains(string(ended.Result), `"teams":[{"name":"A","rank":2},{"name":"B","rank":1}]`) {
				t.Errorf("the result is %s", ended.Result)
			}
		})
	}
}
