package memory_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/runtime/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// program builds the one that grows. It goes without the race detector, which takes
// memory of its own for all that is used, and hangs where it gets none.
func program(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "grows")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-race=false", "-o", path, "./testdata/grows").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// child is a running one.
type child struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    *os.File
	lines *bufio.Scanner
}

func start(t *testing.T, program, how string) *child {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, program, how)
	cmd.Env = []string{"GOTRACEBACK=none"}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = read
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, cmd: cmd, in: write, lines: bufio.NewScanner(out)}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = read.Close()
		_ = write.Close()
	})
	if !c.lines.Scan() || c.lines.Text() != "idle" {
		t.Fatalf("%q", c.lines.Text())
	}
	return c
}

// grow asks for 8 MiB more; false: the child is dead.
func (c *child) grow() bool {
	_, err := fmt.Fprintln(c.in)
	return err == nil && c.lines.Scan()
}

// TestLimit holds that the kernel keeps the bound, set by the process itself or by
// another.
func TestLimit(t *testing.T) {
	grows := program(t)
	for _, how := range []string{"limited", "free"} {
		t.Run(how, func(t *testing.T) {
			c := start(t, grows, how)
			if how == "free" {
				if err := memory.Limit(c.cmd.Process.Pid, 64<<20); err != nil {
					t.Fatal(err)
				}
			}
			grown := 0
			for ; grown < 40 && c.grow(); grown++ {
			}
			// 64 MiB, and an arena of as much.
			if grown < 5 || grown > 17 {
				t.Errorf("it grew by %d MiB", 8*grown)
			}
		})
	}
}

// TestWatch holds that a process is ended that uses too much while it serves, and
// that one is left alone that used less, or serves nothing.
func TestWatch(t *testing.T) {
	c := start(t, program(t), "free")
	pid := c.cmd.Process.Pid
	ended := make(chan error, 100)
	w := memory.NewWatch(32<<20, func(of int, why error) {
		if of != pid {
			why = fmt.Errorf("process %d: %w", of, why)
		}
		ended <- why
	})
	go w.Run()
	defer w.Close()
	w.Follow(pid)
	for range 2 {
		c.grow()
	}
	w.Begin()
	defer w.Finish(false)
	looks := time.NewTimer(200 * time.Millisecond)
	select {
	case why := <-ended:
		t.Fatalf("half of what it may: %v", why)
	case <-looks.C:
	}
	for range 6 {
		c.grow()
	}
	select {
	case why := <-ended:
		t.Log(why)
	case <-time.After(10 * time.Second):
		t.Error("it uses twice what it may, and goes on")
	}
}
