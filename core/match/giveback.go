package match

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/store"
)

const (
	// looseTries bounds how often it is tried to give a server back before operators
	// are told instead.
	looseTries = 5
	// releaseTimeout bounds one try. It leaves time to save what came of it.
	releaseTimeout = 20 * time.Second
	// maxCause bounds what is kept of why a server is loose, in bytes.
	maxCause = 500
)

var (
	errInterrupted = errors.New("the server was restarted in the middle of the start")
	errStillThere  = errors.New("it was released and is still there")
)

// taken is a loose server that its holder alone gives back, until looseAgain is
// over: nobody else has written its document since.
type taken struct {
	Loose
	version uint64
}

// takeLoose takes a start's server from whoever has it. After that no match begins
// with it. It is nil when the document is gone.
func (s *Service) takeLoose(ctx context.Context, l Loose) (*taken, error) {
	for {
		docs, err := s.state.Get(ctx, s.game, looseKey(l.ID))
		if err != nil || docs[0].Version == 0 {
			return nil, err
		}
		if t, err := s.takeAt(ctx, docs[0], l); t != nil || err != nil {
			return t, err
		}
	}
}

// takeAt takes a server whose document is still as it was read. It is nil when
// somebody else was faster.
func (s *Service) takeAt(ctx context.Context, d state.Doc, l Loose) (*taken, error) {
	l.Cause = allocation.Mask(l.Cause, maxCause)
	version, mine, err := s.swapLoose(ctx, d, &l, time.Now().Add(looseAgain))
	if !mine {
		return nil, err
	}
	return &taken{l, version}, nil
}

// settleLoose sees to a server whose start or end nobody on this node is busy with.
func (s *Service) settleLoose(ctx context.Context, d state.Doc) error {
	l, err := decodeLoose(d)
	if err != nil {
		return s.unreadable(ctx, d, err)
	}
	if l == nil || s.underWay(l.ID) {
		return nil
	}
	live, err := s.live(ctx, l.ID)
	if err != nil {
		return err
	}
	if live != nil {
		_, _, err := s.swapLoose(ctx, d, nil, time.Time{})
		return err
	}
	known := *l
	if known.Cause == "" {
		known.Cause = errInterrupted.Error()
	}
	t, err := s.takeAt(ctx, d, known)
	if t == nil {
		return err
	}
	if !t.Played {
		if err := s.recordFailure(ctx, startOf(l), lobby.ErrUnknownAllocation); err != nil {
			return err
		}
	}
	return s.giveBack(ctx, s.log.With(zap.String("lobby", l.LobbyID), zap.String("match", l.ID)), t)
}

// startOf is the start that a loose server was asked for, as its record needs it.
func startOf(l *Loose) *start {
	return &start{matchID: l.ID, lobbyID: l.LobbyID, region: l.Region, hooks: l.Hooks}
}

// giveBack ends a server and forgets it. One that nobody can end, or that may not
// have been made yet, is written down for operators; one that could not be ended
// now is kept for later.
func (s *Service) giveBack(ctx context.Context, log *zap.Logger, t *taken) error {
	orphan, failed := s.release(ctx, &t.Loose)
	if err := ctx.Err(); err != nil {
		return err // that is no word of the provider
	}
	d := state.Doc{Key: looseKey(t.ID), Version: t.version}
	switch {
	case failed == nil:
	case errors.Is(failed, allocation.ErrNoProvider), t.Tries+1 >= looseTries:
		orphan = true
		t.Cause = allocation.Mask(fmt.Sprintf("%s; release: %v", t.Cause, failed), maxCause)
	default:
		log.Warn("a server could not be released; it is tried again", zap.String("provider", t.Provider), zap.Error(failed))
		again := t.Loose
		again.Tries++
		_, _, err := s.swapLoose(ctx, d, &again, time.Now().Add(looseAgain))
		return err
	}
	if orphan {
		if err := s.writeDownOrphan(ctx, log, &t.Loose); err != nil {
			return err
		}
	}
	if t.version == 0 {
		return nil
	}
	_, _, err := s.swapLoose(ctx, d, nil, time.Time{})
	return err
}

// release ends a server as well as its provider can; orphan says that it may run
// all the same.
func (s *Service) release(ctx context.Context, l *Loose) (orphan bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, releaseTimeout)
	defer cancel()
	if l.Server != nil {
		err = s.alloc.ReleaseServer(ctx, s.game, l.ID, *l.Server)
	} else {
		err = s.alloc.Release(ctx, l.Provider, s.game, l.ID)
	}
	switch {
	case errors.Is(err, allocation.ErrCannotRelease):
		return !l.Played, nil // one that had its match ends by itself
	case err != nil || l.Server != nil:
		return false, err
	}
	// What nobody has named may still come, unless the provider knows better.
	_, found, err := s.alloc.Find(ctx, l.Provider, s.game, l.ID)
	switch {
	case errors.Is(err, allocation.ErrCannotFind):
		return true, nil
	case err == nil && found:
		return false, errStillThere
	}
	return false, err
}

func (s *Service) writeDownOrphan(ctx context.Context, log *zap.Logger, l *Loose) error {
	cause := l.Cause
	if l.Server != nil {
		cause = allocation.Mask(fmt.Sprintf("%s; server %s", cause, l.Server), 2*maxCause)
	}
	log.Warn("a server may run that no match uses", zap.String("provider", l.Provider), zap.String("region", l.Region), zap.String("cause", cause))
	err := s.records.AddOrphan(ctx, store.Orphan{
		Game: s.game, MatchID: l.ID, Provider: l.Provider, Region: l.Region, Cause: cause, At: time.Now(),
	})
	if err == nil {
		s.orphans.recorded.Add(1) // until they are counted
	}
	return err
}

// unreadable writes down what is left of a document that nobody can read, so that
// it is looked at once.
func (s *Service) unreadable(ctx context.Context, d state.Doc, cause error) error {
	l := &Loose{ID: d.Key.ID, Cause: cause.Error()}
	if err := s.writeDownOrphan(ctx, s.log.With(zap.String("match", l.ID)), l); err != nil {
		return err
	}
	_, _, err := s.swapLoose(ctx, d, nil, time.Time{})
	return err
}
