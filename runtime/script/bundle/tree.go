package bundle

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// tree is the fence: no build reads a file but through it. Paths are relative to
// the root, with slashes. Safe for concurrent use.
type tree struct {
	root    string // without symlinks
	dir     *os.Root
	modules map[string]string // that are no files, by name
	// progress is that of Options; it may be nil.
	progress func(file string, read bool)

	mu      sync.Mutex
	stopped bool
	bytes   int
	sources int
	read    map[string]bool
}

var (
	errOutside = errors.New("leads out of the hooks folder")
	errStopped = errors.New("the build was stopped")
)

func openTree(root string) (*tree, error) {
	real, err := filepath.EvalSymlinks(root)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return nil, fmt.Errorf("bundle: the hooks folder: %w", err)
	}
	dir, err := os.OpenRoot(real)
	if err != nil {
		return nil, fmt.Errorf("bundle: the hooks folder: %w", err)
	}
	return &tree{root: real, dir: dir, read: map[string]bool{}}, nil
}

// tell tells of the progress with a file.
func (t *tree) tell(file string, read bool) {
	if t.progress != nil {
		t.progress(file, read)
	}
}

func (t *tree) close() { _ = t.dir.Close() }

// stop makes every later read fail.
func (t *tree) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stopped = true
}

// entry returns the relative path of the entry file.
func (t *tree) entry(file string) (string, error) {
	if _, given := t.modules[file]; given {
		return file, nil
	}
	p := Problem{File: filepath.Base(file)}
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		p.Text = "There is no such file"
		if !errors.Is(err, fs.ErrNotExist) {
			p.Text = "The file cannot be read: " + reason(err)
		}
		return "", &Error{Problems: []Problem{p}}
	}
	rel, err := t.within(real)
	if err == nil {
		p.File = rel
		err = checkExtension(rel)
	}
	switch info, failed := os.Stat(real); {
	case err != nil:
		p.Text = "The entry " + err.Error()
	case failed != nil:
		p.Text = "The file cannot be read: " + reason(failed)
	case !info.Mode().IsRegular():
		p.Text = "The entry is not a file"
	case path.Ext(rel) == ".json":
		p.Text = "The entry must be a script"
	default:
		return rel, nil
	}
	return "", &Error{Problems: []Problem{p}}
}

// within returns the relative form of an absolute path without symlinks.
func (t *tree) within(real string) (string, error) {
	rel, err := filepath.Rel(t.root, real)
	if err != nil || !filepath.IsLocal(rel) {
		return "", errOutside
	}
	if !utf8.ValidString(rel) {
		return "", errors.New("has a name that is not UTF-8")
	}
	return filepath.ToSlash(rel), nil
}

// find returns the path that a file or folder has without symlinks, and what it
// is. errOutside, fs.ErrNotExist.
func (t *tree) find(rel string) (string, fs.FileMode, error) {
	if !filepath.IsLocal(filepath.FromSlash(rel)) {
		return "", 0, errOutside
	}
	real, err := filepath.EvalSymlinks(filepath.Join(t.root, filepath.FromSlash(rel)))
	if err != nil {
		return "", 0, fs.ErrNotExist
	}
	if rel, err = t.within(real); err != nil {
		return "", 0, err
	}
	info, err := t.dir.Lstat(filepath.FromSlash(rel))
	if err != nil {
		return "", 0, fs.ErrNotExist
	}
	return rel, info.Mode(), nil
}

// source reads a file that goes into the bundle. The path has no symlinks any
// more; if one was put there since, one that leads out does not open.
func (t *tree) source(rel string) (string, error) {
	if text, given := t.modules[rel]; given {
		return text, nil
	}
	t.mu.Lock()
	t.sources++
	many := t.sources > maxFiles
	t.mu.Unlock()
	if many {
		return "", sentence("The bundle has over %d files", maxFiles)
	}
	return t.load(rel)
}

func (t *tree) load(rel string) (string, error) {
	t.mu.Lock()
	t.read[rel] = true
	left, stopped := maxBytes-t.bytes, t.stopped
	t.mu.Unlock()
	if stopped {
		return "", errStopped
	}
	if info, err := t.dir.Lstat(filepath.FromSlash(rel)); err != nil || !info.Mode().IsRegular() {
		return "", sentence("The file cannot be read: it is no regular file")
	}
	f, err := t.dir.Open(filepath.FromSlash(rel))
	if err != nil {
		return "", sentence("The file cannot be read: %s", reason(err))
	}
	defer f.Close()
	var b strings.Builder
	n, err := io.Copy(&b, io.LimitReader(f, int64(left)+1))
	if err != nil {
		return "", sentence("The file cannot be read: %s", reason(err))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.bytes += int(n); t.bytes > maxBytes {
		return "", sentence("The sources of the bundle are over %d MiB", maxBytes>>20)
	}
	return b.String(), nil
}

// names lists a folder, for suggestions; unsorted, bounded.
func (t *tree) names(rel string) []string {
	d, err := t.dir.Open(filepath.FromSlash(rel))
	if err != nil {
		return nil
	}
	defer d.Close()
	names, _ := d.Readdirnames(maxFiles)
	return names
}

// files are the absolute paths of what was read.
func (t *tree) files() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var files []string
	for rel := range t.read {
		files = append(files, filepath.Join(t.root, filepath.FromSlash(rel)))
	}
	slices.Sort(files)
	return files
}

// reason is an error of the file system without the path.
func reason(err error) string {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err.Error()
	}
	return err.Error()
}
