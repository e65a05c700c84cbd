package local

import (
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-gg/muster/core/allocation"
)

func TestStates(t *testing.T) {
	ready := func(g *gameServer) { g.markReady() }
	set := func(s state) func(*gameServer) { return func(g *gameServer) { g.set(s) } }
	hand := func(g *gameServer) { g.handOver() }
	cases := map[string]struct {
		steps []func(*gameServer)
		want  state
	}{
		"ready":                        {[]func(*gameServer){set(stateStarting), ready}, stateReady},
		"handed":                       {[]func(*gameServer){ready, hand}, stateAllocated},
		"handed before ready":          {[]func(*gameServer){hand}, stateScheduled},
		"ready again with a match":     {[]func(*gameServer){ready, hand, ready}, stateAllocated},
		"reserved with a match":        {[]func(*gameServer){ready, hand, func(g *gameServer) { g.reserve(time.Hour) }}, stateAllocated},
		"reserved":                     {[]func(*gameServer){ready, func(g *gameServer) { g.reserve(0) }, hand}, stateReserved},
		"reserved, ready, handed":      {[]func(*gameServer){func(g *gameServer) { g.reserve(0) }, ready, hand}, stateAllocated},
		"took itself":                  {[]func(*gameServer){set(stateAllocated), hand}, stateAllocated},
		"took itself, ready for more":  {[]func(*gameServer){set(stateAllocated), ready}, stateReady},
		"handed after shutdown":        {[]func(*gameServer){ready, set(stateShutdown), hand}, stateShutdown},
		"nothing after shutdown":       {[]func(*gameServer){ready, set(stateShutdown), ready, hand, set(stateUnhealthy)}, stateShutdown},
		"nothing after unhealthy":      {[]func(*gameServer){ready, set(stateUnhealthy), ready, set(stateAllocated)}, stateUnhealthy},
		"end of a reservation":         {[]func(*gameServer){func(g *gameServer) { g.reserve(time.Hour) }, (*gameServer).endReserve}, stateReady},
		"end of one that was replaced": {[]func(*gameServer){ready, hand, (*gameServer).endReserve}, stateAllocated},
	}
	for name, c := range cases {
		g := testObject(0)
		for _, step := range c.steps {
			step(g)
		}
		if got := g.current(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestOverdue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const health, idle = 30 * time.Second, 5 * time.Minute
		look := func(g *gameServer, want allocation.End, wantNext time.Duration) {
			t.Helper()
			if end, next := g.overdue(time.Now(), health, idle); end != want || want == 0 && next != wantNext {
				t.Errorf("%s, again in %s; want %s, %s", end, next, want, wantNext)
			}
		}
		g := testObject(2)
		pass(time.Hour) // a slow start is not ill health
		g.markReady()
		pass(10 * time.Second)
		g.handOver()
		look(g, 0, health)
		pass(20 * time.Second)
		look(g, 0, 10*time.Second)
		g.healthy()
		look(g, 0, health)
		pass(health)
		look(g, allocation.EndedUnhealthy, 0)
		g.healthy() // too late
		look(g, allocation.EndedUnhealthy, 0)

		g = testObject(2)
		g.markReady()
		g.handOver()
		pass(idle - 10*time.Second)
		g.healthy()
		look(g, 0, 10*time.Second)
		_, _ = g.addPlayer("p")
		pass(20 * time.Second)
		look(g, 0, 10*time.Second)
		g.healthy()
		_, _ = g.removePlayer("p")
		for range 10 {
			look(g, 0, health)
			pass(29 * time.Second)
			g.healthy()
		}
		look(g, 0, 10*time.Second)
		pass(10 * time.Second)
		look(g, allocation.EndedIdle, 0)
		look(g, allocation.EndedClean, 0) // told once as idle; the state is Shutdown by then

		g = testObject(0) // no list, no idle time
		g.markReady()
		g.handOver()
		pass(time.Hour)
		g.healthy()
		look(g, 0, health)
	})
}

// pass lets time go by on a bubble's false clock.
func pass(d time.Duration) { <-time.After(d) }

// TestPlayersProperty: whatever is asked for, the list is a set within its
// capacity, and errors change nothing.
func TestPlayersProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.IntRange(1, 4).Draw(t, "capacity")
		g := testObject(capacity)
		model := map[string]bool{}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			value := rapid.SampledFrom([]string{"a", "b", "c", "d", "e", ""}).Draw(t, "value")
			generation := g.generation
			var err, want error
			if rapid.Bool().Draw(t, "add") {
				_, err = g.addPlayer(value)
				switch {
				case value == "":
					want = errBadPlayer
				case model[value]:
					want = errThere
				case len(model) == capacity:
					want = errListFull
				default:
					model[value] = true
				}
			} else {
				_, err = g.removePlayer(value)
				if !model[value] {
					want = errNoValue
				}
				delete(model, value)
			}
			view, _ := g.listPlayers()
			if err != want || len(view.Values) != len(model) || (err == nil) != (g.generation == generation+1) {
				t.Fatalf("%q: %v, want %v; list %v, want %v", value, err, want, view.Values, model)
			}
			for _, v := range view.Values {
				if !model[v] {
					t.Fatalf("%q is in the list", v)
				}
			}
		}
	})
}
