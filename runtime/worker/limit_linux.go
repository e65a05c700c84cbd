package worker

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Kept says who keeps the limit of a worker's memory.
const Kept = "the kernel, and a watcher of what is used"

// arena is by how much Go's heap grows at once. Without room for one more the kernel
// would end the process before the collector has seen how much there is.
const arena = 64 << 20

// firstKilled makes the system's out-of-memory killer choose a worker before the
// server.
const firstKilled = "500"

// limit bounds by how much the process may grow, before it does anything.
func limit(bytes string) error {
	allowance, err := strconv.ParseUint(bytes, 10, 62)
	if err != nil {
		return err
	}
	has, err := statm("self")
	if err != nil {
		return err
	}
	most := uint64(has[fieldData]) + arena + allowance
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte(firstKilled), 0) // where it is allowed
	return unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: most, Max: most})
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

// used is how much memory a process uses, without the program itself.
func used(pid int) (int64, error) {
	figures, err := statm(strconv.Itoa(pid))
	if err != nil {
		return 0, err
	}
	return figures[fieldResident] - figures[fieldShared], nil
}
