package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// joined makes an absolute path of one that may be relative to dir.
func joined(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// path reads a key that names a file or folder and makes it absolute. def is
// absolute already, or empty.
func (s *section) path(name, def string) string {
	return get(s, name, def, of(func(t string) (string, *misfit) {
		if t == "" || strings.ContainsRune(t, 0) {
			return "", &misfit{is: "is not a path"}
		}
		return joined(s.r.dir, t), nil
	}))
}

// required reports a key that is not there.
func (s *section) required(name, what string) {
	if !s.has(name) {
		s.r.fail(s.at, problem{text: fmt.Sprintf("%s needs %s.", s.title, name), help: fmt.Sprintf("It is %s.", what)})
	}
}

// fileThere looks whether the file or folder of a key exists. An empty path was
// reported or is not wanted.
func (s *section) fileThere(name, path string, folder bool) {
	if path == "" || s.r.opts.Files == IgnoreFiles {
		return
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		s.missing(name, s.r.quote(s.place(name))+" "+reason(err)+".")
	case folder && !info.IsDir():
		s.missing(name, s.r.quote(s.place(name))+" is not a folder.")
	case !folder && info.IsDir():
		s.missing(name, s.r.quote(s.place(name))+" is a folder, not a file.")
	}
}

// programThere looks whether the first word of a command can be run.
func (s *section) programThere(name string, command []string) {
	if len(command) == 0 || s.r.opts.Files == IgnoreFiles {
		return
	}
	if _, err := exec.LookPath(command[0]); err != nil {
		s.missing(name, fmt.Sprintf("The program of %s %s.", s.r.quote(s.place(name)), reason(err)))
	}
}

func (s *section) missing(name, text string) {
	p := problem{text: name + ": " + text, help: "Relative paths start at the folder of this file."}
	if s.r.opts.Files == RequireFiles {
		s.r.fail(s.place(name), p)
		return
	}
	p.help += " A server would not start like this."
	s.r.warn(s.place(name), p)
}

// reason says why a file cannot be used, without its path.
func reason(err error) string {
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "is not in PATH"
	case errors.Is(err, fs.ErrNotExist):
		return "does not exist"
	case errors.Is(err, fs.ErrPermission):
		return "may not be used by this user, or cannot be run"
	}
	return "cannot be used"
}
