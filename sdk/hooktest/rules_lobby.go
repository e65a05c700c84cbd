package hooktest

import (
	"context"
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
)

// BeforeLobbyCreate shouts the name, adds a seat and notes who makes the lobby.
func (Rules) BeforeLobbyCreate(ctx context.Context, draft *hook.LobbyDraft) (*hook.LobbyDraft, error) {
	if err := mood(ctx, draft.GetName()); err != nil {
		return nil, err
	}
	switch draft.GetName() {
	case "nothing":
		return nil, nil
	case "empty":
		return &hook.LobbyDraft{}, nil
	case "whole":
		return copied(draft), nil
	case "only":
		return &hook.LobbyDraft{Name: "ö"}, nil
	case "zero":
		return &hook.LobbyDraft{MaxPlayers: proto.Int32(0)}, nil
	}
	answer := &hook.LobbyDraft{
		Name:       draft.GetName() + "!",
		Properties: with(draft.GetProperties(), "private", structpb.NewBoolValue(draft.GetIsPrivate())),
	}
	answer.Properties["owner"] = structpb.NewNullValue()
	if draft.GetOwner() != nil {
		answer.Properties["owner"] = structpb.NewStringValue(draft.GetOwner().GetUsername())
	}
	if draft.MaxPlayers != nil {
		answer.MaxPlayers = proto.Int32(draft.GetMaxPlayers() + 1)
	}
	return answer, nil
}

// BeforeLobbyJoin keeps the banned out and adds to the properties of others.
func (Rules) BeforeLobbyJoin(ctx context.Context, lobby *hook.Lobby, player *hook.Player) (*hook.Player, error) {
	if err := mood(ctx, lobby.GetName()); err != nil {
		return nil, err
	}
	if player.GetProperties()["banned"].GetBoolValue() {
		return nil, hook.Refuse("no", map[string]string{player.GetAccountId(): "you are banned"})
	}
	switch lobby.GetName() {
	case "nothing":
		return nil, nil
	case "whole":
		return copied(player), nil
	case "change":
		changed := copied(player)
		changed.Username, changed.Ready, changed.Bot = "changed", true, false
		changed.Properties = with(player.GetProperties(), "team", structpb.NewStringValue("A"))
		delete(changed.Properties, "old")
		changed.Identities = append(changed.Identities, &hook.LinkedIdentity{Provider: "p"})
		return changed, nil
	}
	seats, linked := 0.0, &structpb.ListValue{}
	for _, team := range lobby.GetTeams() {
		seats += float64(team.GetSize())
	}
	for _, i := range player.GetIdentities() {
		linked.Values = append(linked.Values, structpb.NewStringValue(i.GetProvider()+":"+i.GetSubject()+":"+i.GetUsername()))
	}
	properties := with(player.GetProperties(), "seats", structpb.NewNumberValue(seats))
	properties["linked"] = structpb.NewListValue(linked)
	return &hook.Player{Properties: properties}, nil
}

// AssignTeam wishes the team with the fewest players, if it has room.
func (Rules) AssignTeam(ctx context.Context, lobby *hook.Lobby, player *hook.Player) (string, error) {
	if err := mood(ctx, lobby.GetName()); err != nil {
		return "", err
	}
	if lobby.GetName() == "nothing" || lobby.GetName() == "empty" {
		return "", nil
	}
	if lobby.GetName() == "mine" {
		return player.GetProperties()["team"].GetStringValue(), nil
	}
	var best *hook.Team
	for _, team := range lobby.GetTeams() {
		if len(team.GetPlayers()) < int(team.GetSize()) && (best == nil || len(team.GetPlayers()) < len(best.GetPlayers())) {
			best = team
		}
	}
	return best.GetName(), nil
}

// BeforeChat counts the characters of a line.
func (Rules) BeforeChat(ctx context.Context, lobby *hook.Lobby, message *hook.ChatMessage) (*hook.ChatMessage, error) {
	if err := mood(ctx, message.GetText()); err != nil {
		return nil, err
	}
	if message.GetText() == "nothing" {
		return nil, nil
	}
	text := fmt.Sprintf("[%s/%d] %s: %s (%s)", lobby.GetName(), len(lobby.GetTeams()), message.GetUsername(), message.GetText(), message.GetAccountId())
	return &hook.ChatMessage{Text: fmt.Sprint(utf8.RuneCountInString(message.GetText()), " ", text)}, nil
}
