package broadcast

import "encoding/binary"

// frameHeader is the room kept before the JSON for the longest WebSocket header
// that a server sends (RFC 6455 section 5.2: 2 bytes and a 64-bit length).
const frameHeader = 10

// Frame is one server message, ready for the wire: JSON text with its WebSocket
// header before it in one buffer, so that any number of sockets can write the
// same bytes. Immutable after Seal.
type Frame struct {
	buf   []byte
	start int
	// Snapshot is the lobby id when the frame is a lobby snapshot that a newer
	// one of the same lobby may replace while it waits; else empty.
	Snapshot string
	// Version is the version of that snapshot, 0 without one.
	Version uint64
}

// NewFrame seals a copy of text.
func NewFrame(text []byte) *Frame {
	return Seal(append(Open(len(text)), text...))
}

// Open returns a buffer with room for the header; the caller appends JSON to it
// and passes the result to Seal.
func Open(capacity int) []byte {
	return make([]byte, frameHeader, frameHeader+capacity)
}

// Seal writes the WebSocket header (FIN, text, unmasked) of a buffer that was
// begun by Open.
func Seal(buf []byte) *Frame {
	n := len(buf) - frameHeader
	f := &Frame{buf: buf}
	switch {
	case n < 126:
		f.start = frameHeader - 2
		buf[f.start+1] = byte(n)
	case n < 1<<16:
		f.start = frameHeader - 4
		buf[f.start+1] = 126
		binary.BigEndian.PutUint16(buf[f.start+2:], uint16(n))
	default:
		f.start = 0
		buf[1] = 127
		binary.BigEndian.PutUint64(buf[2:], uint64(n))
	}
	buf[f.start] = 0x81
	return f
}

// Text is the JSON.
func (f *Frame) Text() []byte { return f.buf[frameHeader:] }

// Wire is the whole WebSocket frame.
func (f *Frame) Wire() []byte { return f.buf[f.start:] }
