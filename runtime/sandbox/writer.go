package sandbox

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"

	"github.com/muster-gg/muster/runtime/script/bundle"
)

// writer is the child's end of what it answers.
type writer struct {
	mu   sync.Mutex
	out  *bufio.Writer
	json *json.Encoder
	open map[string]bool // files that are told as begun
	line string          // that of the problem before
}

func newWriter(out io.Writer) *writer {
	w := &writer{out: bufio.NewWriterSize(out, 64<<10), open: map[string]bool{}}
	w.json = json.NewEncoder(w.out)
	w.json.SetEscapeHTML(false)
	return w
}

// send sends at once. Without a parent there is nothing left to do.
func (w *writer) send(m message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.put(m)
	if err := w.out.Flush(); err != nil {
		fail("the answer cannot be written", err)
	}
}

// put is send at some time, at the latest with the next one. mu is held.
func (w *writer) put(m message) {
	if err := w.json.Encode(m); err != nil {
		fail("the answer cannot be written", err)
	}
}

// progress tells of a file once that it is begun, and once that it is read.
func (w *writer) progress(file string, read bool) {
	w.mu.Lock()
	if w.open[file] != read {
		w.mu.Unlock()
		return
	}
	w.open[file] = !read
	w.mu.Unlock()
	if read {
		w.send(message{Read: file})
	} else {
		w.send(message{Begun: file})
	}
}

// settled says that all files are read: what comes is about the bundle as a whole.
func (w *writer) settled() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for file, open := range w.open {
		if open {
			w.put(message{Read: file})
		}
	}
	if err := w.out.Flush(); err != nil {
		fail("the answer cannot be written", err)
	}
}

// refuse tells why there is no bundle.
func (w *writer) refuse(err error) {
	var e *bundle.Error
	if !errors.As(err, &e) {
		w.send(message{Failed: err.Error()})
		return
	}
	more := w.problems(e.Problems)
	w.send(message{Refused: true, More: more + e.More})
}

// problems writes as many as an answer has room for, and says how many are left out.
func (w *writer) problems(all []bundle.Problem) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	few := all[:min(len(all), maxProblems)]
	for _, p := range few {
		same := p.Source == w.line
		if w.line = p.Source; same {
			p.Source = ""
		}
		w.put(message{Problem: &p, Same: same})
	}
	return len(all) - len(few)
}

// bundle writes a bundle.
func (w *writer) bundle(root string, b *bundle.Result) {
	if more := w.problems(b.Warnings); more > 0 {
		w.problems([]bundle.Problem{{Warning: true, Text: fmt.Sprintf("There are %d warnings more", more)}})
	}
	if real, err := filepath.EvalSymlinks(root); err == nil {
		root = real
	}
	w.mu.Lock()
	for _, file := range b.Files {
		if rel, err := filepath.Rel(root, file); err == nil {
			w.put(message{File: filepath.ToSlash(rel)})
		}
	}
	for _, name := range b.Exports {
		w.put(message{Export: name})
	}
	w.mu.Unlock()
	w.send(message{Bundle: &bundled{Code: b.Code, Map: b.SourceMap}})
}
