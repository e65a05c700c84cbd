package hooktest

import (
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/hook/memhost"
)

func call(name string, payload any) *hook.RpcRequest {
	return &hook.RpcRequest{Game: Game, Name: name, Player: players("a1")[0], Payload: value(payload)}
}

func returns(v any) outcome { return answers(&hook.RpcResponse{Payload: value(v)}) }

func rpcCases() []testCase {
	cases := moods(true, func(word string) proto.Message { return call("mood", word) })
	for name, v := range deepValues() {
		want := &hook.RpcResponse{Payload: v}
		if isNull(v) {
			want = &hook.RpcResponse{}
		}
		for _, rpc := range []string{"echo", "later"} {
			cases = append(cases, testCase{name: rpc + " " + name, request: &hook.RpcRequest{Name: rpc, Payload: v}, want: answers(want)})
		}
	}
	full := fullLobby("").Teams[0].Players[0]
	none := answers(&hook.RpcResponse{})
	cases = append(cases, []testCase{
		{name: "every field", request: &hook.RpcRequest{Game: Game, Name: "whoami", Player: full}, want: answers(&hook.RpcResponse{Payload: value(map[string]any{
			"game": Game, "point": "rpc", "player": view(full),
		})})},
		{name: "an empty player", request: &hook.RpcRequest{Name: "whoami", Player: &hook.Player{}}, want: returns(map[string]any{
			"game": Game, "point": "rpc", "player": view(&hook.Player{}),
		})},
		{name: "no payload", request: &hook.RpcRequest{Name: "echo"}, want: none},
		{name: "no payload, later", request: &hook.RpcRequest{Name: "later"}, want: none},
		{name: "a large payload", request: call("echo", strings.Repeat("日本🎮!", 6000)), want: returns(strings.Repeat("日本🎮!", 6000))},
		{name: "a name with letters of its own", request: call("größe", "日本🎮"), want: returns(3)},
		{name: "null", request: call("null", 1), want: none},
		{name: "no answer", request: call("nothing", 1), want: none},
		{name: "calm", request: call("mood", "calm"), want: returns("calm")},
	}...)
	for _, name := range []string{"", "no", "Echo", "echo ", "rpc", "toString", "constructor", "__proto__", "hasOwnProperty", "mood.call", "日本", strings.Repeat("n", 64)} {
		cases = append(cases, testCase{name: "unknown name " + name, request: call(name, 1), want: unknown})
	}
	return cases
}

// do is a step of the rpc "storage".
type do map[string]any

func storageCases() []testCase {
	steps := func(name string, want []any, steps ...any) testCase {
		return testCase{name: "storage: " + name, request: call("storage", steps), want: returns(want)}
	}
	code := func(c string) do { return do{"code": c} }
	at := func(version int) int64 { return memhost.Start.UnixMilli() + int64(version)*1000 }
	entry := func(key string, v any, version int) do {
		return do{"key": key, "value": v, "version": version, "updatedAt": at(version)}
	}
	long := strings.Repeat("k", hook.MaxKey)
	odd := value(values()["odd keys"])
	listed := []any{1, 2, 3, 4, []any{entry("a", 1, 1), entry("b/1", 2, 2), entry("b/2", 3, 3), entry("b/ä", 4, 4)}, []any{entry("b/2", 3, 3)}, []any{}, []any{}}
	notified := steps("notify", []any{nil, nil, code("invalid_notice"), code("invalid_notice"), code("invalid_notice")},
		do{"do": "notify", "account": "a1", "kind": "größe", "value": do{"a": []any{1, nil}}}, do{"do": "notify", "account": "a2", "kind": "k"},
		do{"do": "notify", "account": "a1", "kind": ""}, do{"do": "notify", "account": "a1", "kind": strings.Repeat("é", 65)},
		do{"do": "notify", "account": "a1", "kind": "k", "value": strings.Repeat("x", 16<<10)})
	notified.notices = []Notice{
		{AccountID: "a1", Kind: "größe", Payload: []byte(`{"a":[1,null]}`)}, {AccountID: "a2", Kind: "k", Payload: []byte("null")},
	}
	return []testCase{
		steps("nothing there", []any{nil, nil, do{}, []any{}, nil},
			do{"do": "get", "key": "k"}, do{"do": "entry", "key": "k"}, do{"do": "getMany", "keys": []string{"k", "l"}}, do{"do": "list"}, do{"do": "delete", "key": "k"}),
		steps("what was set", []any{1, odd, entry("k", odd, 1), 2, nil, entry("k", nil, 2), nil, nil},
			do{"do": "set", "key": "k", "value": odd}, do{"do": "get", "key": "k"}, do{"do": "entry", "key": "k"},
			do{"do": "set", "key": "k", "value": nil}, do{"do": "get", "key": "k"}, do{"do": "entry", "key": "k"},
			do{"do": "delete", "key": "k"}, do{"do": "entry", "key": "k"}),
		steps("versions", []any{code("conflict"), 1, code("conflict"), code("conflict"), 2, code("conflict"), 3, code("conflict"), nil, code("conflict"), 4},
			do{"do": "set", "key": "k", "value": 1, "version": 7}, do{"do": "set", "key": "k", "value": 1, "version": 0},
			do{"do": "set", "key": "k", "value": 2, "version": 0}, do{"do": "set", "key": "k", "value": 2, "version": 2},
			do{"do": "set", "key": "k", "value": 2, "version": 1}, do{"do": "set", "key": "k", "value": 2, "version": 1},
			do{"do": "set", "key": "k", "value": 3}, do{"do": "delete", "key": "k", "version": 2}, do{"do": "delete", "key": "k", "version": 3},
			do{"do": "set", "key": "k", "value": 4, "version": 3}, do{"do": "set", "key": "k", "value": 4, "version": 0}),
		steps("many keys", []any{1, 2, do{"a": 1, "__proto__": "p"}},
			do{"do": "set", "key": "a", "value": 1}, do{"do": "set", "key": "__proto__", "value": "p"},
			do{"do": "getMany", "keys": []string{"__proto__", "a", "z", "toString"}}),
		steps("lists", listed,
			do{"do": "set", "key": "a", "value": 1}, do{"do": "set", "key": "b/1", "value": 2}, do{"do": "set", "key": "b/2", "value": 3}, do{"do": "set", "key": "b/ä", "value": 4},
			do{"do": "list"}, do{"do": "list", "prefix": "b/", "after": "b/1", "limit": 1}, do{"do": "list", "after": "b/ä"}, do{"do": "list", "account": "a1"}),
		steps("updates", []any{[]any{1}, []any{1, "ä"}, entry("k", []any{1, "ä"}, 2)},
			do{"do": "update", "key": "k", "value": 1}, do{"do": "update", "key": "k", "value": "ä"}, do{"do": "entry", "key": "k"}),
		steps("accounts", []any{1, 2, 3, "game", "one", "two", []any{entry("k", "one", 2)}, nil, nil, "two", code("no_account"), nil, []any{}},
			do{"do": "set", "key": "k", "value": "game"}, do{"do": "set", "account": "a1", "key": "k", "value": "one"}, do{"do": "set", "account": "a2", "key": "k", "value": "two"},
			do{"do": "get", "key": "k"}, do{"do": "get", "account": "a1", "key": "k"}, do{"do": "get", "account": "a2", "key": "k"}, do{"do": "list", "account": "a1"},
			do{"do": "delete", "account": "a1", "key": "k"}, do{"do": "get", "account": "a1", "key": "k"}, do{"do": "get", "account": "a2", "key": "k"},
			do{"do": "set", "account": "nobody", "key": "k", "value": 1}, do{"do": "get", "account": "nobody", "key": "k"}, do{"do": "list", "account": "nobody"}),
		steps("limits", []any{1, code("invalid_key"), code("invalid_key"), code("invalid_key"), code("invalid_key"), code("invalid_value"), 2},
			do{"do": "set", "key": long, "value": 1}, do{"do": "set", "key": long + "k", "value": 1}, do{"do": "get", "key": ""}, do{"do": "entry", "key": "a\nb"}, do{"do": "delete", "key": ""},
			do{"do": "set", "key": "k", "value": strings.Repeat("x", hook.MaxStored-1)}, do{"do": "set", "key": "k", "value": strings.Repeat("x", hook.MaxStored-2)}),
		notified,
	}
}
