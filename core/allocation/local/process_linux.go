package local

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// platform is what Linux needs no more of.
//
//lint:ignore U1000 see process.go
type platform struct{}

// attributes put a process into a group of its own and end it with us.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func (p *process) adopt() (err error) {
	p.begun, err = beginning(p.pid)
	return err
}

// childInfo is siginfo_t as waitid fills it (signal.h; the union is aligned to a
// word).
type childInfo struct {
	_, _, code int32
	child      struct {
		_      [0]uintptr
		_      int32
		_      uint32
		status int32
	}
}

// awaitExit waits for the first process without reaping it: as a zombie it holds
// its pid, so that the group can be signalled and nobody else is hit.
func (p *process) awaitExit() exit {
	var info unix.Siginfo
	for {
		err := unix.Waitid(unix.P_PID, p.pid, &info, unix.WEXITED|unix.WNOWAIT, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return exit{status: -1}
		}
		break
	}
	const exited = 1 // CLD_EXITED
	child := (*childInfo)(unsafe.Pointer(&info))
	if child.code == exited {
		return exit{status: int(child.child.status)}
	}
	return exit{signal: int(child.child.status)}
}

// signal reaches the whole group. The first process must not be reaped yet.
func (p *process) signal(hard bool) {
	sig := unix.SIGTERM
	if hard {
		sig = unix.SIGKILL
	}
	_ = unix.Kill(-p.pid, sig) // gone already is fine
}

// othersAlive looks for processes of the group other than the first.
func (p *process) othersAlive() bool { return len(groupMembers(p.pid)) > 0 }

func (p *process) reap() { _ = p.cmd.Wait() }

// beginning is the start time of a process in clock ticks since boot
// (proc_pid_stat(5), field 22), with the boot's id before it.
func beginning(pid int) (string, error) {
	st, err := readStat(pid)
	if err != nil {
		return "", err
	}
	boot, err := bootID()
	if err != nil {
		return "", err
	}
	return boot + "/" + st.begun, nil
}

func bootID() (string, error) {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(boot)), err
}

type stat struct {
	state byte
	group int
	begun string
}

func (st stat) dead() bool { return st.state == 'Z' || st.state == 'X' }

func readStat(pid int) (stat, error) {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return stat{}, err
	}
	// The second field is the name in brackets and may hold anything.
	rest := string(raw[strings.LastIndexByte(string(raw), ')')+1:])
	fields := strings.Fields(rest)
	if len(fields) < 20 {
		return stat{}, fmt.Errorf("/proc/%d/stat cannot be read", pid)
	}
	group, err := strconv.Atoi(fields[2])
	return stat{state: fields[0][0], group: group, begun: fields[19]}, err
}

// groupMembers lists the living processes of a group.
func groupMembers(group int) []int {
	var members []int
	eachProcess(func(pid int, st stat) {
		if st.group == group {
			members = append(members, pid)
		}
	})
	return members
}

// processGroups are the living processes of the machine by their group.
func processGroups() map[int][]int {
	groups := map[int][]int{}
	eachProcess(func(pid int, st stat) { groups[st.group] = append(groups[st.group], pid) })
	return groups
}

// eachProcess looks at the living processes of the machine.
func eachProcess(look func(pid int, st stat)) {
	dir, err := os.Open("/proc")
	if err != nil {
		return
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if st, err := readStat(pid); err == nil && !st.dead() {
			look(pid, st)
		}
	}
}
