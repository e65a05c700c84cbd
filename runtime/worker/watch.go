package worker

import (
	"fmt"
	"sync"
	"time"

	"github.com/muster-gg/muster/runtime/process"
)

// watchEvery is how often the memory of a worker is looked at while it serves calls.
const watchEvery = 20 * time.Millisecond

// watch ends a worker that uses more memory than it may.
type watch struct {
	allowance int64
	end       func(pid int, why error)

	mu    sync.Mutex
	calls int
	idle  int64 // what the process used before its first call
	pid   int   // 0: there is nothing to look at
	much  bool  // it used too much when it was looked at last
	// wake is told when there are calls again; closed at the end.
	wake chan struct{}
	done chan struct{}
}

func newWatch(allowance int64) *watch {
	return &watch{allowance: allowance, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// changed follows which process serves.
func (w *watch) changed(s process.Status) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s.PID == w.pid {
		return
	}
	w.pid = 0
	if s.State != process.Running {
		return
	}
	if now, err := used(s.PID); err == nil {
		w.pid, w.idle, w.much = s.PID, now, false
	}
}

// begin and finish are the two ends of a call.
func (w *watch) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calls++; w.calls == 1 {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// late: what the call used is thrown away.
func (w *watch) finish(late bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls--
	w.much = w.much && !late
}

// run looks until close.
func (w *watch) run() {
	defer close(w.done)
	tick := time.NewTimer(watchEvery)
	defer tick.Stop()
	for range w.wake {
		for w.busy() {
			tick.Reset(watchEvery)
			<-tick.C
			w.look()
		}
	}
}

func (w *watch) busy() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls > 0
}

// look looks once.
func (w *watch) look() {
	if pid, why := w.judge(); why != nil {
		w.end(pid, why)
	}
}

// judge says which process is to be ended: one that uses too much twice in a row,
// since what a call has left may just be being freed.
func (w *watch) judge() (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pid == 0 {
		return 0, nil
	}
	now, err := used(w.pid)
	before := w.much
	w.much = err == nil && now > w.idle+w.allowance // an error: it has just ended
	if !before || !w.much {
		return 0, nil
	}
	return w.pid, fmt.Errorf("it was ended because it used %d MiB more memory than when it was idle; memory_limit is %d MiB", (now-w.idle)>>20, w.allowance>>20)
}

// close ends run. No call is under way, and none comes.
func (w *watch) close() {
	close(w.wake)
	<-w.done
}
