package broadcast_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/muster-gg/muster/core/broadcast"
)

// A real client reads frames of all header sizes, as they are written to a socket.
func TestFramesOverASocket(t *testing.T) {
	sizes := []int{0, 1, 125, 126, 127, 65535, 65536, 70_000, 1 << 20}
	text := func(n int) string { return strings.Repeat("ü\"x", n/4+1)[:n/4*4] + strings.Repeat("y", n%4) }
	upgrader := websocket.Upgrader{}
	served := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			served <- err
			return
		}
		defer c.Close()
		for _, n := range sizes {
			if _, err := c.NetConn().Write(broadcast.NewFrame([]byte(text(n))).Wire()); err != nil {
				served <- err
				return
			}
		}
		served <- nil
	}))
	defer server.Close()
	c, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, n := range sizes {
		kind, got, err := c.ReadMessage()
		if err != nil || kind != websocket.TextMessage || string(got) != text(n) {
			t.Fatalf("%d bytes: type %d, %d bytes, %v", n, kind, len(got), err)
		}
	}
	if err := <-served; err != nil {
		t.Fatal(err)
	}
}

// The header that RFC 6455 section 5.2 asks for, byte by byte.
func TestFrameHeader(t *testing.T) {
	for n, want := range map[int][]byte{
		0:     {0x81, 0},
		125:   {0x81, 125},
		126:   {0x81, 126, 0, 126},
		65535: {0x81, 126, 0xff, 0xff},
		65536: {0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0},
	} {
		f := broadcast.NewFrame(bytes.Repeat([]byte("x"), n))
		if got := f.Wire(); len(got) != len(want)+n || !bytes.HasPrefix(got, want) {
			t.Errorf("%d bytes: header %x, want %x", n, got[:min(len(got), 10)], want)
		}
		if len(f.Text()) != n {
			t.Errorf("%d bytes: text of %d", n, len(f.Text()))
		}
	}
}

// A frame keeps a copy of what NewFrame is given; one built in place has room.
func TestFrameOwnsItsBytes(t *testing.T) {
	text := []byte("before")
	f := broadcast.NewFrame(text)
	copy(text, "after!")
	if string(f.Text()) != "before" {
		t.Errorf("text %q", f.Text())
	}
	b := broadcast.Open(10)
	sealed := broadcast.Seal(append(b, "0123456789"...))
	if &sealed.Text()[0] != &b[:cap(b)][len(b)] {
		t.Error("the buffer was copied although it had room")
	}
}

func BenchmarkFrame(b *testing.B) {
	for _, n := range []int{100, 600, 8500} {
		b.Run(fmt.Sprintf("bytes=%d", n), func(b *testing.B) {
			text := make([]byte, n)
			b.ReportAllocs()
			for b.Loop() {
				broadcast.NewFrame(text)
			}
		})
	}
}
