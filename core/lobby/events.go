package lobby

import (
	"hash/maphash"
	"slices"
	"sync"

	"github.com/muster-gg/muster/sdk/hook"
)

// Events is told what happened in the lobbies: after it was saved, once, and in the
// order of a lobby's versions as far as this node made them. What it is given is
// immutable. It is called between commands, so it must not block.
type Events interface {
	// Wanted reports whether anybody listens; nothing is kept for nobody. It is cheap.
	Wanted() bool
	// LobbyCreated: the lobby was made, its owner is in it.
	LobbyCreated(l *Lobby)
	// PlayerJoined: a human who is not the owner of a new lobby took a seat.
	PlayerJoined(l *Lobby, p Player)
	// PlayerLeft: a human's seat in a lobby that lives, or lived until then, is free again.
	PlayerLeft(l *Lobby, p Player, reason string)
	// MatchStarted: the lobby is in its Match.
	MatchStarted(l *Lobby)
}

// Why a player left.
const (
	leftSelf    = "left"
	leftMoved   = "moved"
	leftKicked  = "kicked"
	leftUnready = "ready_timeout"
	leftAway    = "away"
)

// happening is something that Events is told once it is saved.
type happening struct {
	kind   happeningKind
	lobby  *Lobby // as it was then
	player Player
	reason string
}

type happeningKind uint8

const (
	lobbyCreated happeningKind = iota + 1
	playerJoined
	playerLeft
	matchStarted
)

// happen keeps what has happened, with the lobby as it is now, if anybody listens.
func (c *change) happen(h happening, l *Lobby) {
	if c.watched {
		h.lobby = l.clone()
		c.happened = append(c.happened, h)
	}
}

// tell hands over what has happened to one lobby.
func (h happening) tell(e Events) {
	switch h.kind {
	case lobbyCreated:
		e.LobbyCreated(h.lobby)
	case playerJoined:
		e.PlayerJoined(h.lobby, h.player)
	case playerLeft:
		e.PlayerLeft(h.lobby, h.player, h.reason)
	case matchStarted:
		e.MatchStarted(h.lobby)
	}
}

// watched reports whether what happens is kept.
func (s *Service) watched() bool { return s.events != nil && s.events.Wanted() }

// turns let the writes that Events is told of go one after the other, lobby by
// lobby: the combiner of another lobby may take a mover out of this one, and what
// was saved first must be told first.
type turns struct {
	seed  maphash.Seed
	locks [64]sync.Mutex
}

// take waits for the turn of the lobbies to which something has happened, and
// returns how it is given back.
func (t *turns) take(w *work) (done func()) {
	var mine []int
	for _, id := range w.order {
		if len(w.changes[id].happened) > 0 {
			mine = append(mine, int(maphash.String(t.seed, id)%uint64(len(t.locks))))
		}
	}
	slices.Sort(mine) // two who want the same lobbies never wait for each other
	mine = slices.Compact(mine)
	for _, i := range mine {
		t.locks[i].Lock()
	}
	return func() {
		for _, i := range mine {
			t.locks[i].Unlock()
		}
	}
}

// announce tells what a saved batch of lobby id made happen: first to the lobbies
// that somebody left for this one.
func (s *Service) announce(id string, w *work) {
	for _, changed := range w.order {
		if changed != id {
			w.changes[changed].announce(s.events)
		}
	}
	if c, ok := w.changes[id]; ok {
		c.announce(s.events)
	}
}

func (c *change) announce(e Events) {
	for _, h := range c.happened {
		h.tell(e)
	}
}

// Emitter tells hooks what happened; *hooks.Runner is it.
type Emitter interface {
	// Serves reports whether any hook serves a point; it is cheap.
	Serves(p hook.Point) bool
	// Emit never waits.
	Emit(event *hook.Event)
}

// EventsOf tells the hooks of an emitter.
func EventsOf(e Emitter) Events { return emitted{e} }

type emitted struct{ Emitter }

var _ Events = emitted{}

func (e emitted) Wanted() bool { return e.Serves(hook.PointEvents) }

func (e emitted) LobbyCreated(l *Lobby) {
	if m, err := l.Message(); err == nil { // it is one: a lobby's properties were checked
		e.Emit(&hook.Event{Kind: &hook.Event_LobbyCreated{LobbyCreated: &hook.LobbyCreated{Lobby: m}}})
	}
}

func (e emitted) PlayerJoined(l *Lobby, p Player) {
	m, err := l.Message()
	player, err2 := p.message()
	if err == nil && err2 == nil {
		e.Emit(&hook.Event{Kind: &hook.Event_PlayerJoined{PlayerJoined: &hook.PlayerJoined{Lobby: m, Player: player}}})
	}
}

func (e emitted) PlayerLeft(l *Lobby, p Player, reason string) {
	m, err := l.Message()
	player, err2 := p.message()
	if err == nil && err2 == nil {
		e.Emit(&hook.Event{Kind: &hook.Event_PlayerLeft{PlayerLeft: &hook.PlayerLeft{Lobby: m, Player: player, Reason: reason}}})
	}
}

func (e emitted) MatchStarted(l *Lobby) {
	m, err := l.Message()
	if err != nil || l.Match == nil {
		return
	}
	e.Emit(&hook.Event{Kind: &hook.Event_MatchStarted{MatchStarted: &hook.MatchStarted{Match: &hook.Match{
		Id: l.Match.ID, Lobby: m, StartedAt: l.Match.StartedAt.UnixMilli(),
		Server: &hook.Server{Name: l.Match.Server.Name, Address: l.Match.Server.Address, Port: int32(l.Match.Server.Port)},
	}}}})
}
