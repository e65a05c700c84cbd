package local

import (
	"sync"
	"time"

	"github.com/muster-gg/muster/core/allocation"
)

// state is what the SDKs know of a server's life.
type state string

const (
	stateScheduled state = "Scheduled"
	stateStarting  state = "Starting"
	stateReady     state = "Ready"
	stateReserved  state = "Reserved"
	stateAllocated state = "Allocated"
	stateShutdown  state = "Shutdown"
	stateUnhealthy state = "Unhealthy"
)

// final states are never left.
func (s state) final() bool { return s == stateShutdown || s == stateUnhealthy }

// payloadAnnotation is where the SDKs read the launch payload.
const payloadAnnotation = "GAMEFLOW_PAYLOAD"

// gameServer is the object that a server sees through its sidecar. The sidecar's
// handlers change it; the server's goroutine hears of changes and acts.
type gameServer struct {
	// changed has room for one: it says "look again", not what changed.
	changed chan struct{}

	mu          sync.Mutex
	identity    identity
	state       state
	generation  int64
	handed      bool
	wasReady    bool // it has been Ready or Allocated once
	labels      map[string]string
	annotations map[string]string
	players     *playerList // nil: no list
	healthAt    time.Time   // the last sign of health, or ready
	emptyAt     time.Time   // since when there is no player
	reserved    *time.Timer // nil unless Reserved for a time
	watchers    map[*watcher]struct{}
}

// identity is the part of a game server that never changes.
type identity struct {
	name, uid, address string
	created            time.Time
	ports              []portView
}

func newGameServer(s allocation.Server, matchID string, o Options, ports []int) *gameServer {
	g := &gameServer{
		changed: make(chan struct{}, 1), state: stateScheduled,
		labels: map[string]string{}, annotations: map[string]string{}, watchers: map[*watcher]struct{}{},
		identity: identity{name: s.Name, uid: matchID, address: s.Address, created: time.Now()},
	}
	for i, name := range o.PortNames {
		g.identity.ports = append(g.identity.ports, portView{Name: name, Port: ports[i]})
	}
	if o.MaxPlayers > 0 {
		g.players = &playerList{capacity: o.MaxPlayers}
	}
	return g
}

// update changes the object under its lock and tells watchers when f says that
// something changed.
func (g *gameServer) update(f func() bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !f() {
		return
	}
	g.generation++
	if len(g.watchers) > 0 {
		frame := g.frame()
		for w := range g.watchers {
			w.push(frame)
		}
	}
	select {
	case g.changed <- struct{}{}:
	default:
	}
}

func (g *gameServer) current() state {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state
}

// enter changes the state; the caller holds the lock.
func (g *gameServer) enter(to state) bool {
	if g.state == to || g.state.final() {
		return false
	}
	if g.reserved != nil {
		g.reserved.Stop()
		g.reserved = nil
	}
	if g.state == stateScheduled || g.state == stateStarting {
		g.healthAt = time.Now()
	}
	g.state = to
	g.wasReady = g.wasReady || to == stateReady || to == stateAllocated
	return true
}

func (g *gameServer) set(to state) { g.update(func() bool { return g.enter(to) }) }

// markReady is the server's word that players may come. A server that has its
// match stays Allocated.
func (g *gameServer) markReady() {
	g.update(func() bool { return !g.handed && g.enter(stateReady) })
}

// reserve keeps a server without a match out of the pool; 0 is for good.
func (g *gameServer) reserve(d time.Duration) {
	g.update(func() bool {
		if g.handed || g.state.final() {
			return false
		}
		moved := g.enter(stateReserved)
		if g.reserved != nil {
			g.reserved.Stop()
			g.reserved = nil
		}
		if d > 0 {
			g.reserved = time.NewTimer(d)
		}
		return moved || d > 0
	})
}

// reservedFor fires when a reservation ends; nil when there is none.
func (g *gameServer) reservedFor() <-chan time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.reserved == nil {
		return nil
	}
	return g.reserved.C
}

func (g *gameServer) endReserve() {
	g.update(func() bool { return g.state == stateReserved && g.enter(stateReady) })
}

// handOver gives a server that is ready its match. A server that asked for
// shutdown right after it was ready gets it as well: its match begins and ends
// cleanly, whoever was faster. It is false when the server is not ready any more.
func (g *gameServer) handOver() (ok bool) {
	g.update(func() bool {
		if g.state == stateShutdown && g.wasReady {
			g.handed, ok = true, true
			return false
		}
		if ok = g.state == stateReady || g.state == stateAllocated; !ok {
			return false
		}
		now := time.Now()
		g.handed, g.emptyAt, g.healthAt = true, now, now
		return g.enter(stateAllocated)
	})
	return ok
}

// assign gives a warm server that still waits its match: it sees the payload and
// that it is Allocated in one change. It is false when it does not wait any more.
func (g *gameServer) assign(payload string) (ok bool) {
	g.update(func() bool {
		if ok = g.free(); !ok {
			return false
		}
		now := time.Now()
		g.annotations[payloadAnnotation] = payload
		g.handed, g.emptyAt, g.healthAt = true, now, now
		g.enter(stateAllocated)
		return true
	})
	return ok
}

// free says if a warm server can be handed a match; the caller holds the lock.
// One that allocated itself has none yet, and is kept for the next.
func (g *gameServer) free() bool {
	return !g.handed && (g.state == stateReady || g.state == stateAllocated)
}

func (g *gameServer) available() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.free()
}

func (g *gameServer) healthy() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.healthAt = time.Now()
}

func (g *gameServer) setPayload(payload string) {
	g.update(func() bool {
		g.annotations[payloadAnnotation] = payload
		return true
	})
}

// overdue says if a server that was ready is at its end at now, else when to
// look again. Zero durations are off.
func (g *gameServer) overdue(now time.Time, health, idle time.Duration) (end allocation.End, next time.Duration) {
	g.update(func() bool {
		next = time.Hour
		switch g.state {
		case stateShutdown:
			end = allocation.EndedClean
			return false
		case stateUnhealthy:
			end = allocation.EndedUnhealthy
			return false
		}
		if health > 0 {
			left := health - now.Sub(g.healthAt)
			if left <= 0 {
				end = allocation.EndedUnhealthy
				return g.enter(stateUnhealthy)
			}
			next = min(next, left)
		}
		if idle > 0 && g.players != nil && len(g.players.values) == 0 {
			left := idle - now.Sub(g.emptyAt)
			if left <= 0 {
				end = allocation.EndedIdle
				return g.enter(stateShutdown)
			}
			next = min(next, left)
		}
		return false
	})
	return end, next
}
