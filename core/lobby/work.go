package lobby

import (
	"context"
	"slices"
	"time"

	"github.com/muster-gg/muster/core/state"
)

// work is one try at a batch: the documents as they were read, and the lobbies
// and seats as the batch's commands leave them. It is thrown away on a conflict
// but for the documents.
type work struct {
	ctx   context.Context
	store state.Store
	game  string
	rules *Rules
	now   time.Time
	// watched says that what happens is kept for Events.
	watched bool

	docs    map[state.Key]state.Doc
	changes map[string]*change // by lobby id
	order   []string           // lobby ids in the order in which they were loaded
	seats   map[string]*Seat   // as the commands leave them; present only when changed
	extra   []state.Write
}

func (w *work) doc(key state.Key) (state.Doc, error) {
	if d, ok := w.docs[key]; ok {
		return d, nil
	}
	docs, err := w.store.Get(w.ctx, w.game, key)
	if err != nil {
		return state.Doc{}, err
	}
	w.docs[key] = docs[0]
	return docs[0], nil
}

// lobby returns the change of a lobby, or nil if there is none such.
func (w *work) lobby(id string) (*change, error) {
	if c, ok := w.changes[id]; ok {
		if c.lobby == nil {
			return nil, nil
		}
		return c, nil
	}
	d, err := w.doc(state.Key{Kind: KindLobby, ID: id})
	if err != nil {
		return nil, err
	}
	l, err := decodeLobby(d)
	if l == nil || err != nil {
		return nil, err
	}
	c := newChange(l, w.now, w.rules)
	w.add(id, c)
	return c, nil
}

func (w *work) add(id string, c *change) {
	c.watched = w.watched
	w.changes[id] = c
	w.order = append(w.order, id)
}

// seat returns the seat of an account as it is now, earlier commands of the batch included.
func (w *work) seat(account string) (*Seat, error) {
	if s, ok := w.seats[account]; ok {
		return s, nil
	}
	d, err := w.doc(state.Key{Kind: KindSeat, ID: account})
	if err != nil {
		return nil, err
	}
	return decodeSeat(d)
}

// flush carries what a command did to a lobby over to the seats, so that the
// next command of the batch sees it.
func (w *work) flush(id string, c *change) error {
	for account, here := range c.seats {
		s, err := w.seat(account)
		if err != nil {
			return err
		}
		next := *s
		if here {
			next.LobbyID = id
		} else if next.LobbyID == id {
			next.LobbyID = ""
		}
		w.seats[account] = &next
	}
	clear(c.seats)
	for _, n := range c.notices {
		s, err := w.seat(n.account)
		if err != nil {
			return err
		}
		next := *s
		next.Notices = append(slices.Clone(s.Notices), n.notice)
		if over := len(next.Notices) - maxNotices; over > 0 {
			next.Notices = next.Notices[over:]
		}
		w.seats[n.account] = &next
	}
	c.notices = nil
	return nil
}

// vacate takes an account out of the lobby in which it sits, unless that is keep.
func (w *work) vacate(account, keep string) error {
	s, err := w.seat(account)
	if err != nil || s.LobbyID == "" || s.LobbyID == keep {
		return err
	}
	c, err := w.lobby(s.LobbyID)
	if err != nil {
		return err
	}
	if c != nil {
		id := c.lobby.ID
		c.remove(account, leftMoved)
		return w.flush(id, c)
	}
	return nil
}

// tx is everything that the batch changes.
func (w *work) tx() (state.Tx, error) {
	tx := state.Tx{Game: w.game, Writes: w.extra}
	for _, id := range w.order {
		c := w.changes[id]
		if !c.dirty {
			continue
		}
		key := state.Key{Kind: KindLobby, ID: id}
		wr := state.Write{Key: key, Expect: w.docs[key].Version}
		if c.lobby != nil {
			wr.Value, wr.Deadline = c.lobby, c.lobby.due()
		} else if wr.Expect == 0 {
			continue // made and deleted within the batch
		}
		tx.Writes = append(tx.Writes, wr)
		if c.lobby == nil {
			base, err := decodeLobby(w.docs[key])
			if err != nil {
				return tx, err
			}
			code, err := w.doc(state.Key{Kind: KindCode, ID: base.Code})
			if err != nil {
				return tx, err
			}
			if owner, _ := decodeCode(code); owner == id {
				tx.Writes = append(tx.Writes, state.Write{Key: code.Key, Expect: code.Version})
			}
		}
	}
	for account, s := range w.seats {
		key := state.Key{Kind: KindSeat, ID: account}
		d, err := w.doc(key)
		if err != nil {
			return tx, err
		}
		if s.LobbyID == "" && len(s.Notices) == 0 && d.Version == 0 {
			continue
		}
		tx.Writes = append(tx.Writes, s.write(d, w.now))
	}
	return tx, nil
}
