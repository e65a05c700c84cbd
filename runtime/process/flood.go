package process

import (
	"sync"
	"time"
)

// How much of what a plugin prints is logged, in a second. It may have saved up for a
// burst.
const (
	floodLines = 1000
	floodBytes = 1 << 20
	floodBurst = 5
)

// flood decides which lines of a plugin are too many. The zero value is ready.
type flood struct {
	mu           sync.Mutex
	last         time.Time
	lines, bytes float64 // that may still be logged
	dropped      int
}

// admit says whether a line of that many bytes is logged, and how many were dropped
// before it: -1 with the first of them.
func (f *flood) admit(size int, now time.Time) (ok bool, dropped int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	saved := float64(floodBurst) // the first line finds all of it
	if !f.last.IsZero() {
		saved = max(0, now.Sub(f.last).Seconds())
	}
	f.last = now
	f.lines = min(f.lines+saved*floodLines, floodBurst*floodLines)
	f.bytes = min(f.bytes+saved*floodBytes, floodBurst*floodBytes)
	// Once lines are dropped all are for a second, so that the log does not have every
	// hundredth.
	least := 1.0
	if f.dropped > 0 {
		least = floodLines
	}
	if f.lines < least || f.bytes < float64(size) {
		f.dropped++
		if f.dropped == 1 {
			return false, -1
		}
		return false, 0
	}
	dropped, f.dropped = f.dropped, 0
	f.lines--
	f.bytes -= float64(size)
	return true, dropped
}
