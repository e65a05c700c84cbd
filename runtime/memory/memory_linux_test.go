package memory_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/runtime/memory"
)

// asChild is the variable that makes the test's program the child of a test: it says
// when it is idle, and for every line that it reads takes 8 MiB.
const asChild = "MUSTER_TEST_GROWS"

func TestMain(m *testing.M) {
	if os.Getenv(asChild) == "" {
		goleak.VerifyTestMain(m)
	}
	if os.Getenv(asChild) == "limited" {
		if err := memory.LimitSelf(64 << 20); err != nil {
			fmt.Println(err)
			os.Exit(3)
		}
	}
	var kept [][]byte
	fmt.Println("idle")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		block := make([]byte, 8<<20)
		for i := range block {
			block[i] = 1
		}
		kept = append(kept, block)
		fmt.Println(len(kept))
	}
	os.Exit(0)
}

// child is a running one.
type child struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    *os.File
	lines *bufio.Scanner
}

func start(t *testing.T, how string) *child {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = []string{asChild + "=" + how, "GOTRACEBACK=none"}
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
	if raced {
		t.Skip("the race detector does not live with a limit")
	}
	for _, how := range []string{"limited", "free"} {
		t.Run(how, func(t *testing.T) {
			c := start(t, how)
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
	c := start(t, "free")
	pid := c.cmd.Process.Pid
	factor := 1
	if raced {
		factor = 4 // it uses as much more
	}
	ended := make(chan error, 100)
	w := memory.NewWatch(int64(factor)*32<<20, func(of int, why error) {
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
	for range 6 * factor {
		c.grow()
	}
	select {
	case why := <-ended:
		t.Log(why)
	case <-time.After(10 * time.Second):
		t.Error("it uses twice what it may, and goes on")
	}
}
