package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/sdk/client"
)

// faultyCrew is two players in a lobby of theirs who start again and again.
type faultyCrew struct {
	game   string
	conns  []*client.Conn
	told   []chan client.Event
	leaked atomic.Bool // the platform's key came over a socket
}

func newFaultyCrew(ctx context.Context, url, game string, n int) (*faultyCrew, error) {
	c := &faultyCrew{game: game}
	api := client.New(client.Config{URL: url, Game: game})
	for p := range 2 {
		session, err := api.SignIn(ctx, fmt.Sprintf("f%d-%d", n, p), "")
		if err != nil {
			return c, err
		}
		told := make(chan client.Event, 64)
		conn, err := client.Dial(ctx, client.Options{
			URL: url, Game: game, Token: session.AccessToken,
			Raw: func(frame []byte) bool {
				if bytes.Contains(frame, []byte(platformKey)) {
					c.leaked.Store(true)
				}
				return false
			},
			OnEvent: func(e client.Event) {
				switch e.(type) {
				case *client.LobbyChanged, *client.Connected, *client.Disconnected:
				default:
					told <- e
				}
			},
		})
		if err != nil {
			return c, err
		}
		c.conns, c.told = append(c.conns, conn), append(c.told, told)
	}
	made, err := c.conns[0].CreateLobby(ctx, client.LobbyOptions{})
	if err == nil {
		_, err = c.conns[1].Join(ctx, client.JoinOptions{Code: made.Code})
	}
	return c, errors.Join(err, c.ready(ctx))
}

func (c *faultyCrew) ready(ctx context.Context) error {
	for _, conn := range c.conns {
		if err := conn.Ready(ctx, true); err != nil {
			return fmt.Errorf("ready: %w", err)
		}
	}
	return nil
}

// start starts a match, reports its result if it begins, and leaves the lobby ready for
// the next. All members must be told one and the same.
func (c *faultyCrew) start(ctx context.Context, platforms map[string]*gameflowtest.Server) (o outcomeOfStart, err error) {
	if err := c.conns[0].Start(ctx, ""); err != nil {
		return o, fmt.Errorf("start: %w", err)
	}
	for i, told := range c.told {
		one, err := c.hear(ctx, told)
		if err != nil {
			return o, err
		}
		if i > 0 && o != one {
			return o, fmt.Errorf("told differently: %+v and %+v", o, one)
		}
		o = one
	}
	if o.code == "" {
		if err := c.end(ctx, o.matchID, platforms); err != nil {
			return o, err
		}
	}
	for _, conn := range c.conns {
		if _, err := conn.Wait(ctx, func(s client.State) bool { return s.Lobby != nil && s.Lobby.State == "open" }); err != nil {
			return o, fmt.Errorf("the lobby does not open again: %w", err)
		}
	}
	if o.code == "" {
		return o, c.ready(ctx)
	}
	return o, nil
}

// hear is what a member is told of a start.
func (c *faultyCrew) hear(ctx context.Context, told <-chan client.Event) (outcomeOfStart, error) {
	select {
	case e := <-told:
		switch e := e.(type) {
		case *client.MatchStarted:
			s := e.Match.Server
			return outcomeOfStart{c.game, e.Match.MatchID, "", gameflowtest.Made{Name: s.Name, Address: s.Address, Port: s.Port}}, nil
		case *client.MatchFailed:
			if e.Code == "" || e.Message != "Failed to allocate game server" {
				return outcomeOfStart{}, fmt.Errorf("told %+v", e)
			}
			return outcomeOfStart{game: c.game, matchID: e.MatchID, code: e.Code}, nil
		default:
			return outcomeOfStart{}, fmt.Errorf("told %T %+v", e, e)
		}
	case <-ctx.Done():
		return outcomeOfStart{}, fmt.Errorf("a start without a word: %w", ctx.Err())
	}
}

// end reports the result as the match's one server would.
func (c *faultyCrew) end(ctx context.Context, matchID string, platforms map[string]*gameflowtest.Server) error {
	var payload string
	for _, p := range platforms {
		for _, call := range p.CallsFor(matchID) {
			payload = call.Payload
		}
	}
	if err := report(ctx, []byte(payload)); err != nil {
		return err
	}
	for _, told := range c.told {
		ended, err := next[*client.MatchEnded](ctx, told)
		if err != nil {
			return err
		}
		if ended.MatchID != matchID || ended.Result == nil {
			return fmt.Errorf("ended %+v", ended)
		}
	}
	return nil
}

// leave gives up the seats. Nothing more may have been told.
func (c *faultyCrew) leave(ctx context.Context) error {
	var errs []error
	for i, conn := range c.conns {
		errs = append(errs, conn.Leave(ctx))
		select {
		case e := <-c.told[i]:
			errs = append(errs, fmt.Errorf("told %T %+v once more", e, e))
		default:
		}
		conn.Close()
	}
	if c.leaked.Load() {
		errs = append(errs, errors.New("a player was sent the platform's key"))
	}
	return errors.Join(errs...)
}
