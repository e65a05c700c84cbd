package local

import (
	"fmt"
	"sync"
	"time"
)

// crash is why a server ended that should have lived: it counts towards a loop.
// What the caller or the machine did is none.
type crash struct{ error }

func (c crash) Unwrap() error { return c.error }

const (
	// crashesFree is how many starts may fail in a row before the next is held.
	crashesFree = 3
	// A loop is slowed down to one try each holdLeast, twice that, … holdMost.
	holdLeast = time.Second
	holdMost  = time.Minute
	// crashQuiet without a failure ends a loop; a warm server that lived as long
	// is no part of one.
	crashQuiet = 5 * time.Minute
)

// crashes slows a fleet down whose servers end before they have a match, again
// and again.
type crashes struct {
	mu     sync.Mutex
	total  uint64
	row    int // failures since the last success
	wait   time.Duration
	last   time.Time // the last failure
	raised time.Time // when wait was made longer
	until  time.Time
	cause  error
}

// succeeded ends a loop.
func (c *crashes) succeeded() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget()
}

func (c *crashes) forget() { c.row, c.wait, c.until, c.cause = 0, 0, time.Time{}, nil }

// failed counts the failure of a server that was started at began. Servers that
// were started together count as one try.
func (c *crashes) failed(began, now time.Time, cause error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.last) > crashQuiet {
		c.forget()
	}
	c.total++
	c.row++
	c.last, c.cause = now, cause
	if c.row < crashesFree || c.wait > 0 && began.Before(c.raised) {
		return
	}
	c.wait = min(max(2*c.wait, holdLeast), holdMost)
	c.raised, c.until = now, now.Add(c.wait)
}

// hold is for how long nothing may be started.
func (c *crashes) hold(now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(0, c.until.Sub(now))
}

// held is the error of a start that comes too early.
func (c *crashes) held(now time.Time) error {
	left := c.hold(now)
	if left == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// Only the text: what the last one died of is not why this one is refused.
	return fmt.Errorf("%d servers in a row ended before they were ready; the next start is in %s; the last: %v",
		c.row, left.Round(time.Millisecond), c.cause)
}

func (c *crashes) count() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total
}
