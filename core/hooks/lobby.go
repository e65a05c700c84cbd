package hooks

import (
	"context"

	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/sdk/hook"
)

// BeforeLobbyCreate asks the before_lobby_create gates in their order and returns
// the draft as they amended it: its name, max_players and properties. The draft
// itself is not changed. Errors are ErrRefused, ErrFailed, ErrTimeout, or
// fault.TryAgain when ctx ends.
func (r *Runner) BeforeLobbyCreate(ctx context.Context, draft *hook.LobbyDraft) (*hook.LobbyDraft, error) {
	const point = hook.PointBeforeLobbyCreate
	known := people{draft.GetOwner().GetAccountId(): true}
	for _, h := range r.serving(point) {
		impl, given := h.Impl.(hook.LobbyCreateGate), own(h, draft)
		v := ask(ctx, r, h, point, known, func(ctx context.Context) (*hook.LobbyDraft, error) {
			d, err := impl.BeforeLobbyCreate(ctx, given)
			return own(h, d), err
		}, func(d *hook.LobbyDraft) *failure { return checkDraft(d, r.seats) })
		if v.err != nil {
			return nil, v.err
		}
		if v.answered && v.value != nil {
			draft = proto.CloneOf(draft)
			draft.Name, draft.MaxPlayers, draft.Properties = v.value.GetName(), v.value.MaxPlayers, v.value.GetProperties()
		}
	}
	return draft, nil
}

// BeforeLobbyJoin asks the before_lobby_join gates in their order and returns the
// player with the properties that they gave him. Errors are those of BeforeLobbyCreate.
func (r *Runner) BeforeLobbyJoin(ctx context.Context, lobby *hook.Lobby, player *hook.Player) (*hook.Player, error) {
	const point = hook.PointBeforeLobbyJoin
	if !r.Serves(point) {
		return player, nil
	}
	known := membersOf(lobby, player.GetAccountId())
	for _, h := range r.serving(point) {
		impl, l, given := h.Impl.(hook.LobbyJoinGate), own(h, lobby), own(h, player)
		v := ask(ctx, r, h, point, known, func(ctx context.Context) (*hook.Player, error) {
			p, err := impl.BeforeLobbyJoin(ctx, l, given)
			return own(h, p), err
		}, func(p *hook.Player) *failure { return checkProperties(p.GetProperties()) })
		if v.err != nil {
			return nil, v.err
		}
		if v.answered && v.value != nil {
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
	const point = hook.PointAssignTeam
	for _, h := range r.serving(point) {
		impl, l, p := h.Impl.(hook.TeamAssigner), own(h, lobby), own(h, player)
		v := ask(ctx, r, h, point, nil, func(ctx context.Context) (string, error) {
			return impl.AssignTeam(ctx, l, p)
		}, func(team string) *failure { return checkTeam(team, lobby) })
		if v.err != nil || v.builtin || v.value != "" {
			return v.value, v.err
		}
	}
	return "", nil
}

// BeforeChat asks the before_chat gates in their order and returns the message
// with the text that they made of it. Errors are those of BeforeLobbyCreate.
func (r *Runner) BeforeChat(ctx context.Context, lobby *hook.Lobby, message *hook.ChatMessage) (*hook.ChatMessage, error) {
	const point = hook.PointBeforeChat
	known := people{message.GetAccountId(): true}
	for _, h := range r.serving(point) {
		impl, l, given := h.Impl.(hook.ChatGate), own(h, lobby), own(h, message)
		v := ask(ctx, r, h, point, known, func(ctx context.Context) (*hook.ChatMessage, error) {
			m, err := impl.BeforeChat(ctx, l, given)
			return own(h, m), err
		}, checkChat)
		if v.err != nil {
			return nil, v.err
		}
		if v.answered && v.value != nil {
			message = proto.CloneOf(message)
			message.Text = v.value.GetText()
		}
	}
	return message, nil
}
