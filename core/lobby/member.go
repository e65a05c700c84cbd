package lobby

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/muster-gg/muster/core/broadcast"
	"github.com/muster-gg/muster/core/fault"
)

// moves bounds how often a command follows a player who changes lobbies meanwhile.
const moves = 4

// asMember runs a reducer step, as the given command, on the lobby in which the
// account sits.
func (s *Service) asMember(ctx context.Context, account string, cmd *command, step func(c *change) error) (Result, error) {
	for range moves {
		seat, err := s.SeatOf(ctx, account)
		if err != nil {
			return Result{}, err
		}
		if seat.LobbyID == "" {
			return Result{}, ErrNotInLobby
		}
		try := *cmd
		try.apply = func(w *work) error { return w.step(seat.LobbyID, step) }
		res, err := s.submit(seat.LobbyID, &try)
		if errors.Is(err, ErrNotInLobby) || errors.Is(err, ErrNotFound) {
			continue // moved between the look and the command
		}
		return res, err
	}
	return Result{}, ErrNotInLobby
}

// in runs a reducer step on one lobby.
func (s *Service) in(id string, step func(c *change) error) (Result, error) {
	return s.submit(id, &command{apply: func(w *work) error { return w.step(id, step) }})
}

func (w *work) step(id string, step func(c *change) error) error {
	c, err := w.lobby(id)
	if err != nil {
		return err
	}
	if c == nil {
		return ErrNotFound
	}
	if err := step(c); err != nil {
		return err
	}
	return w.flush(id, c)
}

// Leave gives up the player's seat.
func (s *Service) Leave(ctx context.Context, who Who, commit func(Snapshot)) error {
	_, err := s.asMember(ctx, who.AccountID, &command{commit: commit}, func(c *change) error { return c.leave(who.AccountID) })
	return err
}

// Ready sets the player's ready flag. In a match it is accepted and changes nothing.
func (s *Service) Ready(ctx context.Context, who Who, ready bool) (Result, error) {
	return s.asMember(ctx, who.AccountID, &command{}, func(c *change) error { return c.ready(who.AccountID, ready) })
}

// Team moves the player to another team.
func (s *Service) Team(ctx context.Context, who Who, team string) (Result, error) {
	return s.asMember(ctx, who.AccountID, &command{}, func(c *change) error { return c.changeTeam(who.AccountID, team) })
}

// Update changes the lobby; the player must own it.
func (s *Service) Update(ctx context.Context, who Who, ch Change) (Result, error) {
	password := ""
	if ch.Password != nil {
		password = hashPassword(*ch.Password)
	}
	return s.asMember(ctx, who.AccountID, &command{}, func(c *change) error { return c.update(who.AccountID, ch, password) })
}

// Kick removes a member for good; the player must own the lobby.
func (s *Service) Kick(ctx context.Context, who Who, accountID string) (Result, error) {
	return s.asMember(ctx, who.AccountID, &command{}, func(c *change) error { return c.kick(who.AccountID, accountID) })
}

// Promote makes another member the owner.
func (s *Service) Promote(ctx context.Context, who Who, accountID string) (Result, error) {
	return s.asMember(ctx, who.AccountID, &command{}, func(c *change) error { return c.promote(who.AccountID, accountID) })
}

// FillBots adds bots; the player must own the lobby.
func (s *Service) FillBots(ctx context.Context, who Who, perTeam *int) (Result, error) {
	ids := make([]string, s.rules.Seats())
	for i := range ids {
		ids[i] = "bot-" + uuid.NewString()
	}
	return s.asMember(ctx, who.AccountID, &command{}, func(c *change) error { return c.fillBots(who.AccountID, perTeam, ids) })
}

// CancelStart ends the start under way; the player must own the lobby.
func (s *Service) CancelStart(ctx context.Context, who Who) (Result, error) {
	return s.asMember(ctx, who.AccountID, &command{}, func(c *change) error { return c.cancel(who.AccountID) })
}

// Chat tells a line to every member. Nothing is stored.
func (s *Service) Chat(ctx context.Context, who Who, text string) (Result, error) {
	seat, err := s.SeatOf(ctx, who.AccountID)
	if err != nil {
		return Result{}, err
	}
	if seat.LobbyID == "" {
		return Result{}, ErrNotInLobby
	}
	snap, err := s.Get(ctx, seat.LobbyID)
	if err != nil {
		return Result{}, err
	}
	if t, _ := snap.Lobby.Find(who.AccountID); t < 0 {
		return Result{}, ErrNotInLobby
	}
	if text, err = s.hooks.BeforeChat(ctx, snap.Lobby, who, text); err != nil {
		return Result{}, fault.From(err)
	}
	err = s.hub.Publish(ctx, broadcast.Message{
		Topic: s.topic(seat.LobbyID),
		Payload: &Update{LobbyID: seat.LobbyID, Snapshot: snap, Quiet: true, Events: []Event{{
			Kind: Chat, AccountID: who.AccountID, Username: who.Username, Text: text, At: s.now(),
		}}},
	})
	if err != nil {
		return Result{}, fault.From(err)
	}
	// A line of chat changes no document: Changed spares the sender a snapshot.
	return Result{Snapshot: snap, Changed: true}, nil
}
