package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/core/server"
	"github.com/muster-gg/muster/core/server/hosts"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin"
)

// asPlugin makes the test binary be a plugin process.
const asPlugin = "MUSTER_TEST_AS_PLUGIN"

// moody is a plugin that does what it is asked for, but waits for its end in the
// middle of the call for which there is a file: "hang-" and the point's name.
type moody struct {
	plugin.Base
	Dir string `setting:"dir,required" doc:"Where it is told to hang."`
}

// mood says in a file that the call hangs, and hangs.
func (m *moody) mood(ctx context.Context) error {
	point := string(hook.CallFrom(ctx).Point)
	if os.Remove(filepath.Join(m.Dir, "hang-"+point)) != nil {
		return nil
	}
	if err := os.WriteFile(filepath.Join(m.Dir, "hangs-"+point), nil, 0o600); err != nil {
		return err
	}
	<-ctx.Done()
	return ctx.Err()
}

func (m *moody) Authenticate(ctx context.Context, r *hook.AuthRequest) (*hook.Identity, error) {
	name := r.GetFields()["name"].GetStringValue()
	switch name {
	case "":
		return nil, hook.Invalid("A name is required")
	case "mallory":
		return nil, hook.Refuse("Not you", nil)
	case "nobody":
		return nil, hook.Unreachable(io.ErrUnexpectedEOF)
	}
	return &hook.Identity{Subject: name, Username: name, Vars: map[string]string{"plan": "free"}}, m.mood(ctx)
}

func (m *moody) BalanceTeams(ctx context.Context, l *hook.Lobby) (*hook.Assignment, error) {
	a := &hook.Assignment{Teams: []*hook.TeamAssignment{{Name: "B"}}}
	for _, t := range l.GetTeams() {
		for _, p := range t.GetPlayers() {
			a.Teams[0].AccountIds = append(a.Teams[0].AccountIds, p.GetAccountId())
		}
	}
	return a, m.mood(ctx)
}

func (m *moody) ValidateStart(ctx context.Context, l *hook.Lobby) error {
	if l.GetName() == "no" {
		reasons := map[string]string{}
		for _, t := range l.GetTeams() {
			for _, p := range t.GetPlayers() {
				reasons[p.GetAccountId()] = "not you, " + p.GetUsername()
			}
		}
		return hook.Refuse("no", reasons)
	}
	return m.mood(ctx)
}

func (m *moody) RpcNames() []string { return []string{"pid", "eat"} }

func (m *moody) Rpc(_ context.Context, r *hook.RpcRequest) (*hook.RpcResponse, error) {
	for kept := [][]byte{}; r.GetName() == "eat" && len(kept) < 200; { // more memory than it may
		kept = append(kept, bytes.Repeat([]byte("x"), 8<<20))
		<-time.After(time.Millisecond)
	}
	return &hook.RpcResponse{Payload: structpb.NewNumberValue(float64(os.Getpid()))}, nil
}

// ruled is a node with one game whose rules are blocks of a config.
type ruled struct {
	*world
	node *server.Server
	dir  string
}

// pluginBlock runs this test binary as the plugin moody.
func pluginBlock(dir string) string {
	return fmt.Sprintf(`
  plugin "moody" {
    command = [%q]
    timeout = "1m"
    env     = { %s = "1", GORACE = "atexit_sleep_ms=0" }
    config {
      dir = %q
    }
  }`, os.Args[0], asPlugin, dir)
}

// newRuled starts a node whose game "arena" has the given blocks; DIR in them is
// a folder of the test.
func newRuled(t testing.TB, blocks string) *ruled {
	t.Helper()
	dir := t.TempDir()
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: "key"})
	t.Cleanup(platform.Close)
	text := strings.TrimSuffix(strings.TrimSpace(stubGame("arena", platform.URL, "")), "}")
	node := startNode(t, text+strings.ReplaceAll(blocks, "DIR", dir)+"\n}\n")
	return &ruled{world: &world{t: t, platform: platform, url: node.PublicURL()}, node: node, dir: dir}
}

// file writes a file of the test's folder.
func (r *ruled) file(name, text string) {
	r.t.Helper()
	writeFile(r.t, filepath.Join(r.dir, name), text)
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	// As editors do: nobody sees half a file.
	must(t, os.WriteFile(path+".tmp", []byte(text), 0o600))
	must(t, os.Rename(path+".tmp", path))
}

// plugins asks the admin listener.
func (r *ruled) plugins() []hosts.Plugin {
	r.t.Helper()
	res, err := http.Get("http://" + r.node.AdminAddr().String() + "/plugins")
	must(r.t, err)
	defer res.Body.Close()
	var all []hosts.Plugin
	must(r.t, json.NewDecoder(res.Body).Decode(&all))
	return all
}

// reload is `muster plugin reload`.
func (r *ruled) reload(name string) (status int, body string) {
	r.t.Helper()
	res, err := http.Post("http://"+r.node.AdminAddr().String()+"/plugins/"+name+"/reload?game=arena", "", nil)
	must(r.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(r.t, err)
	return res.StatusCode, string(text)
}

// signIn asks POST /auth/moody.
func (r *ruled) signIn(body string) (status int, text string) {
	r.t.Helper()
	res, err := http.Post(r.url+"/auth/moody", "application/json", strings.NewReader(body))
	must(r.t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	must(r.t, err)
	return res.StatusCode, string(answer)
}

// eventually waits until f is true, which another process or goroutine makes it.
func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !f(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func decode(t testing.TB, r io.Reader, v any) {
	t.Helper()
	must(t, json.NewDecoder(r).Decode(v))
}

// ready is what the admin listener says of the node's health.
func (r *ruled) ready() string { return r.admin("/readyz") }

// admin is what the admin listener answers.
func (r *ruled) admin(path string) string {
	r.t.Helper()
	res, err := http.Get("http://" + r.node.AdminAddr().String() + path)
	must(r.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(r.t, err)
	return string(text)
}
