package local

import (
	"errors"
	"net/http"
	"time"
)

const (
	maxWatchers = 16
	// watchQueue is how many changes wait for a slow reader; then the oldest go.
	watchQueue   = 64
	watchTimeout = 10 * time.Second
)

var errTooManyWatchers = &gatewayError{http.StatusTooManyRequests, codeResourceExhausted, "too many watchers"}

// watcher is one reader of the stream.
type watcher struct{ frames chan []byte }

// push never blocks; it is called under the game server's lock.
func (w *watcher) push(frame []byte) {
	for {
		select {
		case w.frames <- frame:
			return
		default:
		}
		select {
		case <-w.frames:
		default:
		}
	}
}

// watch adds a reader, which gets the state as it is at once.
func (g *gameServer) watch() (*watcher, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.watchers) >= maxWatchers {
		return nil, errTooManyWatchers
	}
	w := &watcher{frames: make(chan []byte, watchQueue)}
	w.push(g.frame())
	g.watchers[w] = struct{}{}
	return w, nil
}

func (g *gameServer) unwatch(w *watcher) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.watchers, w)
}

// watchGameServer streams the state and every change until the reader or the
// process is gone.
func (s *sidecar) watchGameServer(w http.ResponseWriter, r *http.Request) error {
	stream, err := s.object.watch()
	if err != nil {
		return err
	}
	defer s.object.unwatch(stream)
	w.Header().Set("Content-Type", "application/json")
	control := http.NewResponseController(w)
	// The server's read timeout is for a request, not for the life of a stream.
	if err := control.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	for {
		select {
		case frame := <-stream.frames:
			err := control.SetWriteDeadline(time.Now().Add(watchTimeout))
			if err != nil && !errors.Is(err, http.ErrNotSupported) {
				return nil
			}
			if _, err := w.Write(frame); err != nil {
				return nil
			}
			if err := control.Flush(); err != nil {
				return nil
			}
		case <-r.Context().Done():
			return nil
		case <-s.closing:
			return nil
		}
	}
}
