//go:build unix

package server

import "golang.org/x/sys/unix"

// openFiles is how many files the system lets this process open; 0: not known.
func openFiles() uint64 {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return uint64(limit.Cur)
}
