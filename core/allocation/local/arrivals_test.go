package local

import (
	"slices"
	"strconv"
	"testing"
)

// TestArrivals: a name is told once, however often it comes, and not without bound.
func TestArrivals(t *testing.T) {
	g := testObject(2)
	if g.beginTelling() {
		t.Error("nobody came, and it tells")
	}
	for _, name := range []string{"a", "b", "c"} { // the list has room for two
		_, _ = g.addPlayer(name)
	}
	_, _ = g.removePlayer("a")
	_, _ = g.addPlayer("a")
	if !g.beginTelling() || g.beginTelling() {
		t.Error("it is not told by one at a time")
	}
	if got := g.takeArrivals(); !slices.Equal(got, []string{"a", "b"}) || len(g.takeArrivals()) != 0 {
		t.Errorf("told of %q", got)
	}
	for i := range 2 * maxArrivals {
		_, _ = g.removePlayer(strconv.Itoa(i - 1))
		_, _ = g.removePlayer("a")
		_, _ = g.addPlayer(strconv.Itoa(i))
	}
	if got := len(g.takeArrivals()); got != maxArrivals-2 {
		t.Errorf("keeps %d names", got)
	}
	if none := testObject(0); none.beginTelling() || none.takeArrivals() != nil {
		t.Error("no list, and arrivals")
	}
}
