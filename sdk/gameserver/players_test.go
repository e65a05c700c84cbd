package gameserver

import (
	"errors"
	"slices"
	"testing"
)

func asSidecar(err error, into **SidecarError) bool { return errors.As(err, into) }

func TestPlayers(t *testing.T) {
	f := newFake("")
	f.capacity = 2
	local := &Server{host: newStandalone(Options{Getenv: env("GAMEFLOW_MAX_PLAYERS", "2")}.withDefaults()), life: t.Context()}
	for name, s := range map[string]*Server{"sidecar": connect(t, f), "local": local} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			wantErr(t, s.PlayerConnected(ctx, "p1"), nil)
			wantErr(t, s.PlayerConnected(ctx, "p1"), ErrAlreadyConnected)
			wantErr(t, s.PlayerConnected(ctx, "p2"), nil)
			wantErr(t, s.PlayerConnected(ctx, "p3"), ErrFull)
			// Who is back is not told that the server is full.
			wantErr(t, s.PlayerConnected(ctx, "p2"), ErrAlreadyConnected)
			wantErr(t, s.PlayerDisconnected(ctx, "p9"), ErrNotConnected)
			wantErr(t, s.PlayerDisconnected(ctx, "p1"), nil)
			list, err := s.Players(ctx)
			if err != nil || list.Capacity != 2 || !slices.Equal(list.Values, []string{"p2"}) {
				t.Errorf("list is %+v, %v", list, err)
			}
		})
	}
}

func TestPlayersWithoutAList(t *testing.T) {
	f := newFake("")
	f.capacity = -1
	s := connect(t, f)
	wantErr(t, s.PlayerConnected(t.Context(), "p1"), ErrTrackingDisabled)
	wantErr(t, s.PlayerDisconnected(t.Context(), "p1"), ErrTrackingDisabled)
	_, err := s.Players(t.Context())
	wantErr(t, err, ErrTrackingDisabled)
}

func TestPlayersOfALocalServerHaveNoBoundByDefault(t *testing.T) {
	h := newStandalone(Options{Getenv: env()}.withDefaults())
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i"} {
		wantErr(t, h.addPlayer(t.Context(), id), nil)
	}
}

func TestAnotherErrorOfTheListIsPassedOn(t *testing.T) {
	f := newFake("")
	s := connect(t, f)
	f.failNext("POST /v1beta1/lists/players:addValue", 500)
	var e *SidecarError
	if err := s.PlayerConnected(t.Context(), "p1"); !asSidecar(err, &e) || e.Status != 500 || e.Message != "failing as told" {
		t.Errorf("error is %v", err)
	}
}
