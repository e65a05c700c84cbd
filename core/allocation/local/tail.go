package local

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"regexp"
)

// warmName is what the id of a server without a match looks like.
var warmName = regexp.MustCompile(`^warm\.[0-9a-f]{16}$`)

// Tail returns the end of what a server printed, at most so many bytes, from the
// beginning of a line on where there is one. id is Info.ID or the server's match,
// also when the server is gone; fs.ErrNotExist when there is no log of it (any more).
func (f *Fleet) Tail(id string, most int64) ([]byte, error) {
	if f.opts.LogDir == "" || !matchName.MatchString(id) && !warmName.MatchString(id) {
		return nil, fs.ErrNotExist
	}
	return tailOf(f.logOf(id), most)
}

// tailOf is the end of a log file, and of what was set aside of it.
func tailOf(path string, most int64) ([]byte, error) {
	now, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer now.Close()
	end, whole, err := endOf(now, most)
	if err != nil || !whole {
		return fromLine(end), err
	}
	older, err := os.Open(path + ".1")
	if errors.Is(err, fs.ErrNotExist) {
		return end, nil
	} else if err != nil {
		return nil, err
	}
	defer older.Close()
	if same(now, older) {
		return end, nil // it was set aside just now
	}
	before, whole, err := endOf(older, most-int64(len(end)))
	if !whole {
		before = fromLine(before)
	}
	return append(before, end...), err
}

// logOf is the log file of a server that runs, or ran.
func (f *Fleet) logOf(id string) string {
	if s := f.named(id); s != nil {
		return s.output.where()
	}
	return f.logPath(id)
}

// named is the server that has this id or this match, if its process has been started.
func (f *Fleet) named(id string) *server {
	f.mu.Lock()
	all := f.all()
	f.mu.Unlock()
	for _, s := range all {
		if i := s.info(); (i.ID == id || i.MatchID == id) && i.State != "" {
			return s
		}
	}
	return nil
}

// endOf reads the last bytes of a file; whole: that is all of it.
func endOf(file *os.File, most int64) (end []byte, whole bool, err error) {
	info, err := file.Stat()
	if err != nil {
		return nil, false, err
	}
	from := max(0, info.Size()-most)
	end, err = io.ReadAll(io.NewSectionReader(file, from, info.Size()-from))
	return end, from == 0, err
}

// fromLine drops what is left of a line whose beginning is cut off.
func fromLine(text []byte) []byte {
	if _, rest, found := bytes.Cut(text, []byte("\n")); found && len(rest) > 0 {
		return rest
	}
	return text
}

func same(a, b *os.File) bool {
	x, errA := a.Stat()
	y, errB := b.Stat()
	return errA == nil && errB == nil && os.SameFile(x, y)
}
