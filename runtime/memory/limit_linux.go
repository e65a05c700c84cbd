package memory

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Kept says who keeps the bounds on this system; empty: nobody.
const Kept = "the kernel, and a watcher of what is used"

// firstKilled makes the system's out-of-memory killer choose such a process before the
// server.
const firstKilled = "500"

// LimitSelf bounds by how many bytes this process may grow. It is called before the
// process does anything.
func LimitSelf(allowance int64) error {
	most, err := bound("self", allowance)
	if err != nil {
		return err
	}
	return unix.Setrlimit(unix.RLIMIT_DATA, most)
}

// Limit bounds by how many bytes the process may grow that runs under pid. It is idle
// now. Processes that it starts later have the bound too, each for itself.
func Limit(pid int, allowance int64) error {
	most, err := bound(strconv.Itoa(pid), allowance)
	if err != nil {
		return err
	}
	return unix.Prlimit(pid, unix.RLIMIT_DATA, most, nil)
}

// bound is the limit for a process that may grow by allowance.
func bound(process string, allowance int64) (*unix.Rlimit, error) {
	has, err := statm(process)
	if err != nil {
		return nil, err
	}
	most := uint64(has[fieldData]) + arena + uint64(max(0, allowance))
	_ = os.WriteFile("/proc/"+process+"/oom_score_adj", []byte(firstKilled), 0) // where it is allowed
	return &unix.Rlimit{Cur: most, Max: most}, nil
}

// Fields of statm.
const (
	fieldResident = 1
	fieldShared   = 2
	fieldData     = 5
)

// statm are the figures of a process's memory, in bytes.
func statm(process string) ([]int64, error) {
	text, err := os.ReadFile("/proc/" + process + "/statm")
	if err != nil {
		return nil, err
	}
	figures := make([]int64, 0, 7)
	for _, field := range bytes.Fields(text) {
		pages, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("statm: %w", err)
		}
		figures = append(figures, pages*int64(os.Getpagesize()))
	}
	if len(figures) <= fieldData {
		return nil, errors.New("statm is short")
	}
	return figures, nil
}

// muchShared is more than the pages of a program's files often are.
const muchShared = 32 << 20

// Used is how many bytes a process uses, without the program itself.
func Used(pid int) (int64, error) {
	figures, err := statm(strconv.Itoa(pid))
	if err != nil {
		return 0, err
	}
	files := figures[fieldShared]
	if files > muchShared { // memory that could be shared is among them
		files -= shareable(pid)
	}
	return figures[fieldResident] - files, nil
}

// shareable is how much memory of a process is neither its own alone nor a file's.
func shareable(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	_, rest, _ := bytes.Cut(text, []byte("\nRssShmem:"))
	line, _, _ := bytes.Cut(rest, []byte(" kB"))
	n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}
