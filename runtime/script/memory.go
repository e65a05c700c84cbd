package script

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
)

// The engine has no limit of memory. So a pool looks at the memory of the process
// every few milliseconds while calls run. A call of the usual length is over before
// it is seen twice.
const (
	// DefaultMemory is by how much the process may grow while a call runs, where Options
	// do not say.
	DefaultMemory = 64 << 20
	lookPeriod    = 2 * time.Millisecond
	// collectEvery is how often at most the memory is collected for that.
	collectEvery = 500 * time.Millisecond
)

// exceeded is the error of a call that was stopped because of a limit.
type exceeded struct{ text string }

func (e *exceeded) Error() string { return e.text }

// memory stops calls during which the process grows too much. Which call it was
// cannot be told: all of the version are stopped that have run since the growth
// began, and not those that wait.
type memory struct {
	// limit is by how many bytes the process may grow, cause what calls are stopped with.
	limit uint64
	cause error

	mu       sync.Mutex
	machines []*machine // that serve a call
	looking  bool
	workers  sync.WaitGroup

	collecting atomic.Bool
	collected  time.Time // when it was begun last; of the looking goroutine
}

// growth is what was seen of the call that a machine serves; the pool's memory guards it.
type growth struct {
	slot  *slot
	place int    // in the machines
	from  uint64 // bytes that the process used at least since; 0: not seen yet
}

func newMemory(limit int64) memory {
	if limit <= 0 {
		limit = DefaultMemory
	}
	return memory{
		limit: uint64(limit),
		cause: &exceeded{fmt.Sprintf("the memory of the process grew by over %d MiB while the call ran, which is too much for a hook", limit>>20)},
	}
}

// begin watches a call that m serves.
func (w *memory) begin(m *machine, s *slot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m.growth = growth{slot: s, place: len(w.machines)}
	w.machines = append(w.machines, m)
	if !w.looking {
		w.looking = true
		w.workers.Go(w.look)
	}
}

// finish ends that. The call is not stopped afterwards.
func (w *memory) finish(m *machine) {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := len(w.machines) - 1
	w.machines[m.growth.place] = w.machines[last]
	w.machines[m.growth.place].growth.place = m.growth.place
	w.machines[last] = nil
	w.machines = w.machines[:last]
}

// wait waits until nothing is looked at any more, with all calls finished.
func (w *memory) wait() { w.workers.Wait() }

// look looks until there was no call for a while.
func (w *memory) look() {
	tick := time.NewTicker(lookPeriod)
	defer tick.Stop()
	for range tick.C {
		now := usedMemory()
		w.mu.Lock()
		if len(w.machines) == 0 {
			w.looking = false
			w.mu.Unlock()
			return
		}
		grown := w.judge(now)
		w.mu.Unlock()
		if grown {
			w.collect()
		}
	}
}

// bigStep is how many bytes a call makes through guards until they look at the memory
// themselves: a loop that makes large things is faster than any look from outside.
const bigStep = 16 << 20

// makes counts what a guard is about to let a built-in function make.
func (m *machine) makes(bytes int64) {
	if m.made += bytes; m.made < bigStep {
		return
	}
	m.made = 0
	w := &m.version.pool.memory
	now := usedMemory()
	w.mu.Lock()
	w.judgeOne(m, now)
	w.mu.Unlock()
	m.mustGoOn()
}

// bytesOf is a number of bytes that a script has computed; NaN and less than none are
// none.
func bytesOf(n float64) int64 {
	if n > 0 {
		return int64(n)
	}
	return 0
}

// judge stops the calls that the process grew too much in, and reports whether the
// memory should be collected, to know it for certain. w.mu is held.
func (w *memory) judge(now sizes) bool {
	suspect := false
	for _, m := range w.machines {
		suspect = w.judgeOne(m, now) || suspect
	}
	return suspect
}

// judgeOne stops the call if what was in use at the last collection has grown too
// much, or what was made since is more than any busy server leaves lying about: the
// collector lets that grow as large as what is in use.
func (w *memory) judgeOne(m *machine, now sizes) bool {
	g := &m.growth
	if g.from == 0 || now.all < g.from || !g.slot.held.Load() {
		g.from = now.all
	}
	grown := now.all - g.from
	if grown > 2*w.limit+now.live || now.live > g.from+w.limit {
		m.stop(w.cause)
	}
	return grown > w.limit
}

// collect begins to collect the memory, and judges what is left.
func (w *memory) collect() {
	if time.Since(w.collected) < collectEvery || !w.collecting.CompareAndSwap(false, true) {
		return
	}
	w.collected = time.Now()
	w.workers.Go(func() {
		defer w.collecting.Store(false)
		runtime.GC()
		now := usedMemory()
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, m := range w.machines {
			if g := &m.growth; g.from != 0 && g.slot.held.Load() && now.all > g.from+w.limit {
				m.stop(w.cause)
			}
		}
	})
}

// sizes are what the objects of the process use: all of them, and those that were in
// use when they were collected last.
type sizes struct{ all, live uint64 }

func usedMemory() sizes {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}}
	metrics.Read(samples)
	return sizes{samples[0].Value.Uint64(), samples[1].Value.Uint64()}
}
