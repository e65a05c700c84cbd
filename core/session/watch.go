package session

import (
	"context"
	"sync"
	"time"
)

// WatchOptions say how silence is dealt with. Zero values mean the defaults.
type WatchOptions struct {
	// Ping is how often a quiet socket is asked for a sign of life; default 30 s.
	Ping time.Duration
	// Idle is how long no byte may come before a socket is closed with 4408;
	// default 90 s. It is noticed within one Ping.
	Idle time.Duration
}

// Watch looks after all sessions until ctx ends: it pings the quiet ones and
// closes those that are idle or whose token has expired. One goroutine for a
// node calls it. Each tick visits one shard, so that pings are spread evenly.
func (r *Registry) Watch(ctx context.Context, o WatchOptions) {
	if o.Ping <= 0 {
		o.Ping = 30 * time.Second
	}
	if o.Idle <= 0 {
		o.Idle = 90 * time.Second
	}
	ticker := time.NewTicker(max(o.Ping/shards, time.Millisecond))
	defer ticker.Stop()
	for i := 0; ; i = (i + 1) % shards {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			r.watch(i, o)
		}
	}
}

func (r *Registry) watch(part int, o WatchOptions) {
	now := time.Now().UnixMilli()
	for _, s := range r.part(part) {
		quiet := now - s.seen.Load()
		switch {
		case s.expires != 0 && now >= s.expires:
			s.Close(CodeToken, "token expired")
		case quiet >= o.Idle.Milliseconds():
			s.Close(CodeIdle, "idle")
		case quiet >= o.Ping.Milliseconds():
			s.Control([]byte{0x89, 0})
		}
	}
}

// Stats are what a registry has counted since it was made.
type Stats struct {
	// Frames and Bytes were handed to connections, WebSocket headers included.
	Frames, Bytes uint64
	// Closes are by close code; 1006: the peer vanished.
	Closes map[int]uint64
}

// Stats returns the counts so far.
func (r *Registry) Stats() Stats {
	return Stats{Frames: r.frames.Load(), Bytes: r.bytes.Load(), Closes: r.closes.copy()}
}

// closes counts by code. Clients choose some codes, so those outside our list
// count as 1000.
type closes struct {
	mu sync.Mutex
	by map[int]uint64
}

func (c *closes) add(code int) {
	switch code {
	case 1000, CodeDraining, codeGone, 1009, 1002, 1011, 1013, CodeToken, 4403, CodeIdle, CodeReplaced, CodeSlow, 4429:
	default:
		code = 1000
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = map[int]uint64{}
	}
	c.by[code]++
}

func (c *closes) copy() map[int]uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[int]uint64, len(c.by))
	for k, v := range c.by {
		out[k] = v
	}
	return out
}
