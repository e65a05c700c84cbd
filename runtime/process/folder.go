package process

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
)

const (
	// folderPrefix begins the names of processes' folders.
	folderPrefix = "muster-"
	// folderLock is a file in each of them that is locked as long as its server lives.
	folderLock = ".muster"
)

// folder is where one process has its sockets. Close removes it.
type folder struct {
	path string
	lock *os.File // nil where the system has no such lock
}

// newFolder makes one.
func newFolder() (f *folder, err error) {
	f = new(folder)
	if f.path, err = os.MkdirTemp(shortTemp(), folderPrefix); err != nil {
		return nil, err
	}
	if f.lock, err = lockFile(filepath.Join(f.path, folderLock)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Close removes the folder with all that is in it.
func (f *folder) Close() error {
	err := os.RemoveAll(f.path)
	if f.lock != nil {
		err = errors.Join(err, f.lock.Close())
	}
	return err
}

// RemoveLeftovers removes the folders of processes whose server was killed, so that
// nobody else could. A server calls it when it starts. One whose server lives, on
// this data or on other, is left alone.
func RemoveLeftovers() error {
	all, err := filepath.Glob(filepath.Join(shortTemp(), folderPrefix+"*"))
	if err != nil {
		return err
	}
	var failed []error
	for _, path := range all {
		if lock, abandoned := abandonedLock(filepath.Join(path, folderLock)); abandoned {
			failed = append(failed, (&folder{path, lock}).Close())
		}
	}
	return errors.Join(failed...)
}

// shortTemp is a folder for sockets, whose paths must be short.
func shortTemp() string {
	const most = 40
	if dir := os.TempDir(); len(dir) <= most || runtime.GOOS == "windows" {
		return dir
	}
	return "/tmp"
}
