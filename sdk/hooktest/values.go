package hooktest

import (
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
)

// values are JSON values that must come through every host unchanged, by a name.
func values() map[string]*structpb.Value {
	list := map[string]*structpb.Value{
		"null": value(nil), "true": value(true), "false": value(false),
		"zero": value(0), "fraction": value(-0.1), "largest integer": value(1<<53 - 1), "smallest integer": value(-(1<<53 - 1)),
		"beyond integers": value(1 << 60), "largest": value(1.7976931348623157e308), "least": value(5e-324),
		"no text": value(""), "unicode": value("日本 é e\u0301 🎮 \u2028 \u200d \ufeff \uffff"), "controls": value("\x00\x01\t\r\n\x7f\u0080"),
		"markup": value(`</script> "\' ${x} %s \u0041`), "number as text": value("9007199254740993"),
		"empty list": value([]any{}), "empty object": value(map[string]any{}), "list of all": value([]any{nil, true, 1.5, "x", []any{}, map[string]any{"a": []any{nil}}}),
		"odd keys": value(map[string]any{
			"": 1, "__proto__": map[string]any{"polluted": true}, "constructor": "c", "toString": nil, "length": 3, "0": "zero", "10": "ten", "2": "two", "a b.c": "d",
			"日本": "jp", "then": "t", "toJSON": "j", "hasOwnProperty": false,
		}),
		"much text": value(strings.Repeat("日本🎮x", 4000)),
	}
	items, keys := make([]any, 2000), map[string]any{}
	for i := range items {
		items[i] = i
		keys[fmt.Sprint("key", i)] = float64(i) / 3
	}
	list["many items"], list["many keys"] = value(items), value(keys)
	return list
}

// deepValues are values and those that are nested as deeply as it goes.
func deepValues() map[string]*structpb.Value {
	list := values()
	deep, nested := value("bottom"), value("bottom")
	for range 31 {
		deep = structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{deep}})
		nested = structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{"in": nested}})
	}
	list["deep lists"], list["deep objects"] = deep, nested
	return list
}

// value makes a JSON value of what json.Marshal takes.
func value(v any) *structpb.Value {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	out, err := hook.ValueFromJSON(text)
	if err != nil {
		panic(err)
	}
	return out
}

// fields makes a map of JSON values.
func fields(m map[string]any) map[string]*structpb.Value {
	return value(m).GetStructValue().GetFields()
}

func team(name string, size int32, players ...*hook.Player) *hook.Team {
	return &hook.Team{Name: name, Size: size, Players: players}
}

func players(ids ...string) []*hook.Player {
	list := make([]*hook.Player, len(ids))
	for i, id := range ids {
		list[i] = &hook.Player{AccountId: id, Username: "name of " + id, Connected: true}
	}
	return list
}

// fullLobby has every field of every message in it set.
func fullLobby(name string) *hook.Lobby {
	full := &hook.Player{
		AccountId: "a1", Username: "Jörg 🎮", Ready: true, Bot: true, Connected: true,
		Properties: fields(map[string]any{"level": 3, "tags": []any{"x", nil}}),
		Identities: []*hook.LinkedIdentity{{Provider: "discord", Subject: "1", Username: "j"}, {Provider: "steam", Subject: "76561198000000001"}},
	}
	return &hook.Lobby{
		Id: "l1", Name: name, OwnerId: "a1", State: "open", Properties: values(),
		Teams: []*hook.Team{team("A", 3, append([]*hook.Player{full}, players("a2")...)...), team("B", 1<<31-1), {}},
	}
}

// twoTeams has these players in team A, the others in B, with a seat more in each.
func twoTeams(name string, a, b []string) *hook.Lobby {
	return &hook.Lobby{Id: "l1", Name: name, OwnerId: "a1", State: "open", Teams: []*hook.Team{
		team("A", int32(len(a))+1, players(a...)...), team("B", int32(len(b))+1, players(b...)...),
	}}
}

// fullMatch has every field set.
func fullMatch(id string) *hook.Match {
	return &hook.Match{
		Id: id, Lobby: twoTeams("Friday", []string{"a1"}, []string{"a2"}),
		Server: &hook.Server{Name: "srv", Address: "2001:db8::1", Port: 65535}, StartedAt: 1<<53 - 1,
	}
}
