package process

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes put a plugin into a group of its own, which an interrupt of the
// terminal does not reach, and end it with the thread that started it.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// openPath is a path in the folder run that leads to the open file: the kernel
// names a process after the last part of the path that it was started by.
func openPath(run string, b *binary) (string, error) {
	if _, err := os.Stat("/proc/self/fd"); err != nil || !b.native {
		return b.path, nil
	}
	link := filepath.Join(run, filepath.Base(b.path))
	return link, os.Symlink("/proc/self/fd/"+strconv.Itoa(int(b.file.Fd())), link)
}

// awaitExit waits for a child without reaping it, so that its pid is nobody
// else's.
func awaitExit(pid int) {
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
}

// familyOf are a process and those that it has started.
func familyOf(pid int) []int {
	family := []int{pid}
	for at := 0; at < len(family) && len(family) < maxFamily; at++ {
		lists, _ := filepath.Glob("/proc/" + strconv.Itoa(family[at]) + "/task/*/children")
		for _, list := range lists {
			text, _ := os.ReadFile(list)
			for _, word := range strings.Fields(string(text)) {
				if child, err := strconv.Atoi(word); err == nil && len(family) < maxFamily {
					family = append(family, child)
				}
			}
		}
	}
	return family
}
