package hooks

import (
	"context"

	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/sdk/hook"
)

// BeforeLobbyCreate asks the before_lobby_create gates in their order and returns
// the draft as they amended it: its name, max_players and properties. The draft
// itself is not changed. Errors are ErrRefused, ErrFailed, ErrTimeout,
// ErrUnavailable, or fault.TryAgain when ctx ends.
func (r *Runner) BeforeLobbyCreate(ctx context.Context, draft *hook.LobbyDraft) (*hook.LobbyDraft, error) {
	s, err := r.enter(ctx, hook.PointBeforeLobbyCreate)
	if s == nil {
		return draft, err
	}
	defer s.users.out()
	owner := draft.GetOwner().GetAccountId()
	for _, h := range s.points[hook.PointBeforeLobbyCreate] {
		impl, given := h.Impl.(hook.LobbyCreateGate), own(h, draft)
		v := (&job[*hook.LobbyDraft]{
			r: r, h: h, users: &s.users, known: knowing(nil, owner),
			call: func(ctx context.Context) (*hook.LobbyDraft, error) {
				d, err := impl.BeforeLobbyCreate(ctx, given)
				return taken(h, d), err
			},
			check: func(d *hook.LobbyDraft) *failure { return checkDraft(d, r.seats) },
		}).ask(ctx)
		if v.err != nil {
			return nil, shownTo(owner, v.err)
		}
		if v.value != nil {
			draft = proto.CloneOf(draft)
			draft.Name, draft.MaxPlayers, draft.Properties = v.value.GetName(), v.value.MaxPlayers, v.value.GetProperties()
		}
	}
	return draft, nil
}

// BeforeLobbyJoin asks the before_lobby_join gates in their order and returns the
// player with the properties that they gave him. Errors are those of BeforeLobbyCreate.
func (r *Runner) BeforeLobbyJoin(ctx context.Context, lobby *hook.Lobby, player *hook.Player) (*hook.Player, error) {
	s, err := r.enter(ctx, hook.PointBeforeLobbyJoin)
	if s == nil {
		return player, err
	}
	defer s.users.out()
	for _, h := range s.points[hook.PointBeforeLobbyJoin] {
		impl, l, given := h.Impl.(hook.LobbyJoinGate), own(h, lobby), own(h, player)
		v := (&job[*hook.Player]{
			r: r, h: h, users: &s.users, known: knowing(lobby, player.GetAccountId()),
			call: func(ctx context.Context) (*hook.Player, error) {
				p, err := impl.BeforeLobbyJoin(ctx, l, given)
				return taken(h, p), err
			},
			check: func(p *hook.Player) *failure { return checkProperties(p.GetProperties()) },
		}).ask(ctx)
		if v.err != nil {
			return nil, shownTo(player.GetAccountId(), v.err)
		}
		if v.value != nil {
			player = proto.CloneOf(player)
			player.Properties = v.value.GetProperties()
		}
	}
	return player, nil
}

// AssignTeam asks the assign_team deciders and returns the first wish, "" for
// none: the built-in rule then chooses. Errors are those of BeforeLobbyCreate but
// for ErrRefused.
func (r *Runner) AssignTeam(ctx context.Context, lobby *hook.Lobby, player *hook.Player) (string, error) {
	s, err := r.enter(ctx, hook.PointAssignTeam)
	if s == nil {
		return "", err
	}
	defer s.users.out()
	for _, h := range s.points[hook.PointAssignTeam] {
		impl, l, p := h.Impl.(hook.TeamAssigner), own(h, lobby), own(h, player)
		v := (&job[string]{
			r: r, h: h, users: &s.users,
			call:  func(ctx context.Context) (string, error) { return impl.AssignTeam(ctx, l, p) },
			check: func(team string) *failure { return checkTeam(team, lobby) },
		}).ask(ctx)
		if v.err != nil || v.builtin || v.value != "" {
			return v.value, v.err
		}
	}
	return "", nil
}

// BeforeChat asks the before_chat gates in their order and returns the message
// with the text that they made of it. Errors are those of BeforeLobbyCreate.
func (r *Runner) BeforeChat(ctx context.Context, lobby *hook.Lobby, message *hook.ChatMessage) (*hook.ChatMessage, error) {
	s, err := r.enter(ctx, hook.PointBeforeChat)
	if s == nil {
		return message, err
	}
	defer s.users.out()
	for _, h := range s.points[hook.PointBeforeChat] {
		impl, l, given := h.Impl.(hook.ChatGate), own(h, lobby), own(h, message)
		v := (&job[*hook.ChatMessage]{
			r: r, h: h, users: &s.users, known: knowing(nil, message.GetAccountId()),
			call: func(ctx context.Context) (*hook.ChatMessage, error) {
				m, err := impl.BeforeChat(ctx, l, given)
				return taken(h, m), err
			},
			check: checkChat,
		}).ask(ctx)
		if v.err != nil {
			return nil, shownTo(message.GetAccountId(), v.err)
		}
		if v.value != nil {
			message = proto.CloneOf(message)
			message.Text = v.value.GetText()
		}
	}
	return message, nil
}
