package session

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func admit(t *testing.T, r *Registry, s *Session, p Policy) {
	t.Helper()
	unlock, err := r.Lock(context.Background(), s.Game(), s.Account())
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if err := r.Admit(s, p); err != nil {
		t.Fatal(err)
	}
}

func TestReplace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry(RegistryOptions{})
		who := Player{Game: "g", AccountID: "ann"}
		old, p := open(t, r, who)
		admit(t, r, old, Replace)
		fresh, _ := open(t, r, who)
		admit(t, r, fresh, Replace)
		if fresh.Generation() <= old.Generation() {
			t.Error("the generation does not grow")
		}
		p.want("close 4409")
		if removed, _ := r.Remove(old); removed {
			t.Error("the old socket removed the new one")
		}
		if got := r.Of("g", "ann"); len(got) != 1 || got[0] != fresh || r.Count() != 1 {
			t.Errorf("%v, count %d", got, r.Count())
		}
		if removed, left := r.Remove(fresh); !removed || left != 0 || r.Count() != 0 {
			t.Errorf("removed %v, left %d, count %d", removed, left, r.Count())
		}
	})
}

// TestReplaceWaitsForTheOldOne: the new socket is not let in while a message of
// the old one is still being handled.
func TestReplaceWaitsForTheOldOne(t *testing.T) {
	for range 200 {
		r := NewRegistry(RegistryOptions{})
		who := Player{Game: "g", AccountID: "ann"}
		old, _ := open(t, r, who)
		admit(t, r, old, Replace)
		if !old.Begin() {
			t.Fatal("closed")
		}
		fresh, _ := open(t, r, who)
		handled := false // a race with the goroutine below would be a report
		in := make(chan struct{})
		go func() {
			defer close(in)
			admit(t, r, fresh, Replace)
			if !handled {
				t.Error("the new socket came in before the old one was done")
			}
		}()
		<-old.Context().Done()
		if got := r.Of("g", "ann"); len(got) != 1 || got[0] != old {
			t.Error("the old one must stay until it is quiet")
		}
		handled = true
		old.Done()
		<-in
		if old.Begin() {
			t.Fatal("the old one goes on")
		}
	}
}

func TestRefuseAndAllow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry(RegistryOptions{})
		who := Player{Game: "g", AccountID: "ann", SID: "s1"}
		first, _ := open(t, r, who)
		admit(t, r, first, Refuse)
		second, _ := open(t, r, Player{Game: "g", AccountID: "ann", SID: "s2"})
		if err := r.Admit(second, Refuse); !errors.Is(err, ErrRefused) {
			t.Fatal(err)
		}
		if first.Closed() || r.Count() != 1 {
			t.Fatal("a refused socket changed something")
		}
		admit(t, r, second, Allow)
		third, _ := open(t, r, who)
		admit(t, r, third, Allow)
		other, _ := open(t, r, Player{Game: "h", AccountID: "ann", SID: "s1"})
		admit(t, r, other, Allow)
		if got := r.Of("g", "ann"); len(got) != 3 || got[0] != third || got[2] != first {
			t.Fatalf("%v", got)
		}
		if removed, left := r.Remove(second); !removed || left != 2 {
			t.Fatalf("removed %v, left %d", removed, left)
		}
		r.CloseSignIns("g", "ann", []string{"s1"})
		if !first.Closed() || !third.Closed() || other.Closed() {
			t.Error("the wrong sockets were closed")
		}
		if first.CloseCode() != CodeToken {
			t.Errorf("code %d", first.CloseCode())
		}
		r.CloseAccount("h", "ann", 4403, "banned")
		if other.CloseCode() != 4403 {
			t.Errorf("code %d", other.CloseCode())
		}
	})
}

func TestRenameAndTellAndDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry(RegistryOptions{})
		var peers []*peer
		for i := range 100 {
			s, p := open(t, r, Player{Game: "g", AccountID: fmt.Sprint(i), Username: "old"})
			admit(t, r, s, Replace)
			peers = append(peers, p)
		}
		r.Rename("g", "7", "new")
		if got := r.Of("g", "7")[0].Username(); got != "new" {
			t.Error(got)
		}
		r.Tell(text("soon"))
		r.Drain()
		for _, p := range peers {
			p.want("soon", "close 1001")
		}
		n := 0
		for range r.Each {
			n++
			if n == 10 {
				break
			}
		}
		if n != 10 {
			t.Errorf("Each went on to %d", n)
		}
	})
}

func TestLockIsPerAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry(RegistryOptions{})
		unlock, err := r.Lock(t.Context(), "g", "ann")
		if err != nil {
			t.Fatal(err)
		}
		other, err := r.Lock(t.Context(), "g", "bob")
		if err != nil {
			t.Fatal(err)
		}
		other()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.Lock(ctx, "g", "ann"); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		unlock()
		unlock, err = r.Lock(t.Context(), "g", "ann")
		if err != nil {
			t.Fatal(err)
		}
		unlock()
		for i := range r.shards {
			if n := len(r.shards[i].sections); n != 0 {
				t.Errorf("%d sections are left", n)
			}
		}
	})
}

func TestLockExcludes(t *testing.T) {
	r := NewRegistry(RegistryOptions{})
	inside, total := 0, 0
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				unlock, err := r.Lock(context.Background(), "g", "ann")
				if err != nil {
					t.Error(err)
					return
				}
				inside++
				if inside != 1 {
					t.Error("two are inside")
				}
				total++
				inside--
				unlock()
			}
		})
	}
	wg.Wait()
	if total != 4000 {
		t.Errorf("total %d", total)
	}
}

func TestWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry(RegistryOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { r.Watch(ctx, WatchOptions{Ping: 30 * time.Second, Idle: 90 * time.Second}) })
		defer wg.Wait()
		defer cancel()

		quiet, quietPeer := open(t, r, Player{Game: "g", AccountID: "quiet"})
		admit(t, r, quiet, Replace)
		lively, _ := open(t, r, Player{Game: "g", AccountID: "lively"})
		admit(t, r, lively, Replace)
		expiring, expiringPeer := open(t, r, Player{Game: "g", AccountID: "expiring", Expires: time.Now().Add(40 * time.Second)})
		admit(t, r, expiring, Replace)

		seen := make(chan []string, 1)
		go func() {
			var list []string
			for {
				g, err := quietPeer.read()
				if err != nil {
					seen <- list
					return
				}
				list = append(list, g.String())
			}
		}()
		gone := make(chan string, 1)
		go func() {
			for {
				if g, err := expiringPeer.read(); err != nil || g.op == 8 {
					gone <- g.String()
					return
				}
			}
		}()
		for range 150 {
			time.Sleep(time.Second)
			lively.Touch()
		}
		if quiet.CloseCode() != CodeIdle || lively.Closed() {
			t.Errorf("quiet %d, lively closed %v", quiet.CloseCode(), lively.Closed())
		}
		if got := <-gone; got != "close 4401" {
			t.Errorf("expired: %s", got)
		}
		quiet.End()
		list := <-seen
		if n := len(list); n < 2 || n > 4 || list[0] != "ping" || list[n-1] != "close 4408" {
			t.Errorf("the quiet one got %v", list)
		}
	})
}

// TestComeAndGo lets sockets of few accounts come and go from many goroutines:
// at no time has an account two, and none is left.
func TestComeAndGo(t *testing.T) {
	r := NewRegistry(RegistryOptions{})
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for i := range 200 {
				s, p := open(t, r, Player{Game: "g", AccountID: fmt.Sprint((n + i) % 3)})
				drained := make(chan struct{})
				go func() {
					defer close(drained)
					for {
						if _, err := p.read(); err != nil {
							return
						}
					}
				}()
				admit(t, r, s, Replace)
				if n := len(r.Of(s.Game(), s.Account())); n > 1 {
					t.Errorf("%d sockets of one account", n)
				}
				s.Send(text("hello"))
				unlock, _ := r.Lock(context.Background(), s.Game(), s.Account())
				r.Remove(s)
				unlock()
				s.Abort()
				s.End()
				<-drained
			}
		})
	}
	wg.Wait()
	if r.Count() != 0 {
		t.Errorf("%d are left", r.Count())
	}
}
