package allocation

import (
	"sync"
	"time"
)

// Breaker bounds how long a provider that fails every time is asked.
type Breaker struct {
	// Failures in a row that open it. 0: 5. Negative: it never opens.
	Failures int
	// Pause is how long it stays open before one call may try. 0: 10 s.
	Pause time.Duration
}

func (b Breaker) withDefaults() Breaker {
	if b.Failures == 0 {
		b.Failures = 5
	}
	if b.Pause <= 0 {
		b.Pause = 10 * time.Second
	}
	return b
}

// outcome is what a call means to the breaker.
type outcome int

const (
	neutral outcome = iota // says nothing about the provider's health
	worked
	failed
)

// breaker counts failures in a row. Open it refuses calls; after the pause it
// lets one through at a time until one works.
type breaker struct {
	Breaker
	mu       sync.Mutex
	failures int
	open     bool
	until    time.Time
	trying   bool
}

// refuses reports whether a call would be refused now.
func (b *breaker) refuses() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open && (b.trying || time.Now().Before(b.until))
}

// begin asks for leave to call; whoever gets it must call end.
func (b *breaker) begin() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return true
	}
	if b.trying || time.Now().Before(b.until) {
		return false
	}
	b.trying = true
	return true
}

// end says how a call went; it reports whether the breaker opened by it.
func (b *breaker) end(o outcome) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	tried := b.open && b.trying
	switch o {
	case worked:
		b.failures, b.open, b.trying = 0, false, false
	case neutral:
		b.trying = false
	case failed:
		b.failures++
		// A call that began before it opened changes nothing.
		if b.Failures < 0 || b.open && !tried || !b.open && b.failures < b.Failures {
			return false
		}
		b.open, b.trying, b.until = true, false, time.Now().Add(b.Pause)
		return true
	}
	return false
}
