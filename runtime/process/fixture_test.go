//go:build linux

package process

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
)

// options run this test's program as a plugin of that mode.
func options(t testing.TB, mode string, settings map[string]any) Options {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Name: "tested", Command: []string{exe, "-an-argument"}, Env: map[string]string{"TEST_CHILD": mode}, Development: true,
		Configure: func([]*pluginpb.Setting) (*structpb.Struct, error) { return structpb.NewStruct(settings) },
	}
}

// begin starts a plugin that is closed at the test's end.
func begin(t testing.TB, o Options) *Process {
	t.Helper()
	p, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

// ask calls an rpc of the plugin.
func ask(ctx context.Context, p *Process, name, text string) (string, error) {
	r, err := p.Impl().Rpc(ctx, &hook.RpcRequest{Name: name, Payload: structpb.NewStringValue(text)})
	return r.GetPayload().GetStringValue(), err
}

// wants fails unless err's text has every part.
func wants(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
}

// watcher follows the status of a process.
type watcher struct {
	mu   sync.Mutex
	seen []Status
	more chan struct{}
}

func watch(o *Options) *watcher {
	w := &watcher{more: make(chan struct{}, 1)}
	o.Changed = func(s Status) {
		w.mu.Lock()
		w.seen = append(w.seen, s)
		w.mu.Unlock()
		select {
		case w.more <- struct{}{}:
		default:
		}
	}
	return w
}

// until waits for a status, and returns the first that is so.
func (w *watcher) until(t testing.TB, what string, is func(Status) bool) Status {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		w.mu.Lock()
		at := slices.IndexFunc(w.seen, is)
		if at >= 0 {
			s := w.seen[at]
			w.mu.Unlock()
			return s
		}
		w.mu.Unlock()
		select {
		case <-w.more:
		case <-late:
			t.Fatalf("never %s: %+v", what, w.seen)
		}
	}
}

func (w *watcher) restarted(t testing.TB, times int) Status {
	t.Helper()
	return w.until(t, "restarted", func(s Status) bool { return s.State == Running && s.Restarts == times })
}

// logged makes the logger of o one whose lines can be waited for.
func logged(o *Options) *lines {
	core, kept := observer.New(zap.DebugLevel)
	l := &lines{kept: kept, more: make(chan struct{}, 1)}
	o.Logger = zap.New(core, zap.Hooks(func(zapcore.Entry) error {
		select {
		case l.more <- struct{}{}:
		default:
		}
		return nil
	}))
	return l
}

type lines struct {
	kept *observer.ObservedLogs
	more chan struct{}
}

func (l *lines) until(t testing.TB, message string) observer.LoggedEntry {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		for _, e := range l.kept.All() {
			if strings.HasPrefix(e.Message, message) {
				return e
			}
		}
		select {
		case <-l.more:
		case <-late:
			t.Fatalf("%q was not logged: %v", message, l.kept.All())
		}
	}
}

// alive says whether there is a process that is no zombie.
func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return rest == "" || rest[0] != 'Z' && rest[0] != 'X'
}

// gone waits until there is no such process.
func gone(t testing.TB, pid int) {
	t.Helper()
	late := time.After(10 * time.Second)
	for tick := time.NewTicker(5 * time.Millisecond); alive(pid); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("process %d still runs", pid)
		}
	}
}

func kill9(t testing.TB, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// children lists the processes that this one started.
func children(t testing.TB) []string {
	t.Helper()
	out, err := exec.Command("ps", "-o", "pid=,args=", "--ppid", itoa(os.Getpid())).Output()
	if err != nil && len(out) > 0 {
		t.Fatal(err)
	}
	return slices.DeleteFunc(strings.Split(strings.TrimSpace(string(out)), "\n"), func(line string) bool {
		return line == "" || strings.Contains(line, "ps -o")
	})
}

func env(o Options, extra map[string]string) Options {
	o.Env = maps.Clone(o.Env)
	maps.Copy(o.Env, extra)
	return o
}

// lockedAndGone ends a thread: that of a goroutine which ends while it is locked to it.
func lockedAndGone() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
	}()
	<-done
}
