package hooktest

import (
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
)

func authenticateCases() []testCase {
	request := func(fields map[string]*structpb.Value) *hook.AuthRequest {
		return &hook.AuthRequest{Game: Game, Provider: "dis-cord", Fields: fields, RemoteAddress: "2001:db8::1"}
	}
	full := values()
	full["token"], full["username"], full["avatar"] = value("tökén"), value("Zoë 🎮"), value("https://example.com/a?b=c&d=%20")
	return append(moods(true, func(word string) proto.Message { return request(fields(map[string]any{"do": word})) }), []testCase{
		{name: "every field", request: request(full), want: answers(&hook.Identity{
			Provider: "dis-cord", Subject: "tökén", Username: "Zoë 🎮", AvatarUrl: "https://example.com/a?b=c&d=%20",
			Vars: map[string]string{"game": Game, "address": "2001:db8::1", "fields": fmt.Sprint(len(full))},
		})},
		{name: "empty texts", request: &hook.AuthRequest{Fields: fields(map[string]any{"token": ""})}, want: answers(&hook.Identity{
			Vars: map[string]string{"game": "", "address": "", "fields": "1"},
		})},
		{name: "one field answered", request: request(fields(map[string]any{"do": "only", "token": "t"})), want: answers(&hook.Identity{Subject: "t"})},
		{name: "no token", request: &hook.AuthRequest{}, want: refuses(&hook.Refusal{Reason: "a token is needed", Invalid: true})},
		{name: "a token that is no text", request: request(fields(map[string]any{"token": 1})), want: refuses(&hook.Refusal{Reason: "a token is needed", Invalid: true})},
		{name: "no answer", request: request(fields(map[string]any{"do": "nothing", "token": "t"})), want: nothing()},
	}...)
}

func allocateCases() []testCase {
	request := func(region, payload string) proto.Message {
		return &hook.AllocateRequest{Game: Game, MatchId: "m-é", Region: region, Payload: payload, Timeout: 1<<53 - 1}
	}
	return append(moods(true, func(word string) proto.Message { return request(word, "") }), []testCase{
		{name: "every field", request: request("us", `{"port": 65535, "address": "srv.example.com", "teams": ["日本"]}`), want: answers(&hook.Server{
			Name: "arena/m-é/9007199254740991", Address: "srv.example.com", Port: 65535,
		})},
		{name: "no field", request: &hook.AllocateRequest{Payload: "{}"}, want: answers(&hook.Server{Name: "//0"})},
		{name: "a payload that is no JSON", request: request("us", "{"), want: fails("")},
		{name: "no answer", request: request("nothing", "{}"), want: nothing()},
	}...)
}

func releaseCases() []testCase {
	full := &hook.ReleaseRequest{Game: Game, MatchId: "m1", Server: &hook.Server{Name: "srv", Address: "::1", Port: 1}}
	return append(moods(true, func(word string) proto.Message { return &hook.ReleaseRequest{MatchId: word} }), []testCase{
		{name: "every field", request: full, want: nothing(), notices: told("release", full)},
		{name: "no server", request: &hook.ReleaseRequest{MatchId: "m1"}, want: nothing(), notices: told("release", &hook.ReleaseRequest{MatchId: "m1"})},
		{name: "an empty server", request: &hook.ReleaseRequest{Server: &hook.Server{}}, want: nothing(), notices: told("release", &hook.ReleaseRequest{Server: &hook.Server{}})},
	}...)
}

func told(kind string, m proto.Message) []Notice {
	payload, err := hook.ValueToJSON(view(m))
	if err != nil {
		panic(err)
	}
	return []Notice{{AccountID: watcher, Kind: kind, Payload: json.RawMessage(payload)}}
}

func eventCases() []testCase {
	lobby := twoTeams("Größe", []string{"a1", "a2"}, []string{"b1"})
	player := fullLobby("").Teams[0].Players[0]
	report := &hook.Report{Teams: []*hook.TeamResult{{Name: "A", Rank: 1}}, Players: []*hook.PlayerResult{{AccountId: "a1", Score: proto.Float64(1.5)}, {}}}
	identity := &hook.Identity{Provider: "p", Subject: "s", Username: "u", AvatarUrl: "a", Vars: map[string]string{"": "", "k": "v"}}
	cases := moods(true, func(word string) proto.Message {
		return &hook.Event{Kind: &hook.Event_SessionOpened{SessionOpened: &hook.SessionOpened{Username: word}}}
	})
	for _, e := range []struct {
		kind  string
		event *hook.Event
		body  proto.Message
	}{
		{"lobbyCreated", &hook.Event{Kind: &hook.Event_LobbyCreated{LobbyCreated: &hook.LobbyCreated{Lobby: lobby}}}, &hook.LobbyCreated{Lobby: lobby}},
		{"playerJoined", &hook.Event{Kind: &hook.Event_PlayerJoined{PlayerJoined: &hook.PlayerJoined{Lobby: lobby, Player: player}}}, &hook.PlayerJoined{Lobby: lobby, Player: player}},
		{"playerLeft", &hook.Event{Kind: &hook.Event_PlayerLeft{PlayerLeft: &hook.PlayerLeft{Player: player, Reason: "away"}}}, &hook.PlayerLeft{Player: player, Reason: "away"}},
		{"matchStarted", &hook.Event{Kind: &hook.Event_MatchStarted{MatchStarted: &hook.MatchStarted{Match: fullMatch("m1")}}}, &hook.MatchStarted{Match: fullMatch("m1")}},
		{"serverReady", &hook.Event{Kind: &hook.Event_ServerReady{ServerReady: &hook.ServerReady{MatchId: "m1", LobbyId: "l1", Server: &hook.Server{}, Provider: "local", Region: "us"}}},
			&hook.ServerReady{MatchId: "m1", LobbyId: "l1", Server: &hook.Server{}, Provider: "local", Region: "us"}},
		{"playerConnected", &hook.Event{Kind: &hook.Event_PlayerConnected{PlayerConnected: &hook.PlayerConnected{MatchId: "m1", AccountId: "a1"}}}, &hook.PlayerConnected{MatchId: "m1", AccountId: "a1"}},
		{"matchEnded", &hook.Event{Kind: &hook.Event_MatchEnded{MatchEnded: &hook.MatchEnded{Match: fullMatch("m1"), Report: report, Code: "server_lost"}}},
			&hook.MatchEnded{Match: fullMatch("m1"), Report: report, Code: "server_lost"}},
		{"accountCreated", &hook.Event{Kind: &hook.Event_AccountCreated{AccountCreated: &hook.AccountCreated{AccountId: "a1", Username: "é", Identity: identity}}},
			&hook.AccountCreated{AccountId: "a1", Username: "é", Identity: identity}},
		{"sessionOpened", &hook.Event{Kind: &hook.Event_SessionOpened{SessionOpened: &hook.SessionOpened{AccountId: "a1", Username: "é"}}}, &hook.SessionOpened{AccountId: "a1", Username: "é"}},
		{"sessionClosed", &hook.Event{Kind: &hook.Event_SessionClosed{SessionClosed: &hook.SessionClosed{Code: -1}}}, &hook.SessionClosed{Code: -1}},
	} {
		e.event.Game, e.event.At = Game, 1<<53-1
		cases = append(cases, testCase{name: e.kind, request: e.event, want: nothing(), notices: told(e.kind+" at 9007199254740991", e.body)})
	}
	empty := &hook.Event{Kind: &hook.Event_MatchEnded{MatchEnded: &hook.MatchEnded{}}}
	return append(cases,
		testCase{name: "no field", request: empty, want: nothing(), notices: told("matchEnded at 0", &hook.MatchEnded{})},
		testCase{name: "a kind that is not known", request: &hook.Event{Game: Game, At: 1}, want: nothing()},
	)
}
