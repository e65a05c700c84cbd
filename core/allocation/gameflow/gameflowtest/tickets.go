package gameflowtest

import (
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"
)

// TicketCall names one of the calls of matchmaking.
type TicketCall string

// The calls of matchmaking.
const (
	CreateTicket TicketCall = "create"
	TicketStatus TicketCall = "status"
	DeleteTicket TicketCall = "delete"
)

// TicketFault is how a call of matchmaking is answered instead of well.
type TicketFault struct {
	// Status, when not 0, is answered in a gateway's error shape.
	Status int
	// Cut closes the connection instead of answering.
	Cut bool
	// Body, when not nil, is answered with 200.
	Body []byte
	// Done says that the call did its work all the same.
	Done bool
	// Delay is waited before the answer. With nothing else set the answer is a good one.
	Delay time.Duration
}

// TicketInfo is a ticket as the platform has it.
type TicketInfo struct {
	ID, PlayerID, Mode, Region string
	Mu, Sigma                  float64
	// Connection is set once it is assigned.
	Connection string
}

type ticket struct {
	TicketInfo
	assigned chan struct{} // closed with the connection set
	gone     bool
}

// tickets is the matchmaker of a Platform: first come, first served.
type tickets struct {
	mu      sync.Mutex
	sizes   map[string]int // players of a match by mode
	byID    map[string]*ticket
	waiting []*ticket
	faults  map[TicketCall][]TicketFault
	calls   map[TicketCall]int
	doubles int
	snake   bool
	next    int
}

// PublishMatchmaker makes matches of so many players in a mode, and assigns those
// who wait already. A mode without a matchmaker takes no tickets.
func (p *Platform) PublishMatchmaker(mode string, players int) {
	t := &p.tickets
	t.mu.Lock()
	defer t.mu.Unlock()
	t.init()
	t.sizes[mode] = players
	p.matchTickets(mode)
}

// FailTickets answers the next calls of a kind with faults, in order.
func (p *Platform) FailTickets(c TicketCall, f ...TicketFault) {
	p.tickets.mu.Lock()
	defer p.tickets.mu.Unlock()
	p.tickets.init()
	p.tickets.faults[c] = append(p.tickets.faults[c], f...)
}

// SnakeTickets makes answers about tickets come in proto names.
func (p *Platform) SnakeTickets() {
	p.tickets.mu.Lock()
	defer p.tickets.mu.Unlock()
	p.tickets.snake = true
}

// AssignTicket gives a ticket that waits a connection of the caller's making.
func (p *Platform) AssignTicket(id, connection string) {
	p.tickets.mu.Lock()
	defer p.tickets.mu.Unlock()
	if k := p.tickets.byID[id]; k != nil && p.tickets.take(k) {
		k.Connection = connection
		close(k.assigned)
	}
}

// OpenTickets are those that wait, in the order in which they came.
func (p *Platform) OpenTickets() []TicketInfo {
	p.tickets.mu.Lock()
	defer p.tickets.mu.Unlock()
	var list []TicketInfo
	for _, k := range p.tickets.waiting {
		list = append(list, k.TicketInfo)
	}
	return list
}

// TicketCalls is how many calls of a kind have come in, refused ones left out.
func (p *Platform) TicketCalls(c TicketCall) int {
	p.tickets.mu.Lock()
	defer p.tickets.mu.Unlock()
	return p.tickets.calls[c]
}

// DoubleTickets is how often a player entered a ticket while he had one that waited.
func (p *Platform) DoubleTickets() int {
	p.tickets.mu.Lock()
	defer p.tickets.mu.Unlock()
	return p.tickets.doubles
}

// init makes the maps. The caller holds mu.
func (t *tickets) init() {
	if t.sizes == nil {
		t.sizes, t.byID = map[string]int{}, map[string]*ticket{}
		t.faults, t.calls = map[TicketCall][]TicketFault{}, map[TicketCall]int{}
	}
}

// take takes a ticket out of those that wait. The caller holds mu.
func (t *tickets) take(k *ticket) bool {
	for i, w := range t.waiting {
		if w == k {
			t.waiting = append(t.waiting[:i:i], t.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// matchTickets makes all matches that a mode has players for. The caller holds
// the tickets' mu.
func (p *Platform) matchTickets(mode string) {
	t := &p.tickets
	for {
		var group []*ticket
		for _, k := range t.waiting {
			if k.Mode == mode && len(group) < t.sizes[mode] {
				group = append(group, k)
			}
		}
		if len(group) == 0 || len(group) < t.sizes[mode] {
			return
		}
		p.mu.Lock()
		s := nth(p.made)
		p.made++
		p.mu.Unlock()
		for _, k := range group {
			t.take(k)
			k.Connection = net.JoinHostPort(s.Address, strconv.Itoa(s.Port))
			close(k.assigned)
		}
	}
}

// enterTicket is nil when the mode has no matchmaker.
func (p *Platform) enterTicket(info TicketInfo) *ticket {
	t := &p.tickets
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sizes[info.Mode] == 0 {
		return nil
	}
	for _, w := range t.waiting {
		if w.PlayerID == info.PlayerID {
			t.doubles++
		}
	}
	t.next++
	info.ID = fmt.Sprintf("ticket-%d", t.next)
	k := &ticket{TicketInfo: info, assigned: make(chan struct{})}
	t.byID[k.ID] = k
	t.waiting = append(t.waiting, k)
	p.matchTickets(info.Mode)
	return k
}
