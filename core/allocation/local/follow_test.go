//go:build linux

package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestFollow reads a log from before a server has its match to its end: nothing is
// missing, nothing comes twice.
func TestFollow(t *testing.T) {
	o := options(t, "serve")
	o.Warm, o.Max = 1, 1
	f, obs := startFleet(t, o)
	wantWaiting(t, f, 1)
	id := f.Servers()[0].ID
	_, port := firstWarm(f)
	orderPort(t, port, "GET", "/print/before", "")
	eventually(t, "it is printed", func() bool { text, _ := f.Tail(id, 1<<10); return bytes.Contains(text, []byte("before\n")) })

	begun, done := make(chan struct{}), make(chan error, 1)
	var seen strings.Builder
	go func() {
		done <- f.Follow(t.Context(), id, 1<<10, func(text []byte) error {
			if seen.Len() == 0 {
				close(begun)
			}
			seen.Write(text)
			return nil
		})
	}()
	<-begun
	s := allocate(t, f, "m")
	want := "game server in mode serve\nbefore\n"
	for n := range 20 {
		order(t, s, "GET", fmt.Sprintf("/print/line-%d", n), "")
		want += fmt.Sprintf("line-%d\n", n)
	}
	order(t, s, "GET", "/exit/0", "")
	obs.wantEnd(t, "arena m clean")
	select {
	case err := <-done:
		if err != nil || seen.String() != want {
			t.Errorf("read %q, %v; want %q", seen.String(), err, want)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("who follows is not told of the end")
	}
	// One that is gone is read to its end.
	seen.Reset()
	err := f.Follow(t.Context(), "m", 1<<10, func(text []byte) error { seen.Write(text); return nil })
	if err != nil || seen.String() != want {
		t.Errorf("read %q, %v; want %q", seen.String(), err, want)
	}
	if err := f.Follow(t.Context(), "nobody", 1, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nobody's log: %v", err)
	}
}

// TestFollowersAreBounded: in their number, in what waits for a slow one, and by
// their own end.
func TestFollowersAreBounded(t *testing.T) {
	o, err := newOutput(filepath.Join(t.TempDir(), "m.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer o.close()
	for range maxFollowers - 1 {
		if _, err := o.follow(1); err != nil {
			t.Fatal(err)
		}
	}
	slow, err := o.follow(1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.follow(1); !errors.Is(err, ErrManyFollow) {
		t.Errorf("one too many: %v", err)
	}
	line := bytes.Repeat([]byte("x"), 100<<10)
	for range 3 {
		_, _ = o.Write(line)
	}
	fmt.Fprint(o, "the end")
	text, done := o.take(slow)
	lost := 3*len(line) + len("the end") - followQueue
	if !bytes.HasPrefix(text, fmt.Appendf(nil, "\n… %d bytes are left out here\n", lost)) || !bytes.HasSuffix(text, []byte("xthe end")) || len(text) > followQueue+100 || done {
		t.Errorf("a slow one gets %d bytes, %.60q…, %t", len(text), text, done)
	}
	if text, _ := o.take(slow); len(text) != 0 {
		t.Errorf("twice: %q", text)
	}
	o.unfollow(slow)
	if _, err := o.follow(1); err != nil {
		t.Errorf("one has left: %v", err)
	}
}

// TestFollowEndsWithItsReader: by ctx, or by what write says.
func TestFollowEndsWithItsReader(t *testing.T) {
	f, _ := startFleet(t, options(t, "serve"))
	allocate(t, f, "m")
	ctx, cancel := context.WithCancel(t.Context())
	if err := f.Follow(ctx, "m", 1<<10, func([]byte) error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("ctx ended: %v", err)
	}
	gone := errors.New("the client has gone")
	if err := f.Follow(t.Context(), "m", 1<<10, func([]byte) error { return gone }); !errors.Is(err, gone) {
		t.Errorf("write failed: %v", err)
	}
	if n := len(f.find("arena", "m").output.followers); n != 0 {
		t.Errorf("%d still follow", n)
	}
}
