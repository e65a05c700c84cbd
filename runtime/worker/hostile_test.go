//go:build linux

package worker_test

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/muster-gg/muster/runtime/process"
	"github.com/muster-gg/muster/runtime/worker"
)

// hostile are functions that no engine in the server's own process contains, or that
// are meant to look like it.
const hostile = `
const kept: any[] = [];
const endless: any = { [Symbol.iterator]: () => ({ next: Object }) };
export const rpc = {
  echo: (ctx: any, payload: any) => payload,
  loop: () => { for (;;) {} },
  finally: () => { for (;;) { try { for (;;) {} } finally { continue; } } },
  promises: async () => { for (;;) await null; },
  natives: () => [...endless],
  set: () => new Set(endless).size,
  call: () => Math.max(...endless),
  exec: () => { const re: any = /a/g; re.exec = () => ({}); return re[Symbol.replace]('a', ''); },
  objects: () => { for (;;) kept.push({ a: [1, 2, 3] }); },
  arrays: () => { for (;;) kept.push(new Uint8Array(1 << 20)); },
  strings: () => { let s = 'x'; for (;;) { s += s; kept.push(s.toUpperCase()); } },
  nested: () => JSON.parse('['.repeat(3e6)),
  deep: () => { let a: any = []; for (let i = 0; i < 2e6; i++) a = [a]; return String(a) + JSON.stringify(a); },
};
`

// TestHostileScripts holds that whatever a call does it ends by its deadline plus
// the grace, and that the next one is served.
func TestHostileScripts(t *testing.T) {
	const timeout = 250 * time.Millisecond
	w := start(t, hostile, func(o *worker.Options) {
		o.Timeout = timeout
		// Each of them may end the process: the budget is not what is tested here.
		o.Timing = process.Timing{Budget: 1000, CrashWindow: time.Nanosecond}
	})
	for _, name := range []string{
		"loop", "finally", "promises", "natives", "set", "call", "exec", "objects", "arrays", "strings", "nested", "deep",
	} {
		t.Run(name, func(t *testing.T) {
			pid, began := w.Status().PID, time.Now()
			_, err := ask(t.Context(), w, name, "")
			took := time.Since(began)
			if err == nil {
				t.Fatal("it succeeded")
			}
			if took > timeout+worker.Grace+100*time.Millisecond {
				t.Errorf("it took %s", took)
			}
			began = time.Now()
			if got, err := ask(t.Context(), w, "echo", "hello"); got != "hello" || err != nil {
				t.Errorf("the next call: %q %v", got, err)
			}
			t.Logf("%s: %.150v; the next after %s; new process %t", took.Round(time.Millisecond), err, time.Since(began).Round(time.Millisecond), pid != w.Status().PID)
		})
	}
}

// TestDeadlinesAreNoCrashes holds that the budget of crashes is left alone by calls
// that hit their deadline, which end the process.
func TestDeadlinesAreNoCrashes(t *testing.T) {
	w := start(t, shared, func(o *worker.Options) {
		o.Timeout = 300 * time.Millisecond
		o.Timing = process.Timing{Budget: 2, FirstWait: time.Hour, MostWait: time.Hour}
	})
	for tries := 0; w.Status().Restarts < 5; tries++ {
		if tries == 50 { // on a busy machine a call may run out of time before the script runs
			t.Fatal("the process is not ended")
		}
		if _, err := ask(t.Context(), w, "hang", ""); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%v", err)
		}
		if got, err := ask(t.Context(), w, "echo", "hello"); got != "hello" || err != nil {
			t.Fatalf("%q %v", got, err)
		}
	}
	if s := w.Status(); s.State != process.Running || s.Restarts != 5 || !strings.Contains(s.LastError, "50ms after its deadline") {
		t.Errorf("%+v", s)
	}
}

// TestDeathOfAWorker holds that a call fails with its process, and the next one is
// served by the spare.
func TestDeathOfAWorker(t *testing.T) {
	w := start(t, hostile)
	ended := make(chan error, 1)
	go func() {
		_, err := ask(context.Background(), w, "loop", "")
		ended <- err
	}()
	pid := w.Status().PID
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Error("a call of a dead process succeeded")
	}
	if got, err := ask(t.Context(), w, "echo", "hello"); got != "hello" || err != nil {
		t.Errorf("%q %v", got, err)
	}
}
