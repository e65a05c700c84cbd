//go:build linux

package worker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/replay"
	"github.com/muster-gg/muster/runtime/worker"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/hooktest"
)

// keeper wants calls recorded while it is on.
type keeper struct {
	on   atomic.Bool
	mu   sync.Mutex
	kept []*script.Recording
}

func (k *keeper) Wants(context.Context, hook.Point, string) func(*script.Recording) {
	if !k.on.Load() {
		return nil
	}
	return func(r *script.Recording) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.kept = append(k.kept, r)
	}
}

// last is the newest recording, as it is read from a file.
func (k *keeper) last(t *testing.T) *script.Recording {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.kept) == 0 || k.kept[len(k.kept)-1] == nil {
		t.Fatal("nothing was recorded")
	}
	data, err := k.kept[len(k.kept)-1].Encode()
	if err != nil {
		t.Fatal(err)
	}
	r, err := replay.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return r
}

const recorded = `
const salt = Math.random();
let calls = 0;
export const rpc = {
  all: async (ctx: any, url: any) => {
    const order: any[] = [];
    const got = await Promise.all([
      ctx.fetch(url).then((r: any) => r.json()), ctx.storage.update("n", (n: any) => (n ?? 0) + 1), ctx.notify("a1", "hello", ctx.now()),
      new Promise((done) => setTimeout(() => { order.push("timer", Date.now()); done(ctx.random()); }, 2)),
      ctx.storage.set("n", 1, { version: 999 }).catch((e: any) => e.code),
    ].map((p: any, i) => p.then((v: any) => { order.push(i); return v; })));
    console.log("called", ++calls);
    return { got, order, salt, calls };
  },
  refuse: (ctx: any) => ctx.refuse("no", { a1: "you" }),
  fail: (ctx: any, payload: any) => payload.x.y,
  loop: () => { for (;;); },
  die: async (ctx: any, payload: any) => { await ctx.notify("a1", "die"); return payload; },
};
`

// TestRecordings holds that calls in a worker are recorded as calls in the server
// are, that their replay is the same, and that no file is left.
func TestRecordings(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, asked.Add(1)) }))
	defer server.Close()
	k := &keeper{}
	var entry string
	w := start(t, recorded, func(o *worker.Options) {
		o.Allow = []string{strings.TrimPrefix(server.URL, "http://")}
		o.Platform, o.Recorder, entry = hooktest.NewHost("a1"), k, o.Entry
	})
	if _, err := ask(t.Context(), w, "all", server.URL); err != nil { // not recorded
		t.Fatal(err)
	}
	k.on.Store(true)
	for name, how := range map[string]script.FailedKind{"all": "", "refuse": script.FailedRefusal, "fail": script.FailedError, "loop": script.FailedTimeout} {
		answer, err := w.Impl().Rpc(t.Context(), &hook.RpcRequest{Game: "arena", Name: name, Payload: structpb.NewStringValue(server.URL)})
		r := k.last(t)
		if name == "loop" && r.Incomplete != "" {
			t.Log("the process came too late on this machine, and was ended:", r.Incomplete)
			continue
		}
		switch {
		case (err == nil) != (how == "") || r.Failed != nil && r.Failed.Kind != how:
			t.Fatalf("%s: %v, recorded as %+v", name, err, r.Failed)
		case r.Game != "arena" || r.Hook != "arena" || r.Entry != "arena.ts" || r.Version != w.Hash() || r.Point != hook.PointRpc || r.Rpc != name || r.Incomplete != "":
			t.Errorf("%+v", r)
		case name == "all" && answer.GetPayload().GetStructValue().GetFields()["calls"].GetNumberValue() != 1:
			t.Errorf("a recorded call came to a machine that has served: %v", answer)
		case name == "all" && (len(r.Log) != 1 || r.Log[0].Text != "called 1"):
			t.Errorf("%+v", r.Log)
		case name == "fail" && (r.Failed.At != "arena.ts:16:47" || strings.Contains(r.Failed.Text, "arena.ts")):
			t.Errorf("%+v", r.Failed)
		}
		for range 20 {
			result, err := replay.Run(t.Context(), r, entry)
			if err != nil {
				t.Fatal(err)
			}
			if !result.Same {
				t.Fatalf("%s: %q", name, result.Differences)
			}
			if name == "loop" {
				break // it takes as long as the call
			}
		}
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "muster-recording-*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// deadly is a platform on which a notice ends the script's process.
type deadly struct {
	*hooktest.Host
	end func()
}

func (d *deadly) Notify(ctx context.Context, _, _ string, _ json.RawMessage) error {
	d.end()
	<-ctx.Done()
	return ctx.Err()
}

// TestRecordingOfCrash holds that a call is recorded that ends its process, without
// what happened in between.
func TestRecordingOfCrash(t *testing.T) {
	k := &keeper{}
	k.on.Store(true)
	d := &deadly{Host: hooktest.NewHost("a1")}
	w := start(t, recorded, func(o *worker.Options) { o.Platform, o.Recorder = d, k })
	d.end = func() {
		if err := syscall.Kill(w.Status().PID, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
	_, err := ask(t.Context(), w, "die", "x")
	r := k.last(t)
	if err == nil || r.Failed == nil || r.Rpc != "die" || !strings.Contains(string(r.Request), `"x"`) || r.Tape != nil ||
		r.Incomplete != "the script's process did not come to tell what the call got" {
		t.Errorf("%v, recorded as %+v", err, r)
	}
	if _, err := replay.Run(t.Context(), r, write(t, recorded)); err == nil || !strings.Contains(err.Error(), "cannot be repeated") {
		t.Error(err)
	}
}
