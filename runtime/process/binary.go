package process

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// binary is the program's file, opened once: what was checked is what is run,
// whatever happens to its name meanwhile. (Where the system cannot run an open
// file, and for scripts, it is run by its path; nobody but the owner may write it.)
type binary struct {
	name string // as it was found; some programs look beside it for what is theirs
	path string // without symbolic links
	file *os.File
	sum  string
	// native says that it is no script.
	native bool
}

// openBinary finds the program of o and checks it.
func openBinary(o Options) (*binary, error) {
	if o.Own {
		return openOwn()
	}
	name, err := find(o)
	if err != nil {
		return nil, err
	}
	path, err := filepath.EvalSymlinks(name)
	if err != nil {
		return nil, unwrapPath(name, err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, unwrapPath(path, err)
	}
	b := &binary{name: name, path: path, file: file}
	if err := b.check(o); err != nil {
		file.Close()
		return nil, err
	}
	return b, nil
}

// openOwn opens the program that runs.
func openOwn() (*binary, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	file, err := os.Open(ownProgram)
	if err != nil {
		file, err = os.Open(path)
	}
	if err != nil {
		return nil, unwrapPath(path, err)
	}
	return &binary{name: path, path: path, file: file, native: true}, nil
}

// ownProgram leads to the file that the process was started from, where the system
// has such a name, even when another one lies at its path by now.
const ownProgram = "/proc/self/exe"

func find(o Options) (string, error) {
	path := o.Command[0]
	switch {
	case filepath.IsAbs(path):
	case strings.ContainsRune(filepath.ToSlash(path), '/'):
		path = filepath.Join(o.Dir, path)
	default:
		found, err := exec.LookPath(path)
		if err != nil {
			return "", fmt.Errorf("there is no program %q in PATH", path)
		}
		path = found
	}
	return filepath.Abs(path)
}

func unwrapPath(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no file %s", path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the file %s cannot be read by this user", path)
	}
	return err
}

// check looks at who may write the file, and at its checksum.
func (b *binary) check(o Options) error {
	info, err := b.file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", b.path)
	}
	if err := checkAccess(info, b.path, b.name, o.Development); err != nil {
		return err
	}
	if err := b.hash(); err != nil {
		return err
	}
	if o.SHA256 == "" && !o.RequireChecksum {
		return nil
	}
	if subtle.ConstantTimeCompare([]byte(strings.ToLower(o.SHA256)), []byte(b.sum)) != 1 {
		return &ChecksumError{Path: b.path, Want: o.SHA256, Have: b.sum}
	}
	return nil
}

func (b *binary) hash() error {
	var head [2]byte
	n, err := b.file.ReadAt(head[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	b.native = string(head[:n]) != "#!"
	sum := sha256.New()
	if _, err := io.Copy(sum, b.file); err != nil {
		return err
	}
	b.sum = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// Checksum returns the sha256 of the program that the options name, in hex.
func Checksum(o Options) (string, error) {
	o.SHA256, o.RequireChecksum = "", false
	b, err := openBinary(o)
	if err != nil {
		return "", err
	}
	b.file.Close()
	return b.sum, nil
}
