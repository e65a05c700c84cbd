package session

import (
	"testing"
	"testing/synctest"
)

func TestCorkHoldsBackInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry(RegistryOptions{})
		s, p := open(t, r, Player{})
		s.Cork()
		s.Send(text("hello"))
		s.Send(text("chat"))
		synctest.Wait()
		if n := s.waiting; n == 0 || s.writing {
			t.Errorf("corked: %d bytes wait, writing %v", n, s.writing)
		}
		s.Uncork()
		p.want("hello", "chat")
		s.Cork()
		s.Uncork() // with nothing to let go
		s.Send(text("more"))
		p.want("more")
	})
}

func TestCloseEndsACork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, p := open(t, NewRegistry(RegistryOptions{}), Player{})
		s.Cork()
		s.Send(text("hello"))
		s.Close(CodeDraining, "draining")
		p.want("hello", "close 1001")
		s.Uncork()
	})
}
