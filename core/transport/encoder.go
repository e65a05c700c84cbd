package transport

import (
	"fmt"

	"github.com/muster-gg/muster/core/broadcast"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/wire"
)

// Tickets signs the join ticket of a player of a match; "" when he is not of it.
type Tickets func(game string, m *lobby.Match, accountID string) string

// Encoder turns what lobbies tell into frames: each event and the snapshot once
// for each message and level, whatever the number of sockets.
type Encoder struct{ tickets Tickets }

var _ broadcast.Encoder = (*Encoder)(nil)

// NewEncoder returns the encoder for a hub.
func NewEncoder(tickets func(game string, m *lobby.Match, accountID string) string) *Encoder {
	return &Encoder{tickets: tickets}
}

// Encode implements broadcast.Encoder. The payload is a *lobby.Update, or its bytes.
func (e *Encoder) Encode(m broadcast.Message, level int) (broadcast.Audience, error) {
	var u *lobby.Update
	switch p := m.Payload.(type) {
	case *lobby.Update:
		u = p
	case broadcast.Bytes:
		var err error
		if u, err = lobby.DecodeUpdate(p); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("transport: a %T cannot be told", m.Payload)
	}
	a := &audience{encoder: e, game: m.Topic.Game, update: u, versioned: m.Version != 0, shared: true}
	a.members = newMembers(u.Lobby)
	for i := range u.Events {
		if ev := &u.Events[i]; !ev.After {
			a.add(ev, level)
		}
	}
	if !u.Quiet && u.Lobby != nil {
		a.snapshot = len(a.lines)
		a.lines = append(a.lines, line{frame: snapshotFrame(u.Snapshot, level)})
	} else {
		a.snapshot = -1
	}
	for i := range u.Events {
		if ev := &u.Events[i]; ev.After {
			a.add(ev, level)
		}
	}
	a.share()
	return a, nil
}

// line is one message of an audience.
type line struct {
	frame *broadcast.Frame // nil for match:started, which is made of head for each player
	event *lobby.Event     // nil for the snapshot
	head  []byte
}

// audience is one encoded update in one level.
type audience struct {
	encoder   *Encoder
	game      string
	update    *lobby.Update
	versioned bool
	members   members
	lines     []line
	snapshot  int // index in lines, -1: none

	// shared: every member gets the same frames, all of them or all but the snapshot.
	shared       bool
	fresh, stale []*broadcast.Frame
}

func (a *audience) add(ev *lobby.Event, level int) {
	if ev.To != "" || ev.Except != "" || ev.Kind == lobby.MatchStarted {
		a.shared = false
	}
	l := line{event: ev}
	if ev.Kind == lobby.MatchStarted {
		m := wire.MatchStarted{MatchData: wireMatch(ev.Match, a.update.LobbyID)}
		l.head = m.AppendHead(nil, level)
	} else if m := a.message(ev); m != nil {
		l.frame = frame(m, level)
	} else {
		return
	}
	a.lines = append(a.lines, l)
}

// message is the client message of an event other than match:started; nil for a kind
// that this server does not know (another node may be newer).
func (a *audience) message(ev *lobby.Event) wire.Message {
	id := a.update.LobbyID
	switch ev.Kind {
	case lobby.Chat:
		return wire.LobbyChat{LobbyID: id, AccountID: ev.AccountID, Username: ev.Username, Text: ev.Text, At: ev.At.UnixMilli()}
	case lobby.Kicked:
		return wire.LobbyKicked{LobbyID: id, Reason: ev.Reason}
	case lobby.Deleted:
		return wire.LobbyDeleted{LobbyID: id, Reason: ev.Reason}
	case lobby.MatchFailed:
		return wire.MatchFailed{LobbyID: id, MatchID: ev.MatchID, Code: ev.Fault.Code, Message: ev.Fault.Text}
	case lobby.StartRefused:
		return wire.Error{
			Message: ev.Fault.Text, Code: ev.Fault.Code, LobbyID: id, MatchID: ev.MatchID,
			RetryAfterMs: ev.Fault.RetryAfter.Milliseconds(),
		}
	case lobby.MatchEnded:
		return wire.MatchEnded{MatchID: ev.MatchID, Result: ev.Result}
	}
	return nil
}

// share makes the two lists that most members get, if nobody is told something of his own.
func (a *audience) share() {
	if !a.shared {
		return
	}
	for i, l := range a.lines {
		a.fresh = append(a.fresh, l.frame)
		if i != a.snapshot {
			a.stale = append(a.stale, l.frame)
		}
	}
}

// For implements broadcast.Audience.
func (a *audience) For(account string, stale bool) (frames []*broadcast.Frame, last bool) {
	member := a.members.has(account)
	last = a.versioned && !stale && !member
	concerned := member || a.update.Lobby == nil
	switch {
	case !a.shared:
		return a.own(account, stale, member, concerned), last
	case !concerned:
		return nil, last
	case stale:
		return a.stale, last
	}
	return a.fresh, last
}

// own puts together what one account gets when not all get the same.
func (a *audience) own(account string, stale, member, concerned bool) (frames []*broadcast.Frame) {
	for i, l := range a.lines {
		f := l.frame
		switch ev := l.event; {
		case i == a.snapshot:
			if stale || !member {
				continue
			}
		case ev.To != "":
			if ev.To != account {
				continue
			}
		case !concerned || ev.Except == account:
			continue
		case ev.Kind == lobby.MatchStarted:
			f = ticketed(l.head, a.encoder.tickets(a.game, ev.Match, account))
		}
		frames = append(frames, f)
	}
	return frames
}

// ticketed is a player's own match:started.
func ticketed(head []byte, ticket string) *broadcast.Frame {
	return broadcast.Seal(wire.AppendMatchStarted(broadcast.Open(len(head)+len(ticket)+16), head, ticket))
}

// members answers who sits in a lobby without walking through it each time.
type members struct {
	few  []string
	many map[string]struct{}
}

// fewMembers is up to how many a walk is as fast as a map.
const fewMembers = 8

func newMembers(l *lobby.Lobby) members {
	var m members
	if l == nil {
		return m
	}
	n, _, _ := l.Count()
	if n > fewMembers {
		m.many = make(map[string]struct{}, n)
	}
	for _, p := range l.All {
		if m.many != nil {
			m.many[p.AccountID] = struct{}{}
		} else {
			m.few = append(m.few, p.AccountID)
		}
	}
	return m
}

func (m members) has(account string) bool {
	if m.many != nil {
		_, ok := m.many[account]
		return ok
	}
	for _, id := range m.few {
		if id == account {
			return true
		}
	}
	return false
}
