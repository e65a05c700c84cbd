// Package watch tells when the sources in a folder have changed.
package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"go.uber.org/zap"
)

const (
	// DefaultDebounce is how long a folder must be quiet after a change: editors
	// write a file in several steps.
	DefaultDebounce = 20 * time.Millisecond
	// maxFolders bounds what is watched; the system's own bound may be lower.
	maxFolders = 1000
	// lookAgain is how often a folder that was taken away is looked for.
	lookAgain = 250 * time.Millisecond
)

// Options say what is watched.
type Options struct {
	// Root is a folder; it is watched with all below it but node_modules and what
	// begins with a dot.
	Root string
	// Debounce is DefaultDebounce if 0.
	Debounce time.Duration
	// Changed is called after every burst of changes, on the goroutine of Run: never
	// twice at a time. Changes during a call lead to another one.
	Changed func(ctx context.Context)
	// Logger may be nil.
	Logger *zap.Logger
}

// Watcher watches one folder. It sees what happens from New on.
type Watcher struct {
	options Options
	log     *zap.Logger
	events  *fsnotify.Watcher
	root    string // without symbolic links, which a walk does not follow
}

// New begins to watch. Run must follow, or Close.
func New(o Options) (*Watcher, error) {
	if o.Changed == nil {
		return nil, errors.New("watch: Changed is required")
	}
	if o.Debounce <= 0 {
		o.Debounce = DefaultDebounce
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	events, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch %s: %w", o.Root, err)
	}
	w := &Watcher{options: o, log: o.Logger.With(zap.String("folder", o.Root)), events: events}
	if err := w.addRoot(); err != nil {
		return nil, errors.Join(fmt.Errorf("watch %s: %w", o.Root, err), events.Close())
	}
	return w, nil
}

// Close ends a watcher that does not run.
func (w *Watcher) Close() error { return w.events.Close() }

// Run calls Changed until ctx ends, and closes the watcher.
func (w *Watcher) Run(ctx context.Context) {
	defer w.events.Close()
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.events.Events:
			if !ok {
				return
			}
			if w.see(ctx, e) {
				quiet.Reset(w.options.Debounce)
			}
		case err, ok := <-w.events.Errors:
			if !ok {
				return
			}
			// Events may be lost: look, as if one had come.
			w.log.Warn("changes of files may have been missed", zap.Error(err))
			quiet.Reset(w.options.Debounce)
		case <-quiet.C:
			w.options.Changed(ctx)
		}
	}
}

// see takes note of one event and reports whether it may change what is bundled.
func (w *Watcher) see(ctx context.Context, e fsnotify.Event) bool {
	if e.Has(fsnotify.Create) && isFolder(e.Name) {
		// Files may have come with it, or before it was watched.
		if err := w.add(e.Name); err != nil {
			w.log.Warn("a new folder is not watched", zap.String("new", e.Name), zap.Error(err))
		}
		return !ignored(e.Name)
	}
	if (e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename)) && filepath.Clean(e.Name) == w.root {
		return w.returned(ctx)
	}
	return isSource(e.Name) && e.Op != fsnotify.Chmod
}

// returned waits until the folder is there again.
func (w *Watcher) returned(ctx context.Context) bool {
	w.log.Warn("the folder is gone; waiting for it")
	ticker := time.NewTicker(lookAgain)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
		if isFolder(w.options.Root) && w.addRoot() == nil {
			w.log.Info("the folder is there again")
			return true
		}
	}
}

func (w *Watcher) addRoot() (err error) {
	if w.root, err = filepath.EvalSymlinks(w.options.Root); err != nil {
		return err
	}
	return w.add(w.root)
}

// add watches a folder and all below it.
func (w *Watcher) add(root string) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && path == root:
			return err
		case err != nil:
			return nil // gone meanwhile
		case !d.IsDir():
			return nil
		case path != w.root && ignored(path):
			return fs.SkipDir
		case len(w.events.WatchList()) >= maxFolders && !slices.Contains(w.events.WatchList(), path):
			return fmt.Errorf("there are over %d folders below it", maxFolders)
		}
		return w.events.Add(path)
	})
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// ignored reports whether a folder is none of the author's.
func ignored(path string) bool {
	name := filepath.Base(path)
	return name == "node_modules" || strings.HasPrefix(name, ".")
}

// isSource reports whether a file may be part of a bundle.
func isSource(path string) bool {
	name := filepath.Base(path)
	return !strings.HasPrefix(name, ".") &&
		slices.Contains([]string{".ts", ".mts", ".js", ".mjs", ".cjs", ".json"}, filepath.Ext(name))
}
