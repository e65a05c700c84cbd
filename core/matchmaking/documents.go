package matchmaking

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/state"
)

// The kinds of documents that searches keep in core/state.
const (
	KindSearch = "search" // account id → Search
	KindFound  = "found"  // host:port of a server → Found
)

const (
	// searchSlack is how much longer than its queue's limit a search's document
	// stands: entering and deleting a ticket may take their retries.
	searchSlack = 5 * time.Minute
	// foundLife is how long the players of one match are told of it after the first,
	// who comes back included. So soon the platform gives an address to no other match.
	foundLife = 2 * time.Minute
	// writes bounds how often a write is repeated that somebody else was faster than.
	writes = 4
)

// Search says that an account searches, and with which ticket: what an earlier run
// left behind is deleted by the next. Afterwards it says what was found.
type Search struct {
	Queue string `json:"queue,omitempty"`
	// Ticket is empty until it is entered.
	Ticket string `json:"ticket,omitempty"`
	// Node is the run of a node that works on it.
	Node string `json:"node,omitempty"`
	// Match is what was found; then nobody works on it any more.
	Match *Match `json:"match,omitempty"`
}

// Found is the match that a server's players are in.
type Found struct {
	MatchID   string    `json:"match"`
	StartedAt time.Time `json:"started"`
}

var (
	_ state.Value = (*Search)(nil)
	_ state.Value = (*Found)(nil)
)

// AppendState encodes the search for a journal or another node.
func (d *Search) AppendState(dst []byte) ([]byte, error) { return state.AppendJSON(dst, d) }

// AppendState encodes the match for a journal or another node.
func (d *Found) AppendState(dst []byte) ([]byte, error) { return state.AppendJSON(dst, d) }

// decode returns the value of a document that is there.
func decode[T any, P interface {
	*T
	state.Value
}](d state.Doc) (P, error) {
	p, err := state.Decode[T, P](d)
	if p == nil && err == nil {
		err = fmt.Errorf("matchmaking: there is no document %s", d.Key)
	}
	return p, err
}

func searchKey(account string) state.Key { return state.Key{Kind: KindSearch, ID: account} }

// entering is what a player is told whose search could not be entered.
func entering(err error) *fault.Error {
	if errors.Is(err, ErrAlreadySearching) {
		return ErrAlreadySearching
	}
	return ErrNotEntered.With(err)
}

// enter saves that the account searches. What an earlier search of this node, or one
// of a node that has died, has left is deleted first; while another node works on one,
// it is ErrAlreadySearching.
func (s *Service) enter(q *search) error {
	return s.write(s.ctx, searchKey(q.account), func(d state.Doc) (state.Write, error) {
		if d.Version != 0 {
			old, err := decode[Search](d)
			if err != nil {
				return state.Write{}, err
			}
			if old.Match == nil && old.Node != s.node && time.Now().Before(d.Deadline) {
				return state.Write{}, ErrAlreadySearching
			}
			if old.Ticket != "" {
				err := insist(q.ctx, func() error {
					_, err := s.tickets.Delete(s.ctx, old.Ticket, q.account)
					return err
				})
				if err != nil {
					return state.Write{}, err
				}
			}
		}
		return s.searchWrite(q, ""), nil
	})
}

// keep saves the ticket of a search.
func (s *Service) keep(q *search, ticket string) error {
	return s.write(s.ctx, searchKey(q.account), func(state.Doc) (state.Write, error) {
		return s.searchWrite(q, ticket), nil
	})
}

func (s *Service) searchWrite(q *search, ticket string) state.Write {
	return state.Write{
		Value:    &Search{Queue: q.queue.Name, Ticket: ticket, Node: s.node},
		Deadline: q.begun.Add(q.queue.Limit + searchSlack),
	}
}

// forget deletes the document of an account's search, unless it is another node's by
// now.
func (s *Service) forget(account, node string) error {
	return s.write(s.ctx, searchKey(account), func(d state.Doc) (state.Write, error) {
		if d.Version == 0 {
			return state.Write{}, nil
		}
		old, err := decode[Search](d)
		return state.Write{CheckOnly: err == nil && old.Node != node}, nil
	})
}

// assign makes the account's search be the match that was found.
func (s *Service) assign(account string, m Match) error {
	return s.write(s.ctx, searchKey(account), func(state.Doc) (state.Write, error) {
		return state.Write{Value: &Search{Match: &m}, Deadline: time.Now().Add(foundLife)}, nil
	})
}

// Missed is the match that was found for an account in the last two minutes. It may
// not have been told, or not have arrived, when the account's socket went away.
func (s *Service) Missed(ctx context.Context, account string) (m Match, found bool) {
	docs, err := s.state.Get(ctx, s.game, searchKey(account))
	if err != nil || docs[0].Version == 0 || !time.Now().Before(docs[0].Deadline) {
		return m, false
	}
	d, err := decode[Search](docs[0])
	if err != nil || d.Match == nil {
		return m, false
	}
	return *d.Match, true
}

// matchOf is the match of a server, the same for all of its players on all nodes.
func (s *Service) matchOf(server allocation.Server) (m Match, err error) {
	key := state.Key{Kind: KindFound, ID: net.JoinHostPort(server.Address, strconv.Itoa(server.Port))}
	var f *Found
	err = s.write(s.ctx, key, func(d state.Doc) (state.Write, error) {
		if d.Version != 0 && time.Now().Before(d.Deadline) {
			f, err = decode[Found](d)
			return state.Write{CheckOnly: true}, err
		}
		f = &Found{MatchID: uuid.NewString(), StartedAt: time.Now()}
		return state.Write{Value: f, Deadline: f.StartedAt.Add(foundLife)}, nil
	})
	if err != nil {
		return m, err
	}
	return Match{ID: f.MatchID, Server: server, StartedAt: f.StartedAt}, nil
}

// write reads a document and writes what next makes of it, again when somebody else
// was faster.
func (s *Service) write(ctx context.Context, key state.Key, next func(state.Doc) (state.Write, error)) error {
	docs, err := s.state.Get(ctx, s.game, key)
	for range writes {
		if err != nil {
			return err
		}
		w, err := next(docs[0])
		if err != nil {
			return err
		}
		w.Key, w.Expect = key, docs[0].Version
		if w.CheckOnly || w.Value == nil && w.Expect == 0 {
			return nil
		}
		_, err = s.state.Apply(ctx, state.Tx{Game: s.game, Writes: []state.Write{w}})
		var conflict *state.Conflict
		if !errors.As(err, &conflict) {
			return err
		}
		docs = conflict.Docs
	}
	return fmt.Errorf("matchmaking: document %s changes all the time", key)
}
