package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/muster-gg/muster/sample-game/server/sim"
)

const (
	tickTime = time.Second / sim.TickRate
	// maxCatchUp is how many steps are made at once after a pause of the machine;
	// what is more is lost.
	maxCatchUp = 4
	commands   = 256
)

// match is one match: the world, who is connected, and the times that it waits for
// people. Its fields belong to the goroutine that calls run; others use do.
type match struct {
	settings settings
	roster   roster
	world    *sim.World
	present  func(id string, here bool) // tells the fleet; must not block
	log      *slog.Logger

	commands chan func()
	over     chan struct{} // closed when run returns

	clients []*client // by index of the roster, nil for who is away
	met     []bool    // who has been here
	joined  int       // tick of the first join, 0 before
	empty   int       // tick since when nobody is here
	final   []byte    // the over message, once it is sent
	buffer  []byte
}

func newMatch(s settings, r roster, seed uint64, present func(string, bool), log *slog.Logger) *match {
	return &match{
		settings: s, roster: r, world: sim.New(s.rules, r.seats(), seed), present: present, log: log,
		commands: make(chan func(), commands), over: make(chan struct{}),
		clients: make([]*client, len(r.players)), met: make([]bool, len(r.players)),
	}
}

// do runs f on the match's goroutine, later. It is false when the match is gone.
func (m *match) do(f func()) bool {
	select {
	case <-m.over:
		return false
	default:
	}
	select {
	case m.commands <- f:
		return true
	case <-m.over:
		return false
	}
}

// play runs the match until it is over or ctx ends.
func (m *match) play(ctx context.Context) error {
	return m.drive(ctx, func() bool { m.step(); return m.world.Phase == sim.PhaseOver })
}

// drive calls step for every tick, and commands between, until step is true.
func (m *match) drive(ctx context.Context, step func() bool) error {
	ticker := time.NewTicker(tickTime)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case f := <-m.commands:
			f()
		case now := <-ticker.C:
			due := int(now.Sub(last) / tickTime)
			last = last.Add(time.Duration(due) * tickTime)
			for range min(due, maxCatchUp) {
				if step() {
					return nil
				}
			}
		}
	}
}

// join seats a player; an older socket of the same player is closed.
func (m *match) join(c *client, i int) {
	if old := m.clients[i]; old != nil {
		old.fail(codeReplaced, "You joined from somewhere else")
	}
	again := m.met[i]
	m.clients[i], m.met[i] = c, true
	if m.joined == 0 {
		m.joined = max(1, m.world.Tick)
	}
	m.world.Connect(i, true)
	p := m.roster.players[i]
	m.present(p.ID, true)
	m.log.Info("player joined", "account", p.ID, "again", again)
	c.send(encodeWelcome(p.ID, m.settings, m.roster))
	c.send(finishState(appendState(nil, m.world), c.ack))
	if m.final != nil {
		c.send(m.final)
	}
	m.tell(sim.Event{Kind: "join", Player: i, Team: p.Team, By: -1, N: -1})
}

// leave is the end of a socket; one that was replaced changes nothing.
func (m *match) leave(c *client, i int) {
	if m.clients[i] != c {
		return
	}
	m.clients[i], m.empty = nil, m.world.Tick
	m.world.Connect(i, false)
	p := m.roster.players[i]
	m.present(p.ID, false)
	m.log.Info("player left", "account", p.ID)
	m.tell(sim.Event{Kind: "leave", Player: i, Team: p.Team, By: -1, N: -1})
}

// input takes a player's wish; one that is older than what is known is passed over.
func (m *match) input(c *client, i int, in message) {
	if m.clients[i] != c || in.Seq < c.ack {
		return
	}
	c.ack = in.Seq
	m.world.Set(i, in.input())
}

// here is the number of people connected.
func (m *match) here() int {
	n := 0
	for _, c := range m.clients {
		if c != nil {
			n++
		}
	}
	return n
}

// step is one tick of the match.
func (m *match) step() {
	m.wait()
	for _, e := range m.world.Step() {
		m.tell(e)
	}
	m.show()
}

// wait begins the countdown when it is time, and ends a match without people.
func (m *match) wait() {
	w, now := m.settings.waits, m.world.Tick
	switch {
	case m.world.Phase == sim.PhaseOver:
	case m.joined == 0:
		if now >= ticks(w.first) {
			m.log.Warn("nobody joined")
			m.world.End()
		}
	case m.here() == 0 && now-m.empty >= ticks(w.back):
		m.log.Warn("everybody is gone")
		m.world.End()
	case m.world.Phase == sim.PhaseWait:
		if m.everybodyMet() || now-m.joined >= ticks(w.rest) {
			m.world.Start()
		}
	}
}

func (m *match) everybodyMet() bool {
	for i, p := range m.roster.players {
		if !p.Bot && !m.met[i] {
			return false
		}
	}
	return true
}

func ticks(d time.Duration) int { return int(d / tickTime) }

// show sends everybody the state.
func (m *match) show() {
	m.buffer = appendState(m.buffer[:0], m.world)
	for _, c := range m.clients {
		if c != nil {
			c.send(finishState(m.buffer, c.ack))
		}
	}
}

func (m *match) tell(e sim.Event) { m.broadcast(encodeEvent(e)) }

func (m *match) broadcast(frame []byte) {
	for _, c := range m.clients {
		if c != nil {
			c.send(frame)
		}
	}
}

// finish tells everybody how it ended, now and when they come back.
func (m *match) finish() {
	if m.final == nil {
		m.final = encodeOver(m.world, m.roster)
		m.broadcast(m.final)
	}
}
