package lobby

import (
	"context"
	"fmt"

	"github.com/muster-gg/muster/sdk/hook"
)

// Runner runs a game's hooks; *hooks.Runner is it.
type Runner interface {
	// Serves reports whether any hook serves a point; it is cheap.
	Serves(p hook.Point) bool
	BeforeLobbyCreate(ctx context.Context, d *hook.LobbyDraft) (*hook.LobbyDraft, error)
	BeforeLobbyJoin(ctx context.Context, l *hook.Lobby, p *hook.Player) (*hook.Player, error)
	AssignTeam(ctx context.Context, l *hook.Lobby, p *hook.Player) (string, error)
	BeforeChat(ctx context.Context, l *hook.Lobby, m *hook.ChatMessage) (*hook.ChatMessage, error)
}

// HooksOf are the rules that a runner brings: messages are made only for points
// that somebody serves.
func HooksOf(r Runner) Hooks { return ruled{r} }

type ruled struct{ Runner }

var _ Hooks = ruled{}

func (r ruled) BeforeCreate(ctx context.Context, who Who, d Draft) (Draft, error) {
	if !r.Serves(hook.PointBeforeLobbyCreate) {
		return d, nil
	}
	m := &hook.LobbyDraft{Name: d.Name, IsPrivate: d.IsPrivate, Owner: newcomer(who)}
	var err error
	if m.Properties, err = hook.ValuesFromJSON(d.Properties); err != nil {
		return d, ErrInvalidField.About("properties cannot be read").With(err)
	}
	if d.MaxPlayers != nil {
		n := int32(*d.MaxPlayers)
		m.MaxPlayers = &n
	}
	if m, err = r.BeforeLobbyCreate(ctx, m); err != nil || m == nil {
		return d, err
	}
	d.Name = m.Name
	if d.Properties, err = hook.ValuesToJSON(m.Properties); err != nil {
		return d, fmt.Errorf("before_lobby_create: properties: %w", err)
	}
	d.MaxPlayers = nil
	if m.MaxPlayers != nil {
		n := int(*m.MaxPlayers)
		d.MaxPlayers = &n
	}
	return d, nil
}

func (r ruled) WantJoin() bool {
	return r.Serves(hook.PointBeforeLobbyJoin) || r.Serves(hook.PointAssignTeam)
}

func (r ruled) BeforeJoin(ctx context.Context, l *Lobby, who Who) (Properties, error) {
	if !r.Serves(hook.PointBeforeLobbyJoin) {
		return nil, nil
	}
	m, err := l.Message()
	if err != nil {
		return nil, err
	}
	p, err := r.BeforeLobbyJoin(ctx, m, newcomer(who))
	if err != nil || p == nil {
		return nil, err
	}
	return hook.ValuesToJSON(p.Properties)
}

func (r ruled) AssignTeam(ctx context.Context, l *Lobby, who Who) (string, error) {
	if !r.Serves(hook.PointAssignTeam) {
		return "", nil
	}
	m, err := l.Message()
	if err != nil {
		return "", err
	}
	return r.Runner.AssignTeam(ctx, m, newcomer(who))
}

func (r ruled) BeforeChat(ctx context.Context, l *Lobby, who Who, text string) (string, error) {
	if !r.Serves(hook.PointBeforeChat) {
		return text, nil
	}
	m, err := l.Message()
	if err != nil {
		return "", err
	}
	line, err := r.Runner.BeforeChat(ctx, m, &hook.ChatMessage{AccountId: who.AccountID, Username: who.Username, Text: text})
	if err != nil || line == nil {
		return text, err
	}
	return line.Text, nil
}

// newcomer is a player who is not a member yet, as hooks see him.
func newcomer(who Who) *hook.Player {
	return &hook.Player{AccountId: who.AccountID, Username: who.Username, Connected: true}
}

// Message is the lobby as hooks see it.
func (l *Lobby) Message() (*hook.Lobby, error) {
	m := &hook.Lobby{Id: l.ID, Name: l.Name, OwnerId: l.OwnerID, State: string(l.State)}
	var err error
	if m.Properties, err = hook.ValuesFromJSON(l.Properties); err != nil {
		return nil, fmt.Errorf("lobby %s: properties: %w", l.ID, err)
	}
	for _, t := range l.Teams {
		team := &hook.Team{Name: t.Name, Size: int32(t.Size)}
		for _, p := range t.Players {
			player, err := p.message()
			if err != nil {
				return nil, fmt.Errorf("lobby %s: %w", l.ID, err)
			}
			team.Players = append(team.Players, player)
		}
		m.Teams = append(m.Teams, team)
	}
	return m, nil
}

func (p Player) message() (*hook.Player, error) {
	m := &hook.Player{AccountId: p.AccountID, Username: p.Username, Ready: p.Ready, Bot: p.Bot, Connected: p.Connected}
	var err error
	if m.Properties, err = hook.ValuesFromJSON(p.Properties); err != nil {
		return nil, fmt.Errorf("properties of %s: %w", p.AccountID, err)
	}
	return m, nil
}
