package process

import (
	"context"
	"io"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin/runner"
)

// drain is how long what a dead plugin printed is still read: a stranger may hold
// the other end.
const drain = time.Second

// child is one process of a plugin. go-plugin runs it as its runner; it sees of
// its output the handshake alone.
type child struct {
	cmd *exec.Cmd
	out *output

	stdin *os.File // our end; it is never written to
	// exited is closed when the process is reaped and its output read; state is set
	// before.
	exited chan struct{}
	state  *os.ProcessState

	mu     sync.Mutex
	pid    int // 0: not started
	killed bool
	reaped bool
}

var _ runner.Runner = (*child)(nil)

// newChild prepares the process of o, whose environment is still to be set.
func newChild(o Options, b *binary, path string, out *output) *child {
	cmd := &exec.Cmd{Path: path, Args: append([]string{b.name}, o.Command[1:]...), Dir: o.Dir, SysProcAttr: attributes()}
	return &child{cmd: cmd, out: out, exited: make(chan struct{})}
}

// environment is all that the process gets. handshake are the variables that
// go-plugin wants it to have.
func environment(o Options, handshake []string) []string {
	env := []string{"TMPDIR=" + os.TempDir()}
	if runtime.GOOS == "windows" { // no program starts without
		env = append(env, "SystemRoot="+os.Getenv("SystemRoot"))
	}
	for _, name := range slices.Sorted(maps.Keys(o.Env)) {
		env = append(env, name+"="+o.Env[name])
	}
	return append(env, handshake...)
}

// Start forks. The thread that does lives until the process has ended: the kernel
// ends the process when that thread goes.
func (c *child) Start(context.Context) error {
	in, stdin, err := os.Pipe()
	if err != nil {
		return err
	}
	defer in.Close()
	outs, err := c.out.open()
	if err != nil {
		stdin.Close()
		return err
	}
	c.stdin, c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = stdin, in, outs[0], outs[1]
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		if err == nil {
			c.mu.Lock()
			c.pid = c.cmd.Process.Pid
			killed := c.killed
			c.mu.Unlock()
			if killed {
				c.kill()
			}
		}
		started <- err
		if err == nil {
			c.wait()
		}
	}()
	err = <-started
	outs[0].Close()
	outs[1].Close()
	if err != nil {
		stdin.Close()
		c.out.close(0)
	}
	return err
}

// wait reaps the process, after what is left of its group was ended.
func (c *child) wait() {
	defer close(c.exited)
	awaitExit(c.pid)
	c.mu.Lock()
	killGroup(c.pid)
	c.reaped = true
	c.mu.Unlock()
	_ = c.cmd.Wait()
	c.state = c.cmd.ProcessState
	c.stdin.Close()
	c.out.close(drain)
}

// kill ends the process at once, also one that is about to start. It returns
// before the process has ended.
func (c *child) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.killed = true
	if c.pid != 0 && !c.reaped {
		killGroup(c.pid)
		_ = c.cmd.Process.Kill()
	}
}

// Kill is kill.
func (c *child) Kill(context.Context) error {
	c.kill()
	return nil
}

// Wait waits until the process has ended.
func (c *child) Wait(context.Context) error {
	<-c.exited
	return nil
}

// ID is the process id; empty before the start.
func (c *child) ID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pid == 0 {
		return ""
	}
	return strconv.Itoa(c.pid)
}

// Name is the program's.
func (c *child) Name() string { return c.cmd.Args[0] }

// Diagnose has nothing to add: start says what was printed.
func (c *child) Diagnose(context.Context) string { return "" }

// Stdout gives the line of the handshake.
func (c *child) Stdout() io.ReadCloser { return c.out.handshake }

// Stderr is empty: its lines are logged by us.
func (c *child) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// PluginToHost changes nothing.
func (c *child) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin changes nothing.
func (c *child) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
