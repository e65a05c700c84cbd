//go:build unix

package process

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lockFile makes a file that is locked from its first moment on: nobody finds it
// without its lock.
func lockFile(path string) (*os.File, error) {
	early := path + ".new"
	f, err := os.OpenFile(early, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		err = os.Rename(early, path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// abandonedLock takes a lock whose holder has ended. What is not ours to take, or no
// lock at all, is none.
func abandonedLock(path string) (f *os.File, abandoned bool) {
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, false
	}
	var stat unix.Stat_t
	if unix.Fstat(int(f.Fd()), &stat) != nil || int(stat.Uid) != os.Geteuid() || unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		_ = f.Close()
		return nil, false
	}
	return f, true
}
