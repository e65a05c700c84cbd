package session

import (
	"net"
	"sync"
	"time"

	"github.com/muster-gg/muster/core/broadcast"
)

const (
	// maxBatch bounds the bytes of one write beyond its first frame, so that a
	// closing socket has little left to finish.
	maxBatch = 64 << 10
	// maxParts bounds the frames of one write.
	maxParts = 64
	// keepParts is the queue's capacity that an idle socket keeps.
	keepParts = 4
	// frameCost is what a waiting frame counts beside its bytes, so that many tiny
	// ones are bounded, too.
	frameCost = 32
)

// outbox is what waits for a socket, guarded by Session.mu.
type outbox struct {
	queue [][]byte // whole WebSocket frames
	// tail is the lobby whose snapshot is the last frame of queue, if it is one.
	tail string
	// waiting counts the bytes of queue and of the write under way, and frameCost
	// for each frame.
	waiting int
	writing bool
	corked  bool // see Cork
	// seenLobby and seenVersion are the newest snapshot that was queued.
	seenLobby   string
	seenVersion uint64

	closed  bool
	code    int
	expiry  time.Time   // the connection's write deadline as set last
	slow    *time.Timer // runs while more than Limits.Queue waits
	writers sync.WaitGroup
}

// Send queues a frame; it never blocks. A snapshot that is still the last one
// waiting is replaced by a newer one of the same lobby. After Close it does nothing.
func (s *Session) Send(f *broadcast.Frame) {
	wire := f.Wire()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if f.Snapshot != "" {
		s.seenLobby, s.seenVersion = f.Snapshot, f.Version
		if s.tail == f.Snapshot && len(s.queue) > 0 {
			last := len(s.queue) - 1
			s.waiting += len(wire) - len(s.queue[last])
			s.queue[last] = wire
			s.bound()
			return
		}
	}
	s.put(wire, f.Snapshot)
}

// SendCurrent queues a lobby's snapshot that is for this socket alone, unless a
// newer one is on its way already. It never replaces one that waits.
func (s *Session) SendCurrent(f *broadcast.Frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || f.Snapshot == s.seenLobby && f.Version < s.seenVersion {
		return
	}
	s.put(f.Wire(), "")
}

// Control queues a whole control frame (ping or pong). The session keeps wire.
func (s *Session) Control(wire []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.put(wire, "")
	}
}

func (s *Session) put(wire []byte, snapshot string) {
	s.queue = append(s.queue, wire)
	s.tail = snapshot
	s.waiting += len(wire) + frameCost
	if s.bound() && !s.corked {
		s.start()
	}
}

// Cork lets what is sent wait, in order, until Uncork. A peer that is greeted thus
// sees nothing before all is in place that the greeting promises. Close ends it, too.
func (s *Session) Cork() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.corked = true
}

// Uncork lets go what waits.
func (s *Session) Uncork() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.corked = false
	if len(s.queue) > 0 {
		s.start()
	}
}

// bound holds the limits; false says that it has closed the session.
func (s *Session) bound() bool {
	l := &s.registry.limits
	switch {
	case s.waiting > l.Hard:
		s.close(CodeSlow, "reads too slowly")
		return false
	case s.waiting > l.Queue:
		if s.slow == nil {
			s.slow = time.AfterFunc(l.Grace, s.outOfPatience)
		}
	case s.slow != nil:
		s.slow.Stop()
		s.slow = nil
	}
	return true
}

// outOfPatience is called when the queue has been too long for the grace time.
func (s *Session) outOfPatience() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed && s.slow != nil && s.waiting > s.registry.limits.Queue {
		s.close(CodeSlow, "reads too slowly")
	}
}

// start lets a goroutine write what waits, unless one does.
func (s *Session) start() {
	if s.writing {
		return
	}
	s.writing = true
	s.writers.Add(1)
	go s.write()
}

// batches are the arrays of writes under way.
var batches = sync.Pool{New: func() any { return new([maxParts][]byte) }}

// write is the only goroutine that writes to the connection while it runs. It
// ends when nothing waits.
func (s *Session) write() {
	defer s.writers.Done()
	room := batches.Get().(*[maxParts][]byte)
	defer func() {
		clear(room[:])
		batches.Put(room)
	}()
	for {
		batch, size := s.take(room)
		if batch == nil {
			return
		}
		var err error
		parts := len(batch) // WriteTo consumes batch
		if parts == 1 {
			_, err = s.conn.Write(batch[0])
		} else {
			_, err = batch.WriteTo(s.conn)
		}
		if err != nil {
			s.failed(err)
			return
		}
		s.registry.bytes.Add(uint64(size))
		s.mu.Lock()
		s.waiting -= size + parts*frameCost
		if !s.closed {
			s.bound()
		}
		s.mu.Unlock()
	}
}

// take moves the next frames from the queue into room. When there are none it
// ends the writing; after the close frame it ends the connection's half as well.
func (s *Session) take(room *[maxParts][]byte) (batch net.Buffers, size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for n < len(s.queue) && n < maxParts && (n == 0 || size+len(s.queue[n]) <= maxBatch) {
		room[n] = s.queue[n]
		size += len(s.queue[n])
		n++
	}
	if n == 0 {
		s.writing = false
		if s.closed {
			s.hangUp()
		}
		return nil, 0
	}
	left := copy(s.queue, s.queue[n:])
	clear(s.queue[left:])
	s.queue = s.queue[:left]
	if left == 0 {
		s.tail = ""
		if cap(s.queue) > keepParts {
			s.queue = nil
		}
	}
	s.registry.frames.Add(uint64(n))
	if now := time.Now(); !s.closed && s.expiry.Sub(now) < s.registry.limits.Stall {
		// Set seldom: it costs a timer, and a write may take longer than Stall.
		s.expiry = now.Add(2 * s.registry.limits.Stall)
		_ = s.conn.SetWriteDeadline(s.expiry)
	}
	return room[:n], size
}
