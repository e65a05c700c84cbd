package local

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// platform holds the job object that the process and its children are in. It
// ends them all when its last handle is closed, by us or by our death.
type platform struct{ job windows.Handle }

func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

func (p *process) adopt() (err error) {
	if p.begun, err = beginning(p.pid); err != nil {
		return err
	}
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return err
	}
	var limits windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION
	limits.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	_, err = windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits)))
	if err == nil {
		err = assign(job, p.pid)
	}
	if err != nil {
		windows.CloseHandle(job)
		return err
	}
	p.platform.job = job
	return nil
}

func assign(job windows.Handle, pid int) error {
	h, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE, false, uint32(pid))
	if err != nil {
		return err
	}
	defer windows.CloseHandle(h)
	return windows.AssignProcessToJobObject(job, h)
}

func (p *process) awaitExit() exit {
	_ = p.cmd.Wait()
	return exit{status: p.cmd.ProcessState.ExitCode()}
}

// signal asks with Ctrl-Break, which reaches the console's process group.
func (p *process) signal(hard bool) {
	switch {
	case !hard:
		_ = windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(p.pid))
	case p.platform.job != 0:
		_ = windows.TerminateJobObject(p.platform.job, 1)
	default:
		_ = p.cmd.Process.Kill()
	}
}

// othersAlive is false: the job ends what the first process leaves.
func (p *process) othersAlive() bool { return false }

func (p *process) reap() { windows.CloseHandle(p.platform.job) }

func beginning(pid int) (string, error) {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		return "", err
	}
	defer windows.CloseHandle(h)
	var created, exited, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(h, &created, &exited, &kernel, &user); err != nil {
		return "", err
	}
	if exited.HighDateTime != 0 || exited.LowDateTime != 0 {
		return "", fmt.Errorf("process %d has ended", pid)
	}
	return fmt.Sprint(created.Nanoseconds()), nil
}

func runs(pid int, begun string) bool {
	now, err := beginning(pid)
	return err == nil && now == begun
}

func leftoverRuns(r record) bool { return runs(r.PID, r.Begun) }

func leftoverGone(r record) bool { return !leftoverRuns(r) }

func signalLeftover(r record, hard bool) {
	if p, err := os.FindProcess(r.PID); hard && err == nil {
		_ = p.Kill()
		_ = p.Release()
	}
}

// systemEnvironment adds what no program starts without.
func systemEnvironment(env map[string]string) {
	env["SystemRoot"] = os.Getenv("SystemRoot")
}

// processGroups is not known here.
func processGroups() map[int][]int { return nil }
