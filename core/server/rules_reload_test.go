package server_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-gg/muster/sdk/client"
)

// versioned is a rule book whose calls tell which version they run.
func versioned(version int) string {
	return fmt.Sprintf(`import type { RpcHandlers, MatchPayload } from "muster";
export const rpc: RpcHandlers = { version: async (ctx) => { await ctx.storage.get("x"); return %d; } };
export const matchPayload: MatchPayload = () => ({ keys: { version: %d } });
export const on = { playerJoined() {} };
`, version, version)
}

const workerBlock = `
  hooks "script" {
    entry     = "DIR/rules.ts"
    timeout   = "10s"
    isolation = "process"
  }`

const scriptBlock = `
  hooks "script" {
    entry   = "DIR/rules.ts"
    timeout = "10s"
  }`

// newScripted is newRuled with a first version of the script.
func newScripted(t testing.TB, blocks, source string) *ruled {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "rules.ts"), source)
	r := newRuled(t, strings.ReplaceAll(blocks, "DIR", dir))
	r.dir = dir
	return r
}

// load is players who call without a pause until its end.
type load struct {
	t     testing.TB
	calls atomic.Int64
	stop  context.CancelFunc
	wg    sync.WaitGroup
}

func (r *ruled) load(callers int, call func(ctx context.Context, p *player) error) *load {
	ctx, cancel := context.WithCancel(r.t.Context())
	l := &load{t: r.t, stop: cancel}
	for i := range callers {
		p := r.player(fmt.Sprint("caller ", i))
		l.wg.Go(func() {
			for ctx.Err() == nil {
				// Its end is the answer's, or says that there was none.
				ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
				err := call(ctx, p)
				cancel()
				if err != nil {
					r.t.Errorf("a call under reloads: %v", err)
					return
				}
				l.calls.Add(1)
			}
		})
	}
	return l
}

// end stops the load and says how many calls there were.
func (l *load) end() int64 {
	l.stop()
	l.wg.Wait()
	return l.calls.Load()
}

func versionOf(ctx context.Context, p *player) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var version int
	err := p.Rpc(ctx, "version", nil, &version)
	return version, err
}

// openFiles is how many files this process has open; 0 where the system does not say.
func openFiles() int {
	files, _ := os.ReadDir("/proc/self/fd")
	return len(files)
}

// nothingGrew holds that no file is left open since there were so many. What lasts
// until it is collected or times out, as idle connections do, is some.
func nothingGrew(t testing.TB, files int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d open files again", files), func() bool { return openFiles() < files+20 })
}

// TestScriptReloads saves a script 500 times while players call it and matches
// start under it: no call fails, each version comes into use, and nothing of the old
// ones is left.
func TestScriptReloads(t *testing.T) {
	const reloads = 500
	r := newScripted(t, scriptBlock, versioned(0))
	calls := r.load(2, func(ctx context.Context, p *player) error {
		_, err := versionOf(ctx, p)
		return err
	})
	starts := r.load(1, func(ctx context.Context, p *player) error {
		if _, err := p.CreateLobby(ctx, client.LobbyOptions{}); err != nil {
			return err
		}
		if err := errors.Join(p.FillBots(ctx, 1), p.Ready(ctx, true), p.Start(ctx, "")); err != nil {
			return err
		}
		m := await[*client.MatchStarted](t, p)
		made := r.platform.Servers(m.Match.MatchID)
		if len(made) != 1 {
			return fmt.Errorf("%d servers", len(made))
		}
		return nil
	})
	watcher := r.player("watcher")
	files := openFiles()
	for i := 1; i <= reloads; i++ {
		r.file("rules.ts", versioned(i))
		eventually(t, fmt.Sprint("version ", i), func() bool {
			got, err := versionOf(t.Context(), watcher)
			must(t, err)
			return got == i
		})
	}
	if n, m := calls.end(), starts.end(); n < reloads || m == 0 {
		t.Errorf("%d calls and %d starts are no load", n, m)
	}
	nothingGrew(t, files)
	for _, c := range r.platform.Calls() {
		if !strings.Contains(c.Payload, `"version":`) {
			t.Errorf("a start without its rules: %s", c.Payload)
		}
	}
}

// TestBadScriptLeavesTheOldOne: what cannot be used is not used.
func TestBadScriptLeavesTheOldOne(t *testing.T) {
	r := newScripted(t, scriptBlock, versioned(1))
	p := r.player("ann")
	for name, source := range map[string]string{
		"syntax": "export const rpc = {", "no export": "const x = 1;", "throws": "throw new Error('no'); export const rpc = {};",
		"import": `import "./none.ts"; export const rpc = {};`, "outside": `import "../../x.ts"; export const rpc = {};`,
		"endless": "while (true) {} export const rpc = {};", "bigint": "export const rpc = { power: () => 2n ** (10n ** 9n) };",
	} {
		r.file("rules.ts", source)
		eventually(t, name+" is noticed", func() bool {
			res, err := http.Get("http://" + r.node.AdminAddr().String() + "/readyz")
			must(t, err)
			defer res.Body.Close()
			var body struct {
				Checks []struct {
					Name  string
					OK    bool
					Error string
				}
			}
			decode(t, res.Body, &body)
			for _, c := range body.Checks {
				if c.Name == "script arena/rules.ts" && !c.OK && strings.Contains(c.Error, "rules.ts") {
					return res.StatusCode == http.StatusOK // the node itself is fine
				}
			}
			return false
		})
		if got, err := versionOf(t.Context(), p); got != 1 || err != nil {
			t.Errorf("%s: version %d, %v", name, got, err)
		}
		r.file("rules.ts", versioned(1))
		eventually(t, "a good version again", func() bool {
			return !strings.Contains(r.ready(), `"ok":false`)
		})
	}
}

// TestStartKeepsItsVersion saves a new version while a start waits in the old one.
func TestStartKeepsItsVersion(t *testing.T) {
	slow := func(version int) string {
		return versioned(version) + `
export async function validateStart(ctx) {
  await ctx.storage.set("waits", true);
  while (!(await ctx.storage.get("go"))) await new Promise((f) => setTimeout(f, 2));
}
rpc.waits = (ctx) => ctx.storage.get("waits");
rpc.go = (ctx) => ctx.storage.set("go", true);
`
	}
	r := newScripted(t, scriptBlock, slow(1))
	ctx := t.Context()
	ps, _ := r.together("ann", "bob")
	must(t, ps[0].Start(ctx, ""))
	eventually(t, "the start waits", func() bool {
		var waits bool
		must(t, ps[0].Rpc(ctx, "waits", nil, &waits))
		return waits
	})
	r.file("rules.ts", slow(2))
	eventually(t, "version 2", func() bool {
		got, err := versionOf(ctx, ps[0])
		must(t, err)
		return got == 2
	})
	must(t, ps[0].Rpc(ctx, "go", nil, nil))
	await[*client.MatchStarted](t, ps[1])
	if p := r.platform.Calls()[0].Payload; !strings.Contains(p, `"version":1`) {
		t.Errorf("the start went on with another version: %s", p)
	}
}

// TestPluginReloads reloads a plugin 50 times under load: no call fails, and of
// the old processes none is left, nor a file.
func TestPluginReloads(t *testing.T) {
	const reloads = 50
	r := newRuled(t, pluginBlock("DIR")+`
  hooks "plugin" {
    use    = "moody"
    points = ["rpc", "balance_teams"]
  }`)
	calls := r.load(2, func(ctx context.Context, p *player) error {
		var pid int
		return p.Rpc(ctx, "pid", nil, &pid)
	})
	files := openFiles()
	var pids []int
	for range reloads {
		pids = append(pids, r.plugins()[0].PID)
		if status, body := r.reload("moody"); status != http.StatusOK {
			t.Fatalf("reload: %d %s", status, body)
		}
	}
	if n := calls.end(); n < reloads {
		t.Errorf("%d calls are no load", n)
	}
	nothingGrew(t, files)
	now := r.plugins()[0]
	if now.Restarts != 0 || now.State != "running" {
		t.Errorf("%+v", now)
	}
	for _, pid := range pids {
		if pid == now.PID {
			t.Error("a reload kept its process")
		}
		eventually(t, fmt.Sprintf("the end of process %d", pid), func() bool {
			_, err := os.Stat(fmt.Sprintf("/proc/%d/fd", pid))
			return errors.Is(err, fs.ErrNotExist)
		})
	}
	if status, body := r.reload("none"); status != http.StatusNotFound {
		t.Errorf("a plugin that is not there: %d %s", status, body)
	}
}
