package local

import (
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	// maxLog is the size at which a log file is set aside as .log.1, so that one
	// match has at most twice that.
	maxLog    = 8 << 20
	tailBytes = 2 << 10
	// keptLogs is how many matches' logs of a game stay, keptWarm how many of servers
	// that never had a match: those of a crash loop must not take the others' place.
	keptLogs = 100
	keptWarm = 20
)

// output copies what a server prints to its log file and remembers the end of
// it. It always reads on, even when the file fails, so that the server never
// blocks on its output.
type output struct {
	path string

	mu        sync.Mutex
	file      *os.File // nil: dropped
	size      int64
	last      []byte
	done      bool // nothing comes any more
	followers map[*follower]struct{}

	reader *os.File
	copied chan struct{}
}

func newOutput(path string) (*output, error) {
	o := &output{path: path}
	if path == "" {
		return o, nil
	}
	var err error
	o.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	return o, err
}

// pipe returns the end to give to a process. The caller closes its copy.
func (o *output) pipe() (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	o.reader, o.copied = r, make(chan struct{})
	go func() {
		defer close(o.copied)
		_, _ = io.Copy(writerOnly{o}, r)
	}()
	return w, nil
}

// writerOnly keeps io.Copy from looking for faster ways round Write.
type writerOnly struct{ io.Writer }

// Write never fails: what the file does not take is dropped.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = append(o.last, p...)
	if extra := len(o.last) - tailBytes; extra > 0 {
		o.last = append(o.last[:0], o.last[extra:]...)
	}
	if o.file != nil && o.size+int64(len(p)) > maxLog {
		o.rotate()
	}
	if o.file != nil {
		n, err := o.file.Write(p)
		if o.size += int64(n); err != nil {
			o.drop()
		}
	}
	for f := range o.followers {
		f.push(p)
	}
	return len(p), nil
}

// rename gives the file another name. Where that cannot be done it keeps its own.
func (o *output) rename(path string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.path == "" || os.Rename(o.path, path) != nil {
		return
	}
	_ = os.Rename(o.path+".1", path+".1")
	o.path = path
}

// where is the file's path.
func (o *output) where() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.path
}

// remove deletes the file. Nothing is written any more.
func (o *output) remove() {
	if o.path != "" {
		_ = os.Remove(o.path)
		_ = os.Remove(o.path + ".1")
	}
}

func (o *output) rotate() {
	o.drop()
	if os.Rename(o.path, o.path+".1") != nil {
		return
	}
	if file, err := os.OpenFile(o.path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600); err == nil {
		o.file, o.size = file, 0
	}
}

func (o *output) drop() {
	if o.file != nil {
		_ = o.file.Close()
		o.file = nil
	}
}

// tail is the last that was printed.
func (o *output) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.TrimSpace(strings.ToValidUTF8(string(o.last), ""))
}

// close takes what is left in the pipe. A stranger that still holds the other
// end does not keep it open.
func (o *output) close() {
	if o.reader != nil {
		_ = o.reader.SetReadDeadline(time.Now().Add(time.Second))
		<-o.copied
		_ = o.reader.Close()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.drop()
	o.done = true
	for f := range o.followers {
		f.stir()
	}
}
