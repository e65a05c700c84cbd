package hooktest

import (
	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/sdk/hook"
)

func createCases() []testCase {
	draft := func(name string) *hook.LobbyDraft {
		return &hook.LobbyDraft{
			Name: name, MaxPlayers: proto.Int32(7), IsPrivate: true, Owner: fullLobby("").Teams[0].Players[0], Properties: deepValues(),
		}
	}
	changed := deepValues()
	changed["private"], changed["owner"] = value(true), value("Jörg 🎮")
	return append(moods(true, func(word string) proto.Message { return &hook.LobbyDraft{Name: word} }), []testCase{
		{name: "every field", request: draft("Größe 🎮"), want: answers(&hook.LobbyDraft{Name: "Größe 🎮!", MaxPlayers: proto.Int32(8), Properties: changed})},
		{name: "no field", request: &hook.LobbyDraft{}, want: answers(&hook.LobbyDraft{
			Name: "!", Properties: fields(map[string]any{"private": false, "owner": nil}),
		})},
		{name: "an optional zero", request: &hook.LobbyDraft{MaxPlayers: proto.Int32(0), Owner: &hook.Player{}}, want: answers(&hook.LobbyDraft{
			Name: "!", MaxPlayers: proto.Int32(1), Properties: fields(map[string]any{"private": false, "owner": ""}),
		})},
		{name: "a negative number", request: &hook.LobbyDraft{MaxPlayers: proto.Int32(-1 << 31)}, want: answers(&hook.LobbyDraft{
			Name: "!", MaxPlayers: proto.Int32(-1<<31 + 1), Properties: fields(map[string]any{"private": false, "owner": nil}),
		})},
		{name: "answered as it is", request: draft("whole"), want: answers(draft("whole"))},
		{name: "answered as it is, nearly empty", request: &hook.LobbyDraft{Name: "whole", Owner: &hook.Player{}}, want: answers(&hook.LobbyDraft{Name: "whole", Owner: &hook.Player{}})},
		{name: "one field answered", request: draft("only"), want: answers(&hook.LobbyDraft{Name: "ö"})},
		{name: "an optional zero answered", request: draft("zero"), want: answers(&hook.LobbyDraft{MaxPlayers: proto.Int32(0)})},
		{name: "no answer", request: draft("nothing"), want: nothing()},
		{name: "an empty answer", request: draft("empty"), want: nothing()},
	}...)
}

func joinCases() []testCase {
	join := func(lobby *hook.Lobby, player *hook.Player) proto.Message {
		return &hook.BeforeLobbyJoinRequest{Lobby: lobby, Player: player}
	}
	full := fullLobby("").Teams[0].Players[0]
	plain := &hook.Player{AccountId: "a9", Username: "Zoë", Properties: fields(map[string]any{"old": 1, "kept": "k"})}
	return append(moods(true, func(word string) proto.Message { return join(&hook.Lobby{Name: word}, &hook.Player{}) }), []testCase{
		{name: "every field", request: join(fullLobby("Friday"), full), want: answers(&hook.Player{Properties: fields(map[string]any{
			"level": 3, "tags": []any{"x", nil}, "seats": 1<<31 + 2, "linked": []any{"discord:1:j", "steam:76561198000000001:"},
		})})},
		{name: "no field", request: join(&hook.Lobby{}, &hook.Player{}), want: answers(&hook.Player{Properties: fields(map[string]any{"seats": 0, "linked": []any{}})})},
		{name: "values come through", request: join(&hook.Lobby{Name: "whole"}, &hook.Player{Properties: deepValues()}), want: answers(&hook.Player{Properties: deepValues()})},
		{name: "answered as it is", request: join(&hook.Lobby{Name: "whole"}, full), want: answers(full)},
		{name: "answered as it is, empty", request: join(&hook.Lobby{Name: "whole"}, &hook.Player{}), want: nothing()},
		{name: "changed by the hook", request: join(&hook.Lobby{Name: "change"}, plain), want: answers(&hook.Player{
			AccountId: "a9", Username: "changed", Ready: true,
			Properties: fields(map[string]any{"kept": "k", "team": "A"}), Identities: []*hook.LinkedIdentity{{Provider: "p"}},
		})},
		{name: "all changed by the hook", request: join(&hook.Lobby{Name: "change"}, full), want: answers(&hook.Player{
			AccountId: "a1", Username: "changed", Ready: true, Connected: true,
			Properties: fields(map[string]any{"level": 3, "tags": []any{"x", nil}, "team": "A"}),
			Identities: append(fullLobby("").Teams[0].Players[0].Identities, &hook.LinkedIdentity{Provider: "p"}),
		})},
		{name: "a reason for one player", request: join(&hook.Lobby{}, &hook.Player{AccountId: "bot-ü", Properties: fields(map[string]any{"banned": true})}),
			want: refuses(&hook.Refusal{Reason: "no", PlayerReasons: map[string]string{"bot-ü": "you are banned"}})},
		{name: "no answer", request: join(&hook.Lobby{Name: "nothing"}, plain), want: nothing()},
	}...)
}

func assignCases() []testCase {
	assign := func(lobby *hook.Lobby, player *hook.Player) proto.Message {
		return &hook.AssignTeamRequest{Lobby: lobby, Player: player}
	}
	mine := &hook.Player{Properties: fields(map[string]any{"team": "Größe 🎮"})}
	return append(moods(false, func(word string) proto.Message { return assign(&hook.Lobby{Name: word}, nil) }), []testCase{
		{name: "the smallest", request: assign(twoTeams("", []string{"a1", "a2"}, []string{"b1"}), mine), want: answers(&hook.AssignTeamResponse{Team: "B"})},
		{name: "the first of equals", request: assign(twoTeams("", []string{"a1"}, []string{"b1"}), mine), want: answers(&hook.AssignTeamResponse{Team: "A"})},
		{name: "none has room", request: assign(&hook.Lobby{Teams: []*hook.Team{team("A", 0), {}}}, mine), want: nothing()},
		{name: "unicode", request: assign(&hook.Lobby{Name: "mine"}, mine), want: answers(&hook.AssignTeamResponse{Team: "Größe 🎮"})},
		{name: "no answer", request: assign(twoTeams("nothing", nil, nil), mine), want: nothing()},
		{name: "an empty answer", request: assign(twoTeams("empty", nil, nil), mine), want: nothing()},
	}...)
}

func chatCases() []testCase {
	say := func(text string) proto.Message {
		return &hook.BeforeChatRequest{
			Lobby: twoTeams("Größe", []string{"a1"}, nil), Message: &hook.ChatMessage{AccountId: "a1", Username: "Zoë 🎮", Text: text},
		}
	}
	text := func(s string) outcome { return answers(&hook.ChatMessage{Text: s}) }
	return append(moods(false, say), []testCase{
		{name: "characters", request: say("é e\u0301 日本 🎮\u0000\n"), want: text("11 [Größe/2] Zoë 🎮: é e\u0301 日本 🎮\u0000\n (a1)")},
		{name: "no text", request: say(""), want: text("0 [Größe/2] Zoë 🎮:  (a1)")},
		{name: "no field", request: &hook.BeforeChatRequest{Lobby: &hook.Lobby{}, Message: &hook.ChatMessage{}}, want: text("0 [/0] :  ()")},
		{name: "no answer", request: say("nothing"), want: nothing()},
	}...)
}
