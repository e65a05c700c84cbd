package session

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
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
	// maxReason is what a close frame has room for (RFC 6455 section 5.5).
	maxReason = 123
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
	if s.bound() {
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

// hangUp says that nothing more will come and gives the peer a moment to do the
// same; the goroutine that reads then sees the end or the deadline.
func (s *Session) hangUp() {
	if c, ok := s.conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
	_ = s.conn.SetReadDeadline(time.Now().Add(s.registry.limits.Linger))
}

// failed ends the session after a write that did not complete: the peer is gone,
// or does not read at all. Nothing can be told to it any more.
func (s *Session) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	code := codeGone
	if errors.Is(err, os.ErrDeadlineExceeded) {
		code = CodeSlow
	}
	s.abort(code)
	s.writing = false
}

// Close ends the session: what waits is written within Limits.Flush (a slow
// reader's queue is dropped), then a close frame with code and reason, then the
// connection ends. It does not wait. Only the first call counts. Code 0 and 1005
// send a close frame without a code.
func (s *Session) Close(code int, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.close(code, reason)
	}
}

func (s *Session) close(code int, reason string) {
	s.shut(code)
	if code == CodeSlow {
		for _, f := range s.queue {
			s.waiting -= len(f) + frameCost
		}
		s.queue = nil
	}
	s.queue = append(s.queue, closeFrame(code, reason))
	s.tail = ""
	s.waiting += len(s.queue[len(s.queue)-1]) + frameCost
	_ = s.conn.SetWriteDeadline(time.Now().Add(s.registry.limits.Flush))
	s.start()
}

// Abort ends the session and its connection at once, without a word.
func (s *Session) Abort() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.abort(codeGone)
}

func (s *Session) abort(code int) {
	if !s.closed {
		s.shut(code)
	}
	s.queue, s.waiting = nil, 0
	_ = s.conn.Close()
}

func (s *Session) shut(code int) {
	s.closed, s.code = true, code
	if s.slow != nil {
		s.slow.Stop()
		s.slow = nil
	}
	s.registry.closes.add(code)
	s.cancel()
}

// End closes the connection and returns when nothing writes to it any more. The
// goroutine that reads calls it last. A session that nobody closed is closed
// without a close frame.
func (s *Session) End() {
	s.mu.Lock()
	if !s.closed {
		s.abort(codeGone)
	}
	s.mu.Unlock()
	s.writers.Wait()
	_ = s.conn.Close()
}

// Closed reports whether the session has been closed, by whomever.
func (s *Session) Closed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// CloseCode is the code that the session was closed with; 1006 when its peer
// vanished, 0 while it is open.
func (s *Session) CloseCode() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.code
}

// closeFrame is a whole close frame (RFC 6455 section 5.5.1).
func closeFrame(code int, reason string) []byte {
	if code == 0 || code == 1005 || code == codeGone {
		return []byte{0x88, 0}
	}
	if len(reason) > maxReason {
		reason = reason[:maxReason]
	}
	f := make([]byte, 0, 4+len(reason))
	f = append(f, 0x88, byte(2+len(reason)))
	f = binary.BigEndian.AppendUint16(f, uint16(code))
	return append(f, reason...)
}
