package session

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/muster-gg/muster/core/broadcast"
)

// peer is the other end of a session's connection.
type peer struct {
	t    *testing.T
	conn net.Conn
}

// got is one WebSocket frame as the peer reads it.
type got struct {
	op   byte
	text string
	code int // of a close frame
}

func (g got) String() string {
	switch g.op {
	case 1:
		return g.text
	case 8:
		return fmt.Sprintf("close %d", g.code)
	case 9:
		return "ping"
	}
	return fmt.Sprintf("op %d", g.op)
}

// read returns the next frame; its error is the connection's.
func (p *peer) read() (got, error) {
	var h [10]byte
	if _, err := io.ReadFull(p.conn, h[:2]); err != nil {
		return got{}, err
	}
	n := int(h[1])
	switch n {
	case 126:
		if _, err := io.ReadFull(p.conn, h[2:4]); err != nil {
			return got{}, err
		}
		n = int(binary.BigEndian.Uint16(h[2:]))
	case 127:
		if _, err := io.ReadFull(p.conn, h[2:10]); err != nil {
			return got{}, err
		}
		n = int(binary.BigEndian.Uint64(h[2:]))
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(p.conn, body); err != nil {
		return got{}, err
	}
	g := got{op: h[0] & 0xf}
	if g.op == 8 && n >= 2 {
		g.code, g.text = int(binary.BigEndian.Uint16(body)), string(body[2:])
	} else {
		g.text = string(body)
	}
	return g, nil
}

// want reads frames and compares them.
func (p *peer) want(frames ...string) {
	p.t.Helper()
	for _, w := range frames {
		g, err := p.read()
		if err != nil {
			p.t.Fatalf("want %q, got error %v", w, err)
		}
		if g.String() != w {
			p.t.Fatalf("want %q, got %q", w, g)
		}
	}
}

// open returns a session over a pipe, not admitted yet, and its peer.
func open(t *testing.T, r *Registry, p Player) (*Session, *peer) {
	t.Helper()
	ours, theirs := net.Pipe()
	s := r.New(context.Background(), ours, p, 1)
	t.Cleanup(func() { _ = theirs.Close(); s.Abort(); s.End() })
	return s, &peer{t, theirs}
}

func text(s string) *broadcast.Frame { return broadcast.NewFrame([]byte(s)) }

// snap is a snapshot of lobby L at a version.
func snap(version uint64) *broadcast.Frame { return snapOf("L", version) }

func snapOf(lobby string, version uint64) *broadcast.Frame {
	f := text(fmt.Sprintf("%s%d", lobby, version))
	f.Snapshot, f.Version = lobby, version
	return f
}
