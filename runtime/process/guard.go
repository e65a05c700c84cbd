package process

import (
	"sync"
	"time"

	"github.com/muster-gg/muster/runtime/memory"
)

// How often what a process uses is looked at: often once it has half of its allowance.
const (
	lookSeldom = 100 * time.Millisecond
	lookOften  = 20 * time.Millisecond
)

// guard is how much memory a process may use, and does.
type guard struct {
	allowance int64
	stop      chan struct{}
	stopped   chan struct{}
	// once tells about one end of the process, whoever sees it.
	once sync.Once

	mu     sync.Mutex
	family []int // the process, and what it had started when it was configured
	idle   int64 // what they used then
	used   int64 // when they were looked at last, the idle part too
	most   int64 // idle and the allowance
	kept   string
}

// guardMemory looks at what the process uses until end, also while it starts.
func (i *instance) guardMemory() {
	if i.opts.Memory <= 0 || memory.Kept == "" {
		return
	}
	g := &guard{allowance: i.opts.Memory, most: i.opts.Memory + i.opts.startMemory, stop: make(chan struct{}), stopped: make(chan struct{})}
	i.guard = g
	go func() { // end waits for it
		defer close(g.stopped)
		tick := time.NewTimer(lookOften)
		defer tick.Stop()
		much := false
		for {
			select {
			case <-g.stop:
				return
			case <-tick.C:
			}
			// Too much twice in a row: what was used may just be being freed.
			before := much
			var next time.Duration
			if much, next = g.look(i.pid()); before && much {
				i.tooMuch(g.why())
				return
			}
			tick.Reset(next)
		}
	}()
}

// look says whether the process uses too much, and when to look again.
func (g *guard) look(pid int) (bool, time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	of := g.family
	if of == nil && pid != 0 {
		of = []int{pid}
	}
	g.used = usedBy(of)
	if g.used > g.most-g.allowance/2 {
		return g.used > g.most, lookOften
	}
	return false, lookSeldom
}

// usedBy is what processes use together. One that has ended uses nothing.
func usedBy(pids []int) (sum int64) {
	for _, pid := range pids {
		if n, err := memory.Used(pid); err == nil {
			sum += n
		}
	}
	return sum
}

func (g *guard) why() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.family == nil {
		return &memoryError{used: g.used, allowance: g.most, starting: true}
	}
	return &memoryError{used: g.used - g.idle, allowance: g.allowance}
}

// tooMuch ends the process.
func (i *instance) tooMuch(why error) {
	i.ranOut()
	if i.owner != nil {
		i.owner.condemn(i, why)
		return
	}
	i.sentence.CompareAndSwap(nil, &sentence{why})
	i.child.kill()
}

// ranOut counts the end of the process as one for its memory.
func (i *instance) ranOut() {
	if i.owner != nil {
		i.guard.once.Do(func() { i.owner.ranOut.Add(1) })
	}
}

// end stops the looking.
func (g *guard) end() {
	if g != nil {
		close(g.stop)
		<-g.stopped
	}
}
