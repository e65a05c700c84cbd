package local

import "github.com/muster-gg/muster/core/allocation"

// maxArrivals bounds the names that the observer is told of one server: what a
// server puts into its list is its own affair.
const maxArrivals = 1024

// arrivals are the names that were put into the list, each once. The game
// server's lock guards them.
type arrivals struct {
	seen    map[string]struct{}
	waiting []string // not told yet
	telling bool
}

// note keeps a name that is new.
func (a *arrivals) note(name string) {
	if _, known := a.seen[name]; known || len(a.seen) >= maxArrivals {
		return
	}
	if a.seen == nil {
		a.seen = map[string]struct{}{}
	}
	a.seen[name] = struct{}{}
	a.waiting = append(a.waiting, name)
}

// beginTelling reports whether there is something to tell that nobody tells.
func (g *gameServer) beginTelling() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.players == nil || g.players.arrivals.telling || len(g.players.arrivals.waiting) == 0 {
		return false
	}
	g.players.arrivals.telling = true
	return true
}

// takeArrivals returns who is to be told of, and ends the telling.
func (g *gameServer) takeArrivals() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.players == nil {
		return nil
	}
	names := g.players.arrivals.waiting
	g.players.arrivals.waiting, g.players.arrivals.telling = nil, false
	return names
}

// followPlayers tells the observer of players who are new, in nobody's way. The
// server has its match.
func (s *server) followPlayers() {
	if !s.object.beginTelling() {
		return
	}
	s.fleet.wg.Go(func() {
		s.observing.Lock()
		defer s.observing.Unlock()
		s.tellPlayers()
	})
}

// tellPlayers tells of all who are not told yet; the caller holds observing.
func (s *server) tellPlayers() {
	o, ok := s.fleet.observer.(allocation.PlayerObserver)
	for _, name := range s.object.takeArrivals() {
		if ok {
			o.PlayerConnected(s.fleet.told, s.fleet.opts.Game, s.match(), name)
		}
	}
}
