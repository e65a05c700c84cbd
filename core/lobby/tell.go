package lobby

import (
	"context"
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

// tell publishes what a batch did to one lobby.
func (s *Service) tell(id string, c *change, snap Snapshot) {
	// When the lobby is gone, its version is still newer than any before.
	m := broadcast.Message{
		Topic: s.topic(id), Version: snap.Version,
		Payload: &Update{LobbyID: id, Snapshot: snap, Events: slices.Clip(c.events), Quiet: snap.Lobby == nil},
	}
	if err := s.hub.Publish(context.WithoutCancel(s.ctx), m); err != nil {
		s.log.Warn("a change could not be told", zap.String("lobby", id), zap.Error(err))
	}
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
