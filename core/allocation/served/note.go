package served

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/store"
)

// KindLent is the kind of the documents of servers whose callers may not know them:
// id → Note. One is saved before a provider is asked, and goes when a caller was
// told or there surely is no server.
const KindLent = "lent"

// recoverParallel bounds the servers that are given back at a time.
const recoverParallel = 8

// State keeps notes; a state.Store is it.
type State interface {
	Get(ctx context.Context, game string, keys ...state.Key) ([]state.Doc, error)
	Apply(ctx context.Context, tx state.Tx) (revision uint64, err error)
	List(ctx context.Context, game, kind string, fn func(state.Doc) bool) error
}

// Note is what must be known of a server if the process ends now. It is immutable
// once it is saved.
type Note struct {
	ID       string `json:"id"`
	Provider string `json:"provider"`
	Region   string `json:"region,omitempty"`
	// Server is set when it is ready: from then on its caller may know it.
	Server *allocation.Server `json:"server,omitempty"`
}

// AppendState encodes the note for a journal or another node.
func (n *Note) AppendState(dst []byte) ([]byte, error) {
	return state.AppendJSON(dst, n)
}

// save puts a note, or with drop deletes it, whatever the document holds now.
func (s *Service) save(ctx context.Context, n Note, drop bool) error {
	key := state.Key{Kind: KindLent, ID: n.ID}
	for {
		docs, err := s.state.Get(ctx, s.game, key)
		if err != nil || drop && docs[0].Version == 0 {
			return err
		}
		w := state.Write{Key: key, Expect: docs[0].Version}
		if !drop {
			w.Value = &n
		}
		_, err = s.state.Apply(ctx, state.Tx{Game: s.game, Writes: []state.Write{w}})
		var conflict *state.Conflict
		if !errors.As(err, &conflict) {
			return err
		}
	}
}

// settled forgets a note. What is left of it costs an operator a look after the
// next restart, so no error is one.
func (s *Service) settled(n Note) {
	ctx, cancel := s.cleanup()
	defer cancel()
	if err := s.save(ctx, n, true); err != nil {
		s.log.Warn("it could not be saved that a server is no longer open", zap.String("server", n.ID), zap.Error(err))
	}
}

// giveBack releases a server that nobody was told of, or what its provider may
// have made. What may be left then is written down for operators.
func (s *Service) giveBack(n Note, cause string) {
	ctx, cancel := s.cleanup()
	defer cancel()
	s.log.Warn("a server that no caller knows is given back", zap.String("server", n.ID), zap.String("provider", n.Provider), zap.String("cause", cause))
	var err error
	if n.Server != nil {
		err = s.chain.ReleaseServer(ctx, s.game, n.ID, *n.Server)
	} else {
		err = s.chain.Release(ctx, n.Provider, s.game, n.ID)
	}
	switch {
	case err != nil:
		s.writeDown(n, fmt.Sprintf("%s; release: %v", cause, err))
	case n.Server == nil && s.mayBe(n):
		s.writeDown(n, cause) // what nobody has named may still come
	default:
		s.settled(n)
	}
}

// mayBe reports whether a server may be there, for all that its provider knows.
func (s *Service) mayBe(n Note) bool {
	ctx, cancel := s.cleanup()
	defer cancel()
	_, there, err := s.chain.Find(ctx, n.Provider, s.game, n.ID)
	return err != nil || there
}

// writeDown keeps a server that may be nobody's for operators.
func (s *Service) writeDown(n Note, cause string) {
	if n.Server != nil {
		cause += "; server " + n.Server.String()
	}
	ctx, cancel := s.cleanup()
	defer cancel()
	err := s.orphans.AddOrphan(ctx, store.Orphan{
		Game: s.game, MatchID: n.ID, Provider: n.Provider, Region: n.Region, Cause: allocation.Mask(cause, maxCause), At: time.Now(),
	})
	if err != nil {
		s.log.Error("a possible orphan could not be written down", zap.String("server", n.ID), zap.String("cause", cause), zap.Error(err))
		return
	}
	s.settled(n)
}

// Recover sees to the servers of calls that an earlier run of the only node was cut
// off in. It does not wait for it, since a provider may take its time. Call it
// before Make.
func (s *Service) Recover(ctx context.Context) error {
	var notes []Note
	err := s.state.List(ctx, s.game, KindLent, func(d state.Doc) bool {
		n, err := state.Decode[Note](d)
		if err != nil {
			s.log.Error("a note of a server cannot be read", zap.Error(err))
			n = &Note{ID: d.Key.ID}
		}
		notes = append(notes, *n)
		return true
	})
	if err != nil || len(notes) == 0 {
		return err
	}
	s.wg.Go(func() { s.recoverAll(notes) })
	return nil
}

func (s *Service) recoverAll(notes []Note) {
	const cause = "Muster ended before the caller was told"
	var wg sync.WaitGroup
	places := make(chan struct{}, recoverParallel)
	for _, n := range notes {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			switch {
			case s.ctx.Err() != nil: // the next start sees to it
			case n.Server == nil:
				s.giveBack(n, cause)
			case s.mayBe(n):
				// The caller may know it, and have players on it.
				s.writeDown(n, "it is not known whether the caller was told of it")
			default:
				s.settled(n)
			}
		})
	}
	wg.Wait()
}
