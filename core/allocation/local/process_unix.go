//go:build unix && !linux

package local

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// platform is what these systems need no more of.
type platform struct{}

// attributes put a process into a group of its own. Nothing here ends a child
// with its parent: the record does, at the next start.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func (p *process) adopt() (err error) {
	p.begun, err = beginning(p.pid)
	return err
}

func (p *process) awaitExit() exit {
	_ = p.cmd.Wait()
	ws, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if ok && ws.Signaled() {
		return exit{signal: int(ws.Signal())}
	}
	return exit{status: p.cmd.ProcessState.ExitCode()}
}

func (p *process) signal(hard bool) {
	sig := syscall.SIGTERM
	if hard {
		sig = syscall.SIGKILL
	}
	_ = syscall.Kill(-p.pid, sig) // gone already is fine
}

func (p *process) othersAlive() bool { return syscall.Kill(-p.pid, 0) == nil }

func (p *process) reap() {}

// beginning is the start time of a process as ps prints it.
func beginning(pid int) (string, error) {
	out, err := exec.Command("ps", "-o", "lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(string(out))
	if text == "" {
		return "", errors.New("ps does not know the process")
	}
	return text, nil
}

func runs(pid int, begun string) bool {
	now, err := beginning(pid)
	return err == nil && now == begun
}

// leftoverRuns knows a recorded server by the pid and start time of its first
// process. What is left of its group after that one is not looked for.
func leftoverRuns(r record) bool { return runs(r.PID, r.Begun) }

func leftoverGone(r record) bool { return !leftoverRuns(r) }

func signalLeftover(r record, hard bool) {
	sig := syscall.SIGTERM
	if hard {
		sig = syscall.SIGKILL
	}
	_ = syscall.Kill(-r.PID, sig)
}

func systemEnvironment(map[string]string) {}

// processGroups is not known here.
func processGroups() map[int][]int { return nil }
