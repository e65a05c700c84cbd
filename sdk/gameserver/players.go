package gameserver

import (
	"context"
	"errors"
	"net/http"
)

// listName is the list of connected players.
const listName = "players"

const listPath = "/v1beta1/lists/" + listName

// PlayerConnected adds a player to the platform's list of who is connected: a
// server without players is ended after a while. It fails with
// ErrAlreadyConnected, ErrFull or ErrTrackingDisabled.
func (s *Server) PlayerConnected(ctx context.Context, accountID string) error {
	return s.do(ctx, func(ctx context.Context) error { return s.host.addPlayer(ctx, accountID) })
}

// PlayerDisconnected takes a player off the list. It fails with ErrNotConnected
// or ErrTrackingDisabled.
func (s *Server) PlayerDisconnected(ctx context.Context, accountID string) error {
	return s.do(ctx, func(ctx context.Context) error { return s.host.removePlayer(ctx, accountID) })
}

// Players is the platform's list of connected players and its capacity. It fails
// with ErrTrackingDisabled.
func (s *Server) Players(ctx context.Context) (l List, err error) {
	err = s.do(ctx, func(ctx context.Context) error {
		l, err = s.host.players(ctx)
		return err
	})
	return l, err
}

type listValue struct {
	Value string `json:"value"`
}

func (c *sidecar) addPlayer(ctx context.Context, id string) error {
	err := c.call(ctx, http.MethodPost, listPath+":addValue", listValue{id}, nil)
	var e *SidecarError
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.is(http.StatusConflict, codeAlreadyExists):
		return ErrAlreadyConnected
	case e.Code == codeOutOfRange:
		return ErrFull
	case e.is(http.StatusNotFound, codeNotFound):
		return ErrTrackingDisabled
	}
	return err
}

func (c *sidecar) removePlayer(ctx context.Context, id string) error {
	err := c.call(ctx, http.MethodPost, listPath+":removeValue", listValue{id}, nil)
	var e *SidecarError
	if !errors.As(err, &e) || !e.is(http.StatusNotFound, codeNotFound) {
		return err
	}
	// The list is not there, or the value is not in it: the answer is the same.
	if _, err := c.players(ctx); err != nil {
		return err
	}
	return ErrNotConnected
}

func (c *sidecar) players(ctx context.Context) (l List, err error) {
	err = c.call(ctx, http.MethodGet, listPath, nil, &l)
	var e *SidecarError
	if errors.As(err, &e) && e.is(http.StatusNotFound, codeNotFound) {
		err = ErrTrackingDisabled
	}
	return l, err
}
