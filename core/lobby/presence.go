package lobby

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/lifecycle"
	"github.com/muster-gg/muster/core/state"
)

// Connect marks the player as present in the lobby where he has a seat, and
// hands over what he missed. commit is called in either case before anybody else
// is told; without a seat its Lobby is nil. The caller serializes Connect and
// Disconnect of one account.
func (s *Service) Connect(ctx context.Context, who Who, commit func(Return)) (Return, error) {
	for range moves {
		seat, err := s.SeatOf(ctx, who.AccountID)
		if err != nil {
			return Return{}, err
		}
		if seat.LobbyID == "" && len(seat.Notices) == 0 {
			commit(Return{})
			return Return{}, nil
		}
		if seat.LobbyID == "" {
			ret := Return{Notices: seat.Notices}
			if err := s.takeNotices(ctx, who.AccountID); err != nil {
				return Return{}, err
			}
			commit(ret)
			return ret, nil
		}
		ret, err := s.connect(seat.LobbyID, who, commit)
		if errors.Is(err, ErrNotInLobby) || errors.Is(err, ErrNotFound) {
			continue // moved between the look and the command
		}
		return ret, err
	}
	// Seats and lobbies are written together, so only a defect comes here. It must
	// not keep the player out for ever.
	s.log.Error("a seat points to a lobby that does not know its player", zap.String("account", who.AccountID))
	commit(Return{})
	return Return{}, nil
}

func (s *Service) connect(id string, who Who, commit func(Return)) (Return, error) {
	var ret Return
	_, err := s.submit(id, &command{
		apply: func(w *work) error {
			ret = Return{}
			err := w.step(id, func(c *change) error { return c.connect(who) })
			if err != nil {
				return err
			}
			seat, err := w.seat(who.AccountID)
			if err != nil || len(seat.Notices) == 0 {
				return err
			}
			ret.Notices = seat.Notices
			w.seats[who.AccountID] = &Seat{LobbyID: seat.LobbyID}
			return nil
		},
		commit: func(snap Snapshot) {
			ret.Snapshot = snap
			commit(ret)
		},
	})
	return ret, err
}

// takeNotices empties the seat of a player who has none but notices.
func (s *Service) takeNotices(ctx context.Context, account string) error {
	key := state.Key{Kind: KindSeat, ID: account}
	docs, err := s.store.Get(ctx, s.game, key)
	if err != nil {
		return fault.From(err)
	}
	_, err = s.store.Apply(ctx, state.Tx{Game: s.game, Writes: []state.Write{{Key: key, Expect: docs[0].Version}}})
	var conflict *state.Conflict
	if errors.As(err, &conflict) {
		return fault.TryAgain
	}
	if err != nil {
		return fault.From(err)
	}
	return nil
}

// Disconnect marks the player as away, or removes him where there is no grace.
// A player without a seat is no error.
func (s *Service) Disconnect(ctx context.Context, who Who) error {
	_, err := s.asMember(ctx, who.AccountID, &command{}, func(c *change) error { return c.disconnect(who.AccountID) })
	if errors.Is(err, ErrNotInLobby) {
		return nil
	}
	return err
}

// Rename shows the player under the name in who, if he has a seat. A running
// match's roster keeps the name that it began with.
func (s *Service) Rename(ctx context.Context, who Who) error {
	_, err := s.asMember(ctx, who.AccountID, &command{}, func(c *change) error { return c.rename(who) })
	if errors.Is(err, ErrNotInLobby) {
		return nil
	}
	return err
}

// Interrupted is a start that was under way when its only node ended.
type Interrupted struct{ MatchID, LobbyID, Region string }

// Recover prepares the game's lobbies after a restart of the only node: everyone
// is away, the grace counts from now, starts that were under way have failed.
// It returns these. It runs before the first command.
func (s *Service) Recover(ctx context.Context) (interrupted []Interrupted, err error) {
	var ids []string
	var unreadable []state.Write
	err = s.store.List(ctx, s.game, KindLobby, func(d state.Doc) bool {
		l, err := decodeLobby(d)
		if err != nil {
			s.log.Error("a lobby cannot be read and is closed", zap.String("lobby", d.Key.ID), zap.Error(err))
			unreadable = append(unreadable, state.Write{Key: d.Key, Expect: d.Version})
			return true
		}
		ids = append(ids, d.Key.ID)
		if l.Attempt != nil {
			interrupted = append(interrupted, Interrupted{l.Attempt.MatchID, l.ID, l.Attempt.Region})
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	// One broken document must not keep a node, its other lobbies or its own members out.
	for _, gone := range unreadable {
		if _, err := s.store.Apply(ctx, state.Tx{Game: s.game, Writes: []state.Write{gone}}); err != nil {
			return nil, err
		}
	}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(parallel)
	for _, id := range ids {
		s.list.add(id)
		work.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			_, err := s.in(id, func(c *change) error { c.restarted(); return nil })
			return err
		})
	}
	return interrupted, work.Wait()
}

const (
	sweepEvery = 100 * time.Millisecond
	sweepBatch = 256
	// parallel bounds the lobbies that one sweep or recovery works on at once, so
	// that their writes share journal commits.
	parallel = 64
)

// Run sends Tick to every lobby that is due and drops notices that nobody came
// for, until ctx ends. One goroutine on every node calls it.
func (s *Service) Run(ctx context.Context) error {
	lifecycle.Every(ctx, sweepEvery, s.sweep)
	return nil
}

func (s *Service) sweep(ctx context.Context) {
	due, err := s.store.Due(ctx, s.game, KindLobby, s.now(), sweepBatch)
	if err != nil {
		s.log.Warn("sweep of lobbies failed", zap.Error(err))
		return
	}
	var work errgroup.Group
	work.SetLimit(parallel)
	for _, d := range due {
		work.Go(func() error {
			_, err := s.in(d.Key.ID, func(c *change) error { c.tick(); return nil })
			if err != nil && !errors.Is(err, ErrNotFound) {
				s.log.Warn("tick failed", zap.String("lobby", d.Key.ID), zap.Error(err))
			}
			return nil
		})
	}
	_ = work.Wait() // always nil
	due, err = s.store.Due(ctx, s.game, KindSeat, s.now(), sweepBatch)
	if err != nil {
		s.log.Warn("sweep of seats failed", zap.Error(err))
		return
	}
	for _, d := range due {
		_, err := s.store.Apply(ctx, state.Tx{Game: s.game, Writes: []state.Write{{Key: d.Key, Expect: d.Version}}})
		var conflict *state.Conflict
		if err != nil && !errors.As(err, &conflict) {
			s.log.Warn("old notices could not be dropped", zap.Error(err))
		}
	}
}
