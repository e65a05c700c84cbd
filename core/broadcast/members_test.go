package broadcast

import "testing"

type nobody struct{}

func (*nobody) Account() string { return "" }
func (*nobody) Level() int      { return 1 }
func (*nobody) Send(*Frame)     {}

// A delivery that ended a subscription comes late: its subscriber follows
// something else by now and must go on doing so.
func TestEndedComesLate(t *testing.T) {
	var ms members
	ms.init()
	s := &nobody{}
	old, now := &subscription{subscriber: s}, &subscription{subscriber: s}
	m := ms.enter(s)
	ms.set(s, m, old)
	ms.set(s, m, now)
	ms.leave(s, m)
	ms.ended(old)
	if m := ms.enter(s); ms.current(s, m) != now {
		t.Fatal("the newer subscription is gone")
	} else {
		ms.leave(s, m)
	}
	ms.ended(now)
	ms.ended(now)
	if n := len(ms.all()); n != 0 {
		t.Fatalf("%d members are left", n)
	}
}
