package local

import "time"

// Stats are figures of a fleet for its operator.
type Stats struct {
	// Servers are all, those that are still ending included.
	Servers int
	// Waiting are the warm servers that are ready for a match.
	Waiting int
	// Crashes counts servers that ended before they had a match and should not have.
	Crashes uint64
	// MemoryEnded counts servers that were ended because they used too much memory.
	MemoryEnded uint64
	// Held is for how long no server is started because the last ones crashed.
	Held time.Duration
}

// Stats returns the figures of now.
func (f *Fleet) Stats() Stats {
	st := Stats{Servers: f.Len(), Held: f.crashes.hold(time.Now()), Crashes: f.crashes.count(), MemoryEnded: f.memoryEnded.Load()}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.warm {
		if since, ending := s.waits(); !since.IsZero() && !ending && s.object.available() {
			st.Waiting++
		}
	}
	return st
}
