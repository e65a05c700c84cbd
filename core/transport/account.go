package transport

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/identity"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/session"
	"github.com/muster-gg/muster/core/store"
)

// getAccount is GET /accounts/me.
func (s *Server) getAccount(w http.ResponseWriter, r *http.Request, m matched) error {
	who, err := m.game.authenticate(r)
	if err != nil {
		return err
	}
	a, err := m.game.account(r.Context(), who)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, newAccountBody(a, true))
	return nil
}

// patchAccount is PATCH /accounts/me.
func (s *Server) patchAccount(w http.ResponseWriter, r *http.Request, m matched) error {
	who, err := m.game.authenticate(r)
	if err != nil {
		return err
	}
	fields, err := readObject(w, r, false)
	if err != nil {
		return err
	}
	name, ok := fields["username"].(string)
	if !ok {
		if fields["username"] == nil {
			return identity.ErrUsernameRequired
		}
		return identity.ErrUsernameInvalid
	}
	a, err := m.game.Identity.Rename(r.Context(), who.AccountID, name)
	if errors.Is(err, identity.ErrAccountNotFound) {
		return errInvalidToken.With(err)
	}
	if err != nil {
		return err
	}
	s.registry.Rename(m.game.Name, a.ID, a.Username)
	if err := m.game.Lobbies.Rename(r.Context(), lobby.Who{AccountID: a.ID, Username: a.Username}); err != nil {
		// The account has its new name; the lobby learns it when the player connects next.
		m.game.log.Warn("a lobby could not be told of a new name", zap.String("account", a.ID), zap.Error(err))
	}
	writeJSON(w, http.StatusOK, newAccountBody(a, true))
	return nil
}

// deleteAccount is DELETE /accounts/me: the person's data is erased, the sockets
// are closed and the seat is given up.
func (s *Server) deleteAccount(w http.ResponseWriter, r *http.Request, m matched) error {
	who, err := m.game.authenticate(r)
	if err != nil {
		return err
	}
	err = m.game.Identity.Erase(r.Context(), who.AccountID)
	if errors.Is(err, identity.ErrAccountNotFound) {
		return errInvalidToken.With(err)
	}
	if err != nil {
		return err
	}
	s.evict(context.WithoutCancel(r.Context()), m.game, who.AccountID)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// evict takes an erased account off the node and out of its lobby. What cannot be
// done now the grace of the lobby does later.
func (s *Server) evict(ctx context.Context, g *game, account string) {
	ctx, cancel := context.WithTimeout(ctx, seatTimeout)
	defer cancel()
	g.cancelSearch(account)
	s.registry.CloseAccount(g.Name, account, session.CodeToken, "account erased")
	for _, k := range s.registry.Of(g.Name, account) {
		k.Quiesce() // what it was asked for last must not seat the player again
	}
	unlock, err := s.registry.Lock(ctx, g.Name, account)
	if err != nil {
		g.log.Warn("an erased account could not leave its lobby", zap.String("account", account), zap.Error(err))
		return
	}
	defer unlock()
	g.forgetLatencies(ctx, account)
	err = s.persist(ctx, func() error {
		return g.Lobbies.Leave(ctx, lobby.Who{AccountID: account}, func(lobby.Snapshot) {
			for _, k := range s.registry.Of(g.Name, account) {
				s.hub.Unsubscribe(ctx, k)
			}
		})
	})
	if err != nil && !errors.Is(err, lobby.ErrNotInLobby) {
		g.log.Warn("an erased account could not leave its lobby", zap.String("account", account), zap.Error(err))
	}
}

const (
	// seatTimeout bounds what follows the end of a player's last socket.
	seatTimeout = 15 * time.Second
	// seatRetries and seatPause say how often a busy lobby is asked again.
	seatRetries = 5
	seatPause   = 200 * time.Millisecond
)

// persist calls f until it is not told to try again.
func (s *Server) persist(ctx context.Context, f func() error) error {
	for i := 0; ; i++ {
		err := f()
		if err == nil || i >= seatRetries || !errors.Is(err, fault.TryAgain) {
			return err
		}
		pause := time.NewTimer(seatPause << i)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}

// accountBody is an account as its owner sees it.
type accountBody struct {
	ID         string         `json:"id"`
	Username   string         `json:"username"`
	Discord    *discordBody   `json:"discord,omitempty"`
	CreatedAt  int64          `json:"createdAt,omitempty"`
	Identities []identityBody `json:"identities"`
}

type discordBody struct {
	ID       string  `json:"id"`
	Username string  `json:"username"`
	Avatar   *string `json:"avatar"`
}

type identityBody struct {
	Provider string `json:"provider"`
	Username string `json:"username"`
	LinkedAt int64  `json:"linkedAt"`
}

func newAccountBody(a store.Account, created bool) accountBody {
	b := accountBody{ID: a.ID, Username: a.Username, Identities: []identityBody{}}
	if created {
		b.CreatedAt = a.CreatedAt.UnixMilli()
	}
	for _, i := range a.Identities {
		b.Identities = append(b.Identities, identityBody{i.Provider, i.Username, i.LinkedAt.UnixMilli()})
		if i.Provider == "discord" {
			b.Discord = &discordBody{ID: i.Subject, Username: i.Username}
			if i.AvatarURL != "" {
				b.Discord.Avatar = &i.AvatarURL
			}
		}
	}
	return b
}
