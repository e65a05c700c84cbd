package local

import (
	"context"
	"errors"
	"fmt"
)

const (
	// maxFollowers bounds those who read one server's log while it is written.
	maxFollowers = 8
	// followQueue is how much waits for a slow one, in bytes; then the oldest goes.
	followQueue = 256 << 10
)

// ErrManyFollow: too many read this log as it is written.
var ErrManyFollow = errors.New("too many follow this log")

// follower gets what a server prints from some moment on. The output's lock
// guards it.
type follower struct {
	wake    chan struct{} // room for one
	waiting []byte
	lost    int
}

func (f *follower) push(p []byte) {
	f.waiting = append(f.waiting, p...)
	if extra := len(f.waiting) - followQueue; extra > 0 {
		f.waiting = append(f.waiting[:0], f.waiting[extra:]...)
		f.lost += extra
	}
	f.stir()
}

func (f *follower) stir() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// follow adds a follower, who begins with the end of what is there.
func (o *output) follow(most int64) (*follower, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.followers) >= maxFollowers {
		return nil, ErrManyFollow
	}
	// Under the lock nothing is printed that would be missed, or come twice.
	end, err := tailOf(o.path, most)
	if err != nil {
		return nil, err
	}
	f := &follower{wake: make(chan struct{}, 1), waiting: end}
	f.stir()
	if o.followers == nil {
		o.followers = map[*follower]struct{}{}
	}
	o.followers[f] = struct{}{}
	return f, nil
}

func (o *output) unfollow(f *follower) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.followers, f)
}

// take is what waits for a follower; done: it was the last.
func (o *output) take(f *follower) (text []byte, done bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	text, f.waiting = f.waiting, nil
	if f.lost > 0 {
		text = append(fmt.Appendf(nil, "\n… %d bytes are left out here\n", f.lost), text...)
		f.lost = 0
	}
	return text, o.done
}

// Follow writes what Tail returns, and then what the server prints, until its
// process is gone or ctx ends. Of a server that is gone it is Tail. Errors of write
// are returned as they are.
func (f *Fleet) Follow(ctx context.Context, id string, most int64, write func([]byte) error) error {
	s := f.named(id)
	if s == nil || f.opts.LogDir == "" {
		text, err := f.Tail(id, most)
		if err != nil {
			return err
		}
		return write(text)
	}
	reader, err := s.output.follow(most)
	if err != nil {
		return err
	}
	defer s.output.unfollow(reader)
	for {
		select {
		case <-reader.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
		text, done := s.output.take(reader)
		if err := write(text); err != nil || done {
			return err
		}
	}
}
