package server

import (
	"context"

	"github.com/muster-gg/muster/core/broadcast"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/match"
)

// pointsOf tells of the points of one game's matches; nil when nobody asks.
func pointsOf(game string, reached func(game, matchID string, p match.Point)) func(string, match.Point) {
	if reached == nil {
		return nil
	}
	return func(matchID string, p match.Point) { reached(game, matchID, p) }
}

// watchedHub is a hub that tells of match.PointCommitted and match.PointUntold: a
// lobby publishes what is saved already.
func watchedHub(hub lobby.Publisher, at func(string, match.Point)) lobby.Publisher {
	if at == nil {
		return hub
	}
	return savedHub{hub, at}
}

type savedHub struct {
	lobby.Publisher
	at func(string, match.Point)
}

// Publish implements lobby.Publisher.
func (h savedHub) Publish(ctx context.Context, m broadcast.Message) error {
	if u, ok := m.Payload.(*lobby.Update); ok {
		ended := ""
		for _, e := range u.Events {
			switch e.Kind {
			case lobby.MatchStarted:
				h.at(e.MatchID, match.PointCommitted)
			case lobby.MatchFailed, lobby.StartRefused, lobby.MatchEnded:
				if e.MatchID != ended { // the starter has an event of his own
					h.at(e.MatchID, match.PointUntold)
				}
				ended = e.MatchID
			}
		}
	}
	return h.Publisher.Publish(ctx, m)
}
