package local

import (
	"fmt"
	"os/exec"
	"time"
)

// exit says how the first process of a group ended.
type exit struct {
	status int
	signal int // 0: it exited by itself
}

func (e exit) clean() bool { return e.status == 0 && e.signal == 0 }

func (e exit) String() string {
	if e.signal != 0 {
		return fmt.Sprintf("killed by signal %d", e.signal)
	}
	return fmt.Sprintf("exit status %d", e.status)
}

// process is a started command with all its children: one process group.
type process struct {
	pid int
	// begun is the start time as the system gives it: with the pid it names the
	// process for good, where the pid alone may be another's later.
	begun string
	// exited is closed when the first process has ended; exit stands then.
	exited chan struct{}
	exit   exit

	cmd *exec.Cmd
	//lint:ignore U1000 Windows keeps the group's job here; elsewhere it is empty
	platform platform
}

// pollGroup is how often we look if a group whose first process ended is empty.
const pollGroup = 20 * time.Millisecond

// fork starts the command and watches it. The watching goroutine ends with the
// process; end waits for it.
func fork(cmd *exec.Cmd) (*process, error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{pid: cmd.Process.Pid, cmd: cmd, exited: make(chan struct{})}
	if err := p.adopt(); err != nil {
		p.signal(true)
		_ = cmd.Wait()
		return nil, err
	}
	go func() {
		defer close(p.exited)
		p.exit = p.awaitExit()
	}()
	return p, nil
}

// end ends the whole group: asks it to, waits for the grace or for hurry, kills
// what is left, and waits. A grace of 0 kills at once. It must be called once,
// also when the first process has ended already.
func (p *process) end(grace time.Duration, hurry <-chan struct{}) {
	if grace > 0 && p.alive() {
		p.signal(false)
		p.awaitGroup(grace, hurry)
	}
	p.signal(true)
	<-p.exited
	p.reap()
}

func (p *process) awaitGroup(grace time.Duration, hurry <-chan struct{}) {
	limit := time.NewTimer(grace)
	defer limit.Stop()
	select {
	case <-p.exited:
	case <-limit.C:
		return
	case <-hurry:
		return
	}
	poll := time.NewTicker(pollGroup)
	defer poll.Stop()
	for p.othersAlive() {
		select {
		case <-poll.C:
		case <-limit.C:
			return
		case <-hurry:
			return
		}
	}
}

// alive reports whether any process of the group runs.
func (p *process) alive() bool {
	select {
	case <-p.exited:
		return p.othersAlive()
	default:
		return true
	}
}
