package transport

import (
	"fmt"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/session"
)

// game is a Game as it is served.
type game struct {
	Game
	policy session.Policy
	web    *web // nil: the game has no web client
	list   lobbyList
	log    *zap.Logger
}

func newGame(g Game, log *zap.Logger) (*game, error) {
	if g.Name == "" || g.Identity == nil || g.Lobbies == nil || g.Matches == nil {
		return nil, fmt.Errorf("transport: game %q: Name, Identity, Lobbies and Matches are required", g.Name)
	}
	if g.Title == "" {
		g.Title = g.Name
	}
	built := &game{Game: g, policy: session.Policy(g.Duplicate), log: log.With(zap.String("game", g.Name))}
	switch built.policy {
	case "":
		built.policy = session.Replace
	case session.Replace, session.Refuse, session.Allow:
	default:
		return nil, fmt.Errorf("transport: game %q: duplicate is %q, not replace, refuse or allow", g.Name, g.Duplicate)
	}
	if g.Web != "" {
		w, err := openWeb(g.Web)
		if err != nil {
			return nil, fmt.Errorf("transport: game %q: web: %w", g.Name, err)
		}
		built.web = w
	}
	return built, nil
}

func (g *game) close() error {
	if g.web == nil {
		return nil
	}
	return g.web.close()
}
