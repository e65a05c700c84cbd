package server

import (
	"io"
	"net"
	"sync/atomic"
	"testing"

	"go.uber.org/zap"
)

type counter struct{ atomic.Int64 }

func (c *counter) Inc() { c.Add(1) }

func TestDoor(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	refused := new(counter)
	d := newDoor(l, refused, zap.NewNop())
	d.max = 2
	accepted := make(chan net.Conn, 16)
	go func() {
		defer close(accepted)
		for {
			c, err := d.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	dial := func() net.Conn {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	dial()
	dial()
	first, second := <-accepted, <-accepted
	if _, err := dial().Read(make([]byte, 1)); err == nil {
		t.Error("a third is served")
	}
	for range 2 { // closing twice makes room for one
		_ = first.Close()
	}
	fourth := dial()
	got := <-accepted
	if _, err := dial().Read(make([]byte, 1)); err == nil {
		t.Error("a third is served")
	}
	parts := net.Buffers{[]byte("a"), []byte("b"), []byte("c")}
	if _, err := parts.WriteTo(got); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 3)
	if _, err := io.ReadFull(fourth, text); err != nil || string(text) != "abc" {
		t.Errorf("%q, %v", text, err)
	}
	if n := refused.Load(); n != 2 {
		t.Errorf("%d counted", n)
	}
	_ = second.Close()
	_ = got.Close()
	_ = l.Close()
	if c, more := <-accepted; more {
		t.Errorf("accepted %v", c.RemoteAddr())
	}
}

func TestMaxConns(t *testing.T) {
	for files, want := range map[uint64]int64{0: 0, 10: 1, 256: 160, 1024: 832, 1 << 20: 1<<20 - 1024, 1 << 63: 0} {
		if got := maxConns(files); got != want {
			t.Errorf("of %d files %d connections, want %d", files, got, want)
		}
	}
}
