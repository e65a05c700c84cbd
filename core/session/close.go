package session

import (
	"encoding/binary"
	"errors"
	"os"
	"time"
)

// maxReason is what a close frame has room for (RFC 6455 section 5.5).
const maxReason = 123

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
