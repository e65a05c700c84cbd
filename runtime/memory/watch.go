package memory

import (
	"fmt"
	"sync"
	"time"
)

// every is how often the memory of a process is looked at while it serves calls.
const every = 20 * time.Millisecond

// Watch ends a process that uses more memory than it may while it serves calls. Its
// methods may be called from any goroutine.
type Watch struct {
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

// NewWatch watches for processes that use over allowance bytes more than they did
// when they were idle, and has end end them. Run it, and close it.
func NewWatch(allowance int64, end func(pid int, why error)) *Watch {
	return &Watch{allowance: allowance, end: end, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// Follow says which process serves from now on, and is idle; 0: none does.
func (w *Watch) Follow(pid int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if pid == w.pid {
		return
	}
	w.pid = 0
	if pid == 0 {
		return
	}
	if now, err := Used(pid); err == nil {
		w.pid, w.idle, w.much = pid, now, false
	}
}

// Begin says that a call begins. Finish is its end.
func (w *Watch) Begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calls++; w.calls == 1 {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// Finish says that a call has ended. late: what it used is thrown away.
func (w *Watch) Finish(late bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls--
	w.much = w.much && !late
}

// Run looks until Close.
func (w *Watch) Run() {
	defer close(w.done)
	tick := time.NewTimer(every)
	defer tick.Stop()
	for range w.wake {
		for w.busy() {
			tick.Reset(every)
			<-tick.C
			w.look()
		}
	}
}

func (w *Watch) busy() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calls > 0
}

// look looks once.
func (w *Watch) look() {
	if pid, why := w.judge(); why != nil {
		w.end(pid, why)
	}
}

// judge says which process is to be ended: one that uses too much twice in a row,
// since what a call has left may just be being freed.
func (w *Watch) judge() (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pid == 0 {
		return 0, nil
	}
	now, err := Used(w.pid)
	before := w.much
	w.much = err == nil && now > w.idle+w.allowance // an error: it has just ended
	if !before || !w.much {
		return 0, nil
	}
	return w.pid, fmt.Errorf("it was ended because it used %d MiB more memory than when it was idle; memory_limit is %d MiB", (now-w.idle)>>20, w.allowance>>20)
}

// Close ends Run, and waits for it. No call is under way, and none comes.
func (w *Watch) Close() {
	close(w.wake)
	<-w.done
}
