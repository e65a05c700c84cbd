//go:build linux

package worker_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/worker"
)

// TestLines holds that what a script logs reaches the server's log as it does from a
// script in the server.
func TestLines(t *testing.T) {
	core, kept := observer.New(zap.DebugLevel)
	said := make(chan struct{}, 100)
	log := zap.New(core, zap.Hooks(func(zapcore.Entry) error { said <- struct{}{}; return nil }))
	w := start(t, `console.log("loaded");
export const rpc = { echo: (ctx: any, payload: any) => {
  ctx.log.warn("low on seats", { left: 2, map: { name: "dust" } });
  ctx.log.info("long", { text: "x".repeat(50000) });
  return payload;
} };`, func(o *worker.Options) { o.Logger = log })
	if _, err := ask(t.Context(), w, "echo", ""); err != nil {
		t.Fatal(err)
	}
	late := time.After(10 * time.Second)
	for kept.FilterMessage("long").Len() == 0 {
		select {
		case <-said:
		case <-late:
			t.Fatalf("%v", kept.All())
		}
	}
	if n := kept.FilterMessage("loaded").Len(); n != 1 {
		t.Errorf("what the script says when it is loaded was logged %d times", n)
	}
	line := kept.FilterMessage("low on seats").All()[0]
	fields := line.ContextMap()
	if line.Level != zap.WarnLevel || fields["game"] != "arena" || fields["hook"] != "arena" || fields["point"] != "rpc" || fields["at"] != "arena.ts:3:11" {
		t.Errorf("%v %v", line.Level, fields)
	}
	if given, _ := fields["fields"].(map[string]any); given["left"] != 2.0 {
		t.Errorf("%#v", fields["fields"])
	}
	if got := kept.FilterMessage("long").All()[0].ContextMap()["fields"]; got != "too long" {
		t.Errorf("%.100v", got)
	}
}

// TestMistakes holds that a script that cannot be used is refused as by package
// script, and that nothing is left running.
func TestMistakes(t *testing.T) {
	for name, source := range map[string]string{
		"syntax": "export const rpc = {", "no export": "const x = 1;", "throws": "throw new Error('no'); export const rpc = {};",
		"endless": "while (true) {} export const rpc = {};",
	} {
		entry := write(t, source)
		w, err := worker.Start(t.Context(), worker.Options{Game: "arena", Entry: entry})
		if err == nil {
			_ = w.Close(context.Background())
			t.Fatalf("%s: it was started", name)
		}
		_, want := script.Load(t.Context(), script.Options{Game: "arena", Entry: entry})
		if want == nil || err.Error() != want.Error() {
			t.Errorf("%s: got\n%v\nwant\n%v", name, err, want)
		}
	}
}

func TestFetch(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "pong") }))
	defer server.Close()
	const source = `export const rpc = { get: async (ctx: any, url: string) => (await ctx.fetch(url)).text() };`
	w := start(t, source, func(o *worker.Options) { o.Allow = []string{strings.TrimPrefix(server.URL, "http://")} })
	if got, err := ask(t.Context(), w, "get", server.URL); got != "pong" || err != nil {
		t.Errorf("%q %v", got, err)
	}
	if _, err := ask(t.Context(), w, "get", "http://127.0.0.1:1/"); err == nil {
		t.Error("an address that is not allowed was asked")
	}
}

// TestCallersWhoGo holds that a call ends with its caller, and its process goes on.
func TestCallersWhoGo(t *testing.T) {
	w := start(t, hostile, func(o *worker.Options) { o.Timeout = time.Minute })
	pid := w.Status().PID
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, nil)
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := ask(ctx, w, "loop", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if got, err := ask(t.Context(), w, "echo", "hello"); got != "hello" || err != nil || w.Status().PID != pid {
		t.Errorf("%q %v", got, err)
	}
}

// TestNothingStays holds that closing leaves no process, spare or not.
func TestNothingStays(t *testing.T) {
	w, err := worker.Start(t.Context(), worker.Options{Game: "arena", Entry: write(t, hostile)})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(t.Context()); err != nil {
		t.Error(err)
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads {
		left, err := os.ReadFile("/proc/self/task/" + thread.Name() + "/children")
		if err == nil && len(left) > 0 {
			t.Errorf("left: %s", left)
		}
	}
}
