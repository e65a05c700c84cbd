package sandbox

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes put a child into a group of its own, which an interrupt of the terminal
// does not reach, and end it with the thread that started it.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// self leads to the file that the process was started from, even when another one
// lies at its path by now.
const self = "/proc/self/exe"

func ownProgram() (string, error) {
	if _, err := os.Stat(self); err != nil {
		return os.Executable()
	}
	return self, nil
}

// awaitExit waits for a child without reaping it, so that its pid is nobody else's.
func awaitExit(pid int) {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}
