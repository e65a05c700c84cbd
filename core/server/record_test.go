package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// recording is `muster hooks record` against the node, in a process of its own.
type recording struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  *bufio.Reader
	said string // its first line
}

// musterCommand is this test binary as the muster program.
func musterCommand(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asMuster+"=1", noExitWait)
	return cmd
}

// record begins to record into the folder `recordings` of the test.
func (r *ruled) record(t *testing.T, args ...string) *recording {
	t.Helper()
	args = append([]string{"hooks", "record", "-admin", r.node.AdminAddr().String(), "-game", "arena", "-out", filepath.Join(r.dir, "recordings")}, args...)
	c := &recording{t: t, cmd: musterCommand(t.Context(), args...)}
	out, err := c.cmd.StdoutPipe()
	must(t, err)
	c.cmd.Stderr = c.cmd.Stdout
	must(t, c.cmd.Start())
	c.out = bufio.NewReader(out)
	c.said, _ = c.out.ReadString('\n')
	return c
}

// end waits until it has ended, with that status, and returns what it said.
func (c *recording) end(status int) string {
	c.t.Helper()
	rest, err := io.ReadAll(c.out)
	must(c.t, err)
	err = c.cmd.Wait()
	text := c.said + string(rest)
	if code := c.cmd.ProcessState.ExitCode(); code != status {
		c.t.Errorf("status %d, %v\n%s", code, err, text)
	}
	return text
}

// files are those that were recorded since the last time.
func (r *ruled) files(t *testing.T, n int) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(r.dir, "recordings", "*.json"))
	must(t, err)
	if len(files) != n {
		t.Fatalf("%d files: %v", len(files), files)
	}
	return files
}

// replay runs `muster hooks replay` and returns its status and what it says.
func replay(t *testing.T, args ...string) (int, string) {
	t.Helper()
	cmd := musterCommand(t.Context(), append([]string{"hooks", "replay"}, args...)...)
	text, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

const recordedRules = `
const salt = Math.random();
let calls = 0;
export const rpc = {
  hello: async (ctx, name) => {
    const mine = ctx.storage.account(ctx.player.accountId);
    const visits = await mine.update("visits", (old) => (old ?? 0) + 1);
    await ctx.notify(ctx.player.accountId, "hello", { visits });
    return { hello: name, visits, salt, calls: ++calls, at: ctx.now(), roll: Math.random() };
  },
  fail: (ctx, payload) => payload.missing.level,
  refuse: (ctx) => ctx.refuse("not now"),
};
export const authenticate = (ctx, request) => ({ subject: request.fields.token, username: "ann" });
`

const signInBlock = `
  auth = ["anonymous", "ours"]`

// TestRecordAndReplay records calls of a node by the command line, and repeats them.
func TestRecordAndReplay(t *testing.T) {
	for name, block := range map[string]string{"embedded": scriptBlock, "process": workerBlock} {
		t.Run(name, func(t *testing.T) {
			r := newScripted(t, signInBlock+block, recordedRules)
			ann := r.player("ann")
			hello := func() (visits int) {
				var got struct{ Visits int }
				must(t, ann.Rpc(t.Context(), "hello", "world", &got))
				return got.Visits
			}
			for i := 1; i <= 3; i++ {
				if n := hello(); n != i {
					t.Errorf("visit %d is the %dth", i, n)
				}
			}
			c := r.record(t, "-count", "2", "-rpc", "hello", "-wait", "1m")
			if want := "Waiting for the next 2 calls of rpc hello of game arena, for 1m0s at most; Ctrl-C ends it.\n"; c.said != want {
				t.Fatalf("it said %s", c.said)
			}
			refused(t, ann.Rpc(t.Context(), "refuse", nil, nil), "refused_by_hook") // another function
			for i := 4; i <= 5; i++ {
				if n := hello(); n != i {
					t.Errorf("visit %d is the %dth", i, n)
				}
			}
			text := c.end(0)
			files := r.files(t, 2)
			if !strings.Contains(text, files[0]+": rpc hello, version ") || !strings.Contains(text, "2 calls recorded. To repeat them:\n\n  muster hooks replay "+files[0]) {
				t.Error(text)
			}
			for _, file := range files {
				if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
					t.Errorf("%v, %v", info.Mode(), err)
				}
			}
			entry := filepath.Join(r.dir, "rules.ts")
			if status, text := replay(t, append(files, "-entry", entry)...); status != 0 || strings.Count(text, ": same — rpc hello of ") != 2 {
				t.Errorf("status %d\n%s", status, text)
			}
			config := filepath.Join(r.dir, "config.hcl")
			writeFile(t, config, fmt.Sprintf("game \"arena\" {\n  hooks \"script\" {\n    entry = %q\n  }\n}\n", entry))
			changed := filepath.Join(r.dir, "rules.ts")
			writeFile(t, changed, strings.Replace(recordedRules, "hello: name", "hello: name + '!'", 1))
			if status, text := replay(t, files[1], "-config", config); status != 1 ||
				!strings.Contains(text, ": different — rpc hello of ") || !strings.Contains(text, "\n    payload.hello: was \"world\", is \"world!\"\n") {
				t.Errorf("status %d\n%s", status, text)
			}
			writeFile(t, filepath.Join(r.dir, "bad.json"), `{"format":"muster.recording/0"}`)
			status, text := replay(t, "-json", filepath.Join(r.dir, "bad.json"), files[0], "-config", config)
			var verdicts []string
			for line := range strings.Lines(text) {
				var one struct{ Verdict, Error, RecordedVersion string }
				must(t, json.Unmarshal([]byte(line), &one))
				verdicts = append(verdicts, one.Verdict)
			}
			if status != 2 || strings.Join(verdicts, " ") != "cannot_run different" {
				t.Errorf("status %d\n%s", status, text)
			}
		})
	}
}

// TestRecordErrors: with -errors only calls that fail are recorded.
func TestRecordErrors(t *testing.T) {
	r := newScripted(t, signInBlock+scriptBlock, recordedRules)
	ann := r.player("ann")
	c := r.record(t, "-errors")
	must(t, ann.Rpc(t.Context(), "hello", "world", nil))
	refused(t, ann.Rpc(t.Context(), "refuse", nil, nil), "refused_by_hook")
	refused(t, ann.Rpc(t.Context(), "fail", map[string]int{}, nil), "hook_failed")
	if text := c.end(0); !strings.Contains(text, "rpc fail, version ") || !strings.Contains(text, "failed: TypeError: Cannot read property 'level' of undefined") {
		t.Error(text)
	}
	file := r.files(t, 1)[0]
	if status, text := replay(t, file, "-entry", filepath.Join(r.dir, "rules.ts")); status != 0 {
		t.Errorf("status %d\n%s", status, text)
	}
}

// TestRecordSignIn: what players sign in with is recorded by its name alone.
func TestRecordSignIn(t *testing.T) {
	r := newScripted(t, signInBlock+scriptBlock, recordedRules)
	signIn := func() {
		t.Helper()
		res, err := http.Post(r.url+"/auth/ours", "application/json", strings.NewReader(`{"token":"secret-token"}`))
		must(t, err)
		body, err := io.ReadAll(res.Body)
		must(t, err)
		must(t, res.Body.Close())
		if res.StatusCode != http.StatusOK {
			t.Fatalf("%d %s", res.StatusCode, body)
		}
	}
	all, named := r.record(t), r.record(t, "-point", "authenticate")
	signIn()
	must(t, r.player("ann").Rpc(t.Context(), "hello", "world", nil))
	all.end(0)
	named.end(0)
	var with int
	for _, file := range r.files(t, 2) {
		text, err := os.ReadFile(file)
		must(t, err)
		if strings.Contains(string(text), "secret-token") {
			with++
			if !strings.HasPrefix(filepath.Base(file), "authenticate-") {
				t.Errorf("%s has what somebody signed in with", file)
			}
		}
	}
	if with != 1 {
		t.Errorf("%d sign-ins were recorded", with)
	}
}

// TestRecordBounds: what cannot be recorded is said, and no more than four record.
func TestRecordBounds(t *testing.T) {
	r := newScripted(t, signInBlock+scriptBlock, recordedRules)
	admin := "http://" + r.node.AdminAddr().String() + "/hooks/record?"
	post := func(ctx context.Context, query string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, admin+query, nil)
		must(t, err)
		res, err := http.DefaultClient.Do(req)
		must(t, err)
		return res
	}
	for query, status := range map[string]int{
		"game=none": 404, "game=arena&point=x": 400, "game=arena&count=0": 400, "game=arena&count=101": 400, "game=arena&wait=1h": 400, "game=arena&wait=x": 400,
		"game=arena&rpc=x&point=events": 400,
	} {
		res := post(t.Context(), query)
		must(t, res.Body.Close())
		if res.StatusCode != status {
			t.Errorf("%s: %d", query, res.StatusCode)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range 4 {
		res := post(ctx, "game=arena")
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Fatal(res.Status)
		}
	}
	c := r.record(t)
	if text := c.end(1); !strings.Contains(text, "4 others are recording already") {
		t.Error(text)
	}
	cancel()
	eventually(t, "the others have ended", func() bool {
		again, cancel := context.WithCancel(t.Context())
		defer cancel()
		res := post(again, "game=arena")
		return errors.Join(res.Body.Close()) == nil && res.StatusCode == http.StatusOK
	})
	c = r.record(t, "-wait", "50ms")
	if text := c.end(1); !strings.Contains(text, "no such call came within 50ms") {
		t.Error(text)
	}
	// One that waits does not hold the server up.
	waits := r.record(t, "-wait", "10m")
	stop, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	must(t, r.node.Stop(stop))
	waits.end(1)
}
