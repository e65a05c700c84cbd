package client

import (
	"context"
	"encoding/json"
	"time"
)

// LobbyOptions are what a lobby is made with; zero values are left to the server.
type LobbyOptions struct {
	Name       string         `json:"name,omitempty"`
	IsPrivate  bool           `json:"isPrivate,omitempty"`
	MaxPlayers int            `json:"maxPlayers,omitempty"`
	Password   string         `json:"password,omitempty"`
	Properties map[string]any `json:"properties,omitempty"`
}

// JoinOptions name a lobby by its code or its id; the code wins.
type JoinOptions struct {
	Code     string `json:"code,omitempty"`
	LobbyID  string `json:"lobbyId,omitempty"`
	Team     string `json:"team,omitempty"`
	Password string `json:"password,omitempty"`
}

// LobbyUpdate changes a lobby: nil leaves a field as it is. Password "" clears it;
// a property whose value is nil is deleted, the others are merged.
type LobbyUpdate struct {
	Name       *string        `json:"name,omitempty"`
	IsPrivate  *bool          `json:"isPrivate,omitempty"`
	MaxPlayers *int           `json:"maxPlayers,omitempty"`
	Password   *string        `json:"password,omitempty"`
	Properties map[string]any `json:"properties,omitempty"`
}

// CreateLobby makes a lobby, leaving the one that the player is in.
func (c *Conn) CreateLobby(ctx context.Context, o LobbyOptions) (*Lobby, error) {
	r, err := c.Do(ctx, Message{"lobby:create", o})
	return r.Lobby, err
}

// Join takes a seat, leaving the lobby that the player is in, and returns the lobby as it was
// first told with the player in it (nil with Options.SkipLobbies).
func (c *Conn) Join(ctx context.Context, o JoinOptions) (*Lobby, error) {
	r, err := c.Do(ctx, Message{"lobby:join", o})
	if err != nil || c.o.SkipLobbies {
		return nil, err
	}
	s, err := c.Wait(ctx, func(s State) bool {
		if !s.Connected {
			return true
		}
		l := s.Lobby
		return l != nil && l.Version >= r.Version && (o.Code != "" && l.Code == o.Code || o.Code == "" && l.ID == o.LobbyID)
	})
	if err == nil && !s.Connected {
		err = &Error{Code: CodeConnectionLost, Message: "Connection lost"}
	}
	if err != nil {
		return nil, err
	}
	return s.Lobby, nil
}

// Leave gives up the seat.
func (c *Conn) Leave(ctx context.Context) error { return c.do(ctx, "lobby:leave", nil) }

// Ready says that the player is ready or not.
func (c *Conn) Ready(ctx context.Context, ready bool) error {
	return c.do(ctx, "lobby:ready", map[string]bool{"ready": ready})
}

// Start starts the match and returns when the lobby is `starting`; MatchStarted or
// MatchFailed follows. Region may be empty.
func (c *Conn) Start(ctx context.Context, region string) error {
	var fields any
	if region != "" {
		fields = map[string]string{"region": region}
	}
	return c.do(ctx, "lobby:start", fields)
}

// CancelStart cancels a start under way.
func (c *Conn) CancelStart(ctx context.Context) error { return c.do(ctx, "lobby:cancel-start", nil) }

// FillBots adds bots up to perTeam in every team; 0 fills the teams.
func (c *Conn) FillBots(ctx context.Context, perTeam int) error {
	var fields any
	if perTeam != 0 {
		fields = map[string]int{"perTeam": perTeam}
	}
	return c.do(ctx, "lobby:fill-bots", fields)
}

// SetTeam changes the player's team.
func (c *Conn) SetTeam(ctx context.Context, team string) error {
	return c.do(ctx, "lobby:team", map[string]string{"team": team})
}

// Update changes the lobby.
func (c *Conn) Update(ctx context.Context, u LobbyUpdate) error { return c.do(ctx, "lobby:update", u) }

// Kick removes a member.
func (c *Conn) Kick(ctx context.Context, accountID string) error {
	return c.do(ctx, "lobby:kick", map[string]string{"accountId": accountID})
}

// Promote makes a member the owner.
func (c *Conn) Promote(ctx context.Context, accountID string) error {
	return c.do(ctx, "lobby:promote", map[string]string{"accountId": accountID})
}

// Chat says something to the lobby.
func (c *Conn) Chat(ctx context.Context, text string) error {
	return c.do(ctx, "lobby:chat", map[string]string{"text": text})
}

// Rpc calls a function of the game's own rules. payload is encoded as JSON, nil
// sends none; what is answered is decoded into answer, unless that is nil.
func (c *Conn) Rpc(ctx context.Context, name string, payload, answer any) error {
	fields := map[string]any{"name": name}
	if payload != nil {
		fields["payload"] = payload
	}
	r, err := c.Do(ctx, Message{"rpc", fields})
	if err != nil || answer == nil {
		return err
	}
	var m struct{ Payload json.RawMessage }
	if err = json.Unmarshal(r.Raw, &m); err == nil {
		err = json.Unmarshal(m.Payload, answer)
	}
	if err != nil {
		return &Error{Code: CodeBadAnswer, Message: "The server's answer cannot be read", Cause: err}
	}
	return nil
}

// Ping returns the time to the server and back.
func (c *Conn) Ping(ctx context.Context) (time.Duration, error) {
	sent := time.Now()
	err := c.do(ctx, "ping", nil)
	return time.Since(sent), err
}

func (c *Conn) do(ctx context.Context, kind string, fields any) error {
	_, err := c.Do(ctx, Message{kind, fields})
	return err
}
