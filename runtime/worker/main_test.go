//go:build linux

package worker_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/runtime/worker"
	"github.com/muster-gg/muster/sdk/hook"
)

// TestMain is the tests, and the workers that they start.
func TestMain(m *testing.M) {
	if worker.Started() {
		if err := failWhenAsked(); err != nil {
			panic(err)
		}
		worker.Serve()
	}
	goleak.VerifyTestMain(m)
}

// Lines of the log after which a worker of these tests crashes or hangs, as its engine
// may under the call that wrote it, whatever a script can still make that do.
const (
	crashLine = "crash now"
	hangLine  = "hang now"
)

func failWhenAsked() error {
	lines, to, err := os.Pipe()
	if err != nil {
		return err
	}
	real := os.Stderr
	os.Stderr = to
	go func() { // as long as the process
		for s := bufio.NewScanner(lines); s.Scan(); {
			switch line := s.Text(); {
			case strings.Contains(line, crashLine):
				os.Stderr = real
				panic("a crash of the engine")
			case strings.Contains(line, hangLine):
				_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
			default:
				fmt.Fprintln(real, line)
			}
		}
	}()
	return nil
}

// write puts a script into a folder of its own.
func write(t testing.TB, source string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "arena.ts")
	if err := os.WriteFile(path, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// start starts a worker that is closed at the test's end.
func start(t testing.TB, source string, options ...func(*worker.Options)) *worker.Worker {
	t.Helper()
	o := worker.Options{Game: "arena", Entry: write(t, source), Timeout: 2 * time.Second}
	for _, option := range options {
		option(&o)
	}
	w, err := worker.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := w.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return w
}

// ask calls an rpc of the script with a text.
func ask(ctx context.Context, w *worker.Worker, name, text string) (string, error) {
	r, err := w.Impl().Rpc(ctx, &hook.RpcRequest{Name: name, Payload: structpb.NewStringValue(text)})
	return r.GetPayload().GetStringValue(), err
}
