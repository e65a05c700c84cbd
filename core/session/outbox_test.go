package session

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-gg/muster/core/broadcast"
)

func TestOrderAndCoalescing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, NewRegistry(RegistryOptions{}), Player{})
		s.Send(text("first")) // its write blocks, so the rest waits
		synctest.Wait()
		s.Send(snap(1))
		s.Send(snap(2))
		s.Send(text("chat"))
		s.Send(snap(3))
		s.Send(snapOf("M", 9))
		s.Send(snap(4))
		s.Send(snap(5))
		p.want("first", "L2", "chat", "L3", "M9", "L5")
	})
}

func TestSnapshotBeingWrittenIsNotReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, NewRegistry(RegistryOptions{}), Player{})
		s.Send(snap(1))
		synctest.Wait()
		s.Send(snap(2))
		p.want("L1", "L2")
	})
}

func TestSendCurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, NewRegistry(RegistryOptions{}), Player{})
		s.Send(text("first"))
		synctest.Wait()
		s.Send(snap(5))
		s.SendCurrent(snap(4)) // older than what is on its way
		s.SendCurrent(snap(5)) // does not replace, is not replaced
		s.Send(snap(6))
		s.SendCurrent(snapOf("M", 1))
		p.want("first", "L5", "L5", "L6", "M1")
	})
}

func TestSlowReaderIsClosedAfterTheGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, NewRegistry(RegistryOptions{Limits: Limits{Queue: 1000, Grace: 5 * time.Second}}), Player{})
		big := strings.Repeat("x", 600)
		s.Send(text("first"))
		synctest.Wait()
		s.Send(text(big))
		s.Send(text(big))
		time.Sleep(4999 * time.Millisecond)
		if s.Closed() {
			t.Fatal("closed before the grace was over")
		}
		time.Sleep(2 * time.Millisecond)
		if s.CloseCode() != CodeSlow || s.Context().Err() == nil {
			t.Fatalf("code %d, context %v", s.CloseCode(), s.Context().Err())
		}
		// What was being written is finished, what waited is dropped.
		p.want("first", "close 4413")
	})
}

func TestWhoCatchesUpLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, NewRegistry(RegistryOptions{Limits: Limits{Queue: 1000, Grace: 5 * time.Second}}), Player{})
		big := strings.Repeat("x", 600)
		for range 3 {
			s.Send(text(big))
			s.Send(text(big))
			time.Sleep(4 * time.Second)
			p.want(big, big)
			synctest.Wait()
		}
		time.Sleep(time.Hour)
		if s.Closed() {
			t.Fatal("closed although it caught up")
		}
	})
}

func TestHardBoundClosesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := open(t, NewRegistry(RegistryOptions{Limits: Limits{Queue: 1000, Hard: 2000}}), Player{})
		for range 4 {
			s.Send(text(strings.Repeat("x", 600)))
		}
		if s.CloseCode() != CodeSlow {
			t.Fatalf("code %d", s.CloseCode())
		}
	})
}

func TestManyTinyFramesCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := open(t, NewRegistry(RegistryOptions{Limits: Limits{Queue: 1000, Hard: 2000}}), Player{})
		n := 0
		for ; !s.Closed() && n < 1000; n++ {
			s.Control([]byte{0x8a, 0})
		}
		if n >= 100 {
			t.Fatalf("%d tiny frames fit into 2000 bytes", n)
		}
	})
}

func TestStalledWriteEndsTheSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := open(t, NewRegistry(RegistryOptions{Limits: Limits{Stall: 10 * time.Second}}), Player{})
		s.Send(text("nobody reads this"))
		time.Sleep(21 * time.Second)
		synctest.Wait()
		if s.CloseCode() != CodeSlow {
			t.Fatalf("code %d", s.CloseCode())
		}
		s.End()
	})
}

func TestCloseFlushesThenSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, NewRegistry(RegistryOptions{}), Player{})
		s.Send(text("a"))
		s.Send(text("b"))
		s.Close(CodeReplaced, "replaced")
		s.Close(CodeIdle, "too late")
		s.Send(text("dropped"))
		s.Control([]byte{0x89, 0})
		p.want("a", "b", "close 4409")
		synctest.Wait()
		if s.Context().Err() == nil {
			t.Error("the context lives")
		}
		done := make(chan struct{})
		go func() { s.End(); close(done) }()
		<-done
		if g, err := p.read(); err == nil {
			t.Errorf("after the close frame came %v", g)
		}
	})
}

func TestFlushIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := open(t, NewRegistry(RegistryOptions{Limits: Limits{Flush: 2 * time.Second}}), Player{})
		s.Send(text("nobody reads this"))
		s.Close(CodeDraining, "draining")
		begun := time.Now()
		s.End()
		if took := time.Since(begun); took != 2*time.Second {
			t.Errorf("End took %v", took)
		}
	})
}

// TestReaderIsReleased: after the close frame the goroutine that reads gets a
// read error within Linger, even if the peer says nothing.
func TestReaderIsReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, NewRegistry(RegistryOptions{Limits: Limits{Linger: time.Second}}), Player{})
		released := make(chan time.Time, 1)
		go func() {
			var b [1]byte
			_, _ = s.conn.Read(b[:])
			released <- time.Now()
		}()
		s.Close(CodeIdle, "idle")
		begun := time.Now()
		p.want("close 4408")
		if took := (<-released).Sub(begun); took != time.Second {
			t.Errorf("released after %v", took)
		}
	})
}

func TestLongReasonIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, NewRegistry(RegistryOptions{}), Player{})
		s.Close(4400, strings.Repeat("r", 500))
		g, err := p.read()
		if err != nil || g.code != 4400 || len(g.text) != maxReason {
			t.Errorf("%v %v, reason of %d", g, err, len(g.text))
		}
	})
}

// TestEveryFrameOnceInOrder sends from several goroutines over TCP and reads with
// pauses: all frames arrive whole, those of one sender in their order.
func TestEveryFrameOnceInOrder(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	theirs, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	ours, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	r := NewRegistry(RegistryOptions{Limits: Limits{Queue: 1 << 30, Hard: 1 << 30}})
	s := r.New(context.Background(), ours, Player{}, 1)
	const senders, each = 4, 2000
	var wg sync.WaitGroup
	for n := range senders {
		wg.Go(func() {
			for i := range each {
				s.Send(text(fmt.Sprintf("%d %d %s", n, i, strings.Repeat("y", i%700))))
			}
		})
	}
	go func() { wg.Wait(); s.Close(1000, "") }()
	p := &peer{t, theirs}
	next := [senders]int{}
	for {
		g, err := p.read()
		if err != nil {
			t.Fatal(err)
		}
		if g.op == 8 {
			break
		}
		var n, i int
		if _, err := fmt.Sscanf(g.text, "%d %d", &n, &i); err != nil {
			t.Fatalf("%q: %v", g.text, err)
		}
		if i != next[n] {
			t.Fatalf("sender %d: frame %d after %d", n, i, next[n]-1)
		}
		next[n]++
	}
	for n, i := range next {
		if i != each {
			t.Errorf("sender %d: %d frames", n, i)
		}
	}
	s.End()
	if got := r.Stats(); got.Frames != senders*each+1 || got.Closes[1000] != 1 {
		t.Errorf("stats %+v", got)
	}
}

// TestCoalescingProperty compares what arrives with a model: the queue as a list
// in which a snapshot replaces the last entry if that is one of the same lobby.
func TestCoalescingProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		picks := rapid.SliceOfN(rapid.IntRange(0, 3), 0, 200).Draw(rt, "frames")
		synctest.Test(t, func(t *testing.T) { coalesce(t, picks) })
		if t.Failed() {
			rt.FailNow()
		}
	})
}

// coalesce sends a snapshot of one of two lobbies for 0 and 1, an event otherwise.
func coalesce(t *testing.T, picks []int) {
	s, p := open(t, NewRegistry(RegistryOptions{}), Player{})
	s.Send(text("head"))
	synctest.Wait()
	want, tail := []string{"head"}, ""
	for i, pick := range picks {
		var f *broadcast.Frame
		kind := ""
		if pick < 2 {
			kind = string(rune('A' + pick))
			f = snapOf(kind, uint64(i))
		} else {
			f = text(fmt.Sprint("event", i))
		}
		s.Send(f)
		if kind != "" && kind == tail {
			want[len(want)-1] = string(f.Text())
		} else {
			want = append(want, string(f.Text()))
		}
		tail = kind
	}
	s.Close(1000, "")
	p.want(append(want, "close 1000")...)
}

func (s *Session) backlog() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting
}

func BenchmarkSend(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	theirs, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	ours, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		buf := make([]byte, 64<<10)
		for {
			if _, err := theirs.Read(buf); err != nil {
				return
			}
		}
	})
	s := NewRegistry(RegistryOptions{Limits: Limits{Queue: 1 << 30, Hard: 1 << 30}}).New(context.Background(), ours, Player{}, 1)
	f := broadcast.NewFrame(bytes.Repeat([]byte("x"), 600))
	b.SetBytes(600)
	b.ReportAllocs()
	for b.Loop() {
		s.Send(f)
		for s.backlog() > 256<<10 {
			runtime.Gosched()
		}
	}
	s.Close(1000, "")
	s.End()
	_ = theirs.Close()
	reading.Wait()
}
