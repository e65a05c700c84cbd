package script_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dlclark/regexp2/v2"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
)

// containedDeadline is the deadline of the calls of TestContained; they end
// containedGrace after it, which other work on the computer may make more.
const (
	containedDeadline = 250 * time.Millisecond
	containedGrace    = 50 * time.Millisecond
	containedSlack    = time.Second
	// containedMemory is how much more than before the process may use meanwhile.
	containedMemory = 300 << 20
)

// childEnv makes the tests run in a process of their own, which a script may end.
const childEnv = "MUSTER_TEST_CONTAINED"

// TestContained holds that a script which never ends, or wants the memory of the whole
// server, is one failed call.
func TestContained(t *testing.T) {
	if os.Getenv(childEnv) == "" {
		inChild(t)
		return
	}
	limitChild(t)
	script.LimitRegexps()
	defer regexp2.StopTimeoutClock()
	for _, group := range []map[string]contained{endless, greedy, nested, searching, escaping, answering} {
		for name, test := range group {
			t.Run(name, func(t *testing.T) { test.run(t) })
		}
	}
}

// inChild runs the test once more, in a process with limits.
func inChild(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	args := []string{"-test.run=^" + t.Name() + "$", "-test.timeout=230s"}
	if testing.Verbose() {
		args = append(args, "-test.v")
	}
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), childEnv+"=1")
	out, err := cmd.CombinedOutput()
	if text := string(out); err != nil {
		t.Errorf("%v\n%s", err, text[:min(len(text), 200000)])
	} else if testing.Verbose() {
		t.Log(text)
	}
}

// contained is a script that must fail.
type contained struct {
	body string // of the function, which has the arguments ctx and p
	want string // a part of the error, or several of which one is enough: "a|b"
}

// The errors that most of them end with.
const (
	late    = "ran out of time"
	grown   = "memory of the process grew"
	tooMuch = "too much for a hook"
	either  = late + "|" + grown
)

func (c contained) run(t *testing.T) {
	v := load(t, "export const rpc = { f: (ctx, p) => {\n"+c.body+"\n}, fine: () => 'fine' };", func(o *script.Options) {
		o.Timeout = time.Minute
		o.Logger = zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{}), zapcore.AddSync(io.Discard), zap.DebugLevel))
	})
	before := used()
	peak := watchMemory()
	ctx, cancel := context.WithTimeout(context.Background(), containedDeadline)
	defer cancel()
	began := time.Now()
	answer, err := v.Impl().Rpc(ctx, &hook.RpcRequest{Name: "f", Player: &hook.Player{AccountId: "a1"}})
	took := time.Since(began)
	grew := int64(peak()) - int64(before)
	t.Logf("%v, %d MiB: %v", took.Round(time.Millisecond), grew>>20, err)
	switch {
	case err == nil:
		t.Errorf("it answered %.100v", answer)
	case !oneOf(err.Error(), c.want) && !(slow && strings.Contains(err.Error(), late)):
		t.Errorf("the error is %q, want %q", err, c.want)
	case strings.Contains(err.Error(), late) && !errors.Is(err, context.DeadlineExceeded):
		t.Errorf("%q is not that of the context", err)
	case !strings.Contains(err.Error(), "arena.ts:") && !c.placeless():
		t.Errorf("%q does not say where", err)
	}
	if took > containedDeadline+containedGrace+containedSlack {
		t.Errorf("it took %v", took)
	}
	if grew > containedMemory {
		t.Errorf("the process grew by %d MiB", grew>>20)
	}
	got, err := v.Impl().Rpc(context.Background(), &hook.RpcRequest{Name: "fine", Player: &hook.Player{AccountId: "a1"}})
	if err != nil || got.GetPayload().GetStringValue() != "fine" {
		t.Errorf("the next call answered %v, %v", got, err)
	}
	runtime.GC()
	if left := int64(used()) - int64(before); left > 64<<20 {
		t.Errorf("%d MiB are still used", left>>20)
	}
}

// placeless reports whether the error may have no place: it is about the answer, or
// the script was stopped between two steps of promises, where it stands nowhere.
func (c contained) placeless() bool {
	return strings.Contains(c.want, "answered") || strings.Contains(c.body, "await") || strings.Contains(c.body, "then")
}

func oneOf(text, parts string) bool {
	for part := range strings.SplitSeq(parts, "|") {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// used is what the objects of the process use.
func used() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// watchMemory looks at the memory until the function is called, which answers the most
// that was used.
func watchMemory() func() uint64 {
	var wg sync.WaitGroup
	done, most := make(chan struct{}), used()
	wg.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				most = max(most, used())
			case <-done:
				return
			}
		}
	})
	return func() uint64 {
		close(done)
		wg.Wait()
		return most
	}
}
