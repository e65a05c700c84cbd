package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

// drain is how long an ended child's output is still read: a stranger may hold the
// other end.
const drain = time.Second

// errLate is the cause of the end of a context whose child takes too long.
var errLate = errors.New("the child takes too long")

// child is one process.
type child struct {
	cmd     *exec.Cmd
	in, out *os.File // our ends
	printed head

	mu     sync.Mutex
	reaped bool
}

// run has a child do its work, and waits for the end of both. The error is ctx's, an
// *Ended, or says why there is no child.
func (s *Sandbox) run(ctx context.Context, l Limits, work request) (*answer, error) {
	// The kernel ends the child with the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c, err := s.start(l)
	if err != nil {
		return nil, fmt.Errorf("a process of this program cannot be started: %w", err)
	}
	late, cancel := context.WithTimeoutCause(ctx, l.Time, errLate)
	defer cancel()
	killed := make(chan struct{})
	stop := context.AfterFunc(late, func() {
		defer close(killed)
		c.kill()
	})
	a, err := c.ask(work)
	if !stop() {
		<-killed
	}
	c.kill()
	c.wait()
	switch {
	case err == nil:
		return a, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(context.Cause(late), errLate):
		return nil, &Ended{By: Time, Open: a.open(), limits: l}
	}
	return nil, c.ended(err, a, l)
}

// start starts a process that waits for its work.
func (s *Sandbox) start(l Limits) (*child, error) {
	if os.Getenv(envCookie) == cookie {
		return nil, errors.New("it is one already")
	}
	path, err := s.program()
	if err != nil {
		return nil, err
	}
	in, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	c := &child{in: ours}
	out, theirs, err := os.Pipe()
	if err != nil {
		ours.Close()
		return nil, err
	}
	defer theirs.Close()
	c.out = out
	c.cmd = &exec.Cmd{
		Path: path, Args: append([]string{"muster"}, s.args...), Env: environment(l), SysProcAttr: attributes(),
		Stdin: in, Stdout: theirs, Stderr: &c.printed, WaitDelay: drain,
	}
	if err := c.cmd.Start(); err != nil {
		ours.Close()
		out.Close()
		return nil, err
	}
	return c, nil
}

// environment is all that a child gets. The collector works harder before the
// kernel's limit is reached, and half of the processors are left to the server.
func environment(l Limits) []string {
	env := []string{
		"GOMAXPROCS=" + strconv.Itoa(max(1, runtime.GOMAXPROCS(0)/2)),
		envCookie + "=" + cookie, envMemory + "=" + strconv.FormatInt(l.Memory, 10),
		"GOMEMLIMIT=" + strconv.FormatInt(l.Memory/4*3, 10), "GOGC=400", "GOTRACEBACK=none",
	}
	if runtime.GOOS == "windows" { // no program starts without
		env = append(env, "SystemRoot="+os.Getenv("SystemRoot"))
	}
	return env
}

// ask gives the child its work and reads what it answers. Its input stays open: at
// its end the child would end too.
func (c *child) ask(work request) (*answer, error) {
	if err := json.NewEncoder(c.in).Encode(work); err != nil {
		return newAnswer(), io.ErrUnexpectedEOF // it has ended
	}
	return read(c.out)
}

// read reads an answer. With an error it is not whole.
func read(out io.Reader) (*answer, error) {
	a, limited := newAnswer(), &io.LimitedReader{R: out, N: maxAnswer}
	for d := json.NewDecoder(limited); a.last == nil; {
		var m message
		err := d.Decode(&m)
		if err == nil {
			err = a.add(m)
		}
		switch {
		case limited.N <= 0 && err != nil:
			return a, errFlood
		case err != nil:
			return a, err
		}
	}
	return a, nil
}

// kill ends the process and those that it has started. It may be called at any time.
func (c *child) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.reaped {
		killGroup(c.cmd.Process.Pid)
		_ = c.cmd.Process.Kill()
	}
	_ = c.in.SetWriteDeadline(time.Now())
	_ = c.out.SetReadDeadline(time.Now().Add(drain))
}

// wait reaps the process, which has been killed.
func (c *child) wait() {
	awaitExit(c.cmd.Process.Pid)
	c.mu.Lock()
	killGroup(c.cmd.Process.Pid) // the pid is still nobody else's
	c.reaped = true
	c.mu.Unlock()
	_ = c.cmd.Wait()
	c.in.Close()
	c.out.Close()
}

// head keeps the beginning of what is written to it.
type head struct {
	mu   sync.Mutex
	text strings.Builder
}

// maxPrinted is how much of what a child prints is kept.
const maxPrinted = 8 << 10

func (h *head) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text.Write(p[:min(len(p), maxPrinted-h.text.Len())])
	return len(p), nil
}

func (h *head) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.ToValidUTF8(h.text.String(), "\uFFFD")
}
