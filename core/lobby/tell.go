package lobby

import (
	"context"
	"errors"
	"slices"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/broadcast"
	"github.com/muster-gg/muster/core/state"
)

func (s *Service) topic(id string) broadcast.Topic { return broadcast.Topic{Game: s.game, ID: id} }

// saved brings what this node keeps about a lobby up to date. It runs before
// anybody is told and before the command is acknowledged.
func (s *Service) saved(id string, w saved) {
	s.list.refresh(id, func() Snapshot {
		snap, err := s.Get(s.ctx, id)
		if err != nil {
			return Snapshot{}
		}
		return snap
	})
	base, err := decodeLobby(w.docs[state.Key{Kind: KindLobby, ID: id}])
	if err != nil || base == nil || base.Attempt == nil || s.attemptEnded == nil {
		return
	}
	now := w.changes[id].lobby
	if now == nil || now.State == Open || now.Attempt != nil && now.Attempt.MatchID != base.Attempt.MatchID {
		s.attemptEnded(base.Attempt.MatchID)
	}
}

// tell publishes what a batch did to one lobby, and reports whether it could.
func (s *Service) tell(id string, c *change, snap Snapshot) bool {
	// When the lobby is gone, its version is still newer than any before.
	m := broadcast.Message{
		Topic: s.topic(id), Version: snap.Version,
		Payload: &Update{LobbyID: id, Snapshot: snap, Events: slices.Clip(c.events), Quiet: snap.Lobby == nil},
	}
	err := s.hub.Publish(context.WithoutCancel(s.ctx), m)
	if err != nil {
		s.log.Warn("a change could not be told", zap.String("lobby", id), zap.Error(err))
	}
	return err == nil
}

// catchUp tells the lobby as it is now if that is newer than what the batch left.
// Whoever moves to another lobby is taken out of this one by that one's combiner:
// the word of it may go out between a batch's save and its commits, and those who
// began to follow in them would miss it. Others have seen the version and get nothing.
func (s *Service) catchUp(id string, seen uint64) {
	snap, err := s.Get(s.ctx, id)
	if err != nil || snap.Version <= seen {
		return
	}
	s.tell(id, &change{}, snap)
}

// told takes back the notices of those who were there, now that the word is out.
// Until this is saved they are told once more when they come back: after a crash
// rather twice than never. Whose socket is closing keeps his.
func (s *Service) told(id string, c *change) {
	told := slices.DeleteFunc(c.untold, func(n addressed) bool { return !s.reaches(n.account) })
	if len(told) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, writeTimeout)
	defer cancel()
	var conflict *state.Conflict
	err := s.takeBack(ctx, told)
	for range maxLosses {
		if !errors.As(err, &conflict) {
			break
		}
		err = s.takeBack(ctx, told)
	}
	if err != nil {
		s.log.Warn("what members were told could not be saved; they are told again", zap.String("lobby", id), zap.Error(err))
	}
}

// takeBack removes notices from the seats as they are now.
func (s *Service) takeBack(ctx context.Context, all []addressed) error {
	keys := make([]state.Key, len(all))
	for i, n := range all {
		keys[i] = state.Key{Kind: KindSeat, ID: n.account}
	}
	docs, err := s.store.Get(ctx, s.game, keys...)
	if err != nil {
		return err
	}
	tx := state.Tx{Game: s.game}
	for i, n := range all {
		seat, err := decodeSeat(docs[i])
		if err != nil {
			return err
		}
		left := slices.DeleteFunc(slices.Clone(seat.Notices), func(o Notice) bool { return o.MatchID == n.notice.MatchID })
		if len(left) < len(seat.Notices) {
			tx.Writes = append(tx.Writes, (&Seat{LobbyID: seat.LobbyID, Notices: left}).write(docs[i], s.now()))
		}
	}
	if len(tx.Writes) == 0 {
		return nil
	}
	_, err = s.store.Apply(ctx, tx)
	return err
}
