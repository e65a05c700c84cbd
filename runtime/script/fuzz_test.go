package script_test

import (
	"context"
	"encoding/json"
	"math"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"
	"pgregory.net/rapid"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
)

// FuzzJSON holds that a JSON value is the same after a way through a script, whether
// the script hands on what it was given or builds it anew.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`null`, `true`, `0`, `-0`, `1e308`, `"ü\u0000"`, `[]`, `{}`, `{"":1,"a":{"b":[1,[2,{"c":null}]]}}`, `{"__proto__":1,"constructor":2,"toJSON":3,"length":4}`,
		`{"10":1,"2":2,"-1":3,"01":4}`, `[[[[[[]]]]]]`, `"\ud83d\ude00"`, `4503599627370497.5`,
	} {
		f.Add([]byte(seed))
	}
	v := load(f, `
		const copy = (x) => (Array.isArray(x) ? x.map(copy) : x && typeof x === "object" ? Object.fromEntries(Object.keys(x).map((k) => [k, copy(x[k])])) : x);
		export const rpc = { same: (_, p) => p, copy: (_, p) => copy(p), spread: (_, p) => (p && typeof p === "object" && !Array.isArray(p) ? { ...p } : p), text: (_, p) => JSON.parse(JSON.stringify(p)) };`)
	f.Fuzz(func(t *testing.T, data []byte) {
		value, err := hook.ValueFromJSON(data)
		if err != nil || len(data) > 1<<16 {
			return
		}
		for _, name := range []string{"same", "copy", "spread", "text"} {
			answer, err := v.Impl().Rpc(context.Background(), &hook.RpcRequest{Name: name, Payload: value})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got := answer.GetPayload(); !proto.Equal(got, value) && name != "text" {
				t.Errorf("%s: %v became %v", name, value, got)
			}
		}
	})
}

// FuzzAnswer holds that whatever JSON a script answers is a message or an error, and
// never the end of the process.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{`{"name":"x"}`, `{"owner":{"identities":[{}]}}`, `{"maxPlayers":1e9}`, `{"properties":{"a":[1]}}`, `[]`, `{"owner":{"owner":{}}}`} {
		f.Add([]byte(seed))
	}
	v := load(f, `export const beforeLobbyCreate: any = (_, draft) => JSON.parse(draft.name)`)
	f.Fuzz(func(t *testing.T, data []byte) {
		if !json.Valid(data) {
			return
		}
		answer, err := v.Impl().BeforeLobbyCreate(context.Background(), &hook.LobbyDraft{Name: string(data)})
		if err == nil && answer != nil && !answer.ProtoReflect().IsValid() {
			t.Error("an answer that is none")
		}
	})
}

// TestMessagesComeBack holds that messages of all kinds are the same after a way
// through a script that reads and rebuilds every field, or some, or none.
func TestMessagesComeBack(t *testing.T) {
	v := load(t, `
		const copy = (x) => (Array.isArray(x) ? x.map(copy) : x && typeof x === "object" ? Object.fromEntries(Object.entries(x).map(([k, y]) => [k, copy(y)])) : x);
		const touch = (x) => { for (const k in x) if (typeof x[k] === "object") touch(x[k]); return x };
		let n = 0;
		const echo = (x) => [(x) => x, copy, touch, (x) => ({ ...x }), (x) => JSON.parse(JSON.stringify(x)), (x) => { Object.values(x)[n % 3]; return x }][n++ % 6](x);
		export const beforeLobbyCreate: any = (_, draft) => echo(draft);
		export const beforeLobbyJoin: any = (_, lobby, player) => echo(player);
		export const matchResult: any = (_, match, report) => echo(report);
		export const matchPayload: any = (_, lobby, payload) => echo(payload);
		export const beforeChat: any = (_, lobby, message) => echo(message);
	`)
	rapid.Check(t, func(t *rapid.T) {
		for _, m := range []proto.Message{&hook.LobbyDraft{}, &hook.Player{}, &hook.Report{}, &hook.Payload{}, &hook.ChatMessage{}} {
			draw(t, m.ProtoReflect(), 0)
			for range 6 {
				if got := echo(t, v, m); !proto.Equal(got, m) && hook.Answered(m) {
					t.Fatalf("%v became %v", m, got)
				}
			}
		}
	})
}

// echo sends a message through the point that answers with one of its type.
func echo(t *rapid.T, v *script.Version, m proto.Message) proto.Message {
	var got proto.Message
	var err error
	impl, ctx := v.Impl(), context.Background()
	switch m := m.(type) {
	case *hook.LobbyDraft:
		got, err = impl.BeforeLobbyCreate(ctx, m)
	case *hook.Player:
		got, err = impl.BeforeLobbyJoin(ctx, nil, m)
	case *hook.Report:
		got, err = impl.MatchResult(ctx, nil, m)
	case *hook.Payload:
		got, err = impl.MatchPayload(ctx, nil, m)
	case *hook.ChatMessage:
		got, err = impl.BeforeChat(ctx, nil, m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// draw fills a message with anything.
func draw(t *rapid.T, m protoreflect.Message, depth int) {
	if value, ok := m.Interface().(*structpb.Value); ok {
		drawJSON(t, value, depth)
		return
	}
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if rapid.IntRange(0, 3).Draw(t, "set") == 0 || depth > 3 {
			continue
		}
		one := func(kind protoreflect.FieldDescriptor, empty func() protoreflect.Value) protoreflect.Value {
			switch kind.Kind() {
			case protoreflect.MessageKind:
				v := empty()
				draw(t, v.Message(), depth+1)
				return v
			case protoreflect.BoolKind:
				return protoreflect.ValueOfBool(rapid.Bool().Draw(t, "bool"))
			case protoreflect.Int32Kind:
				return protoreflect.ValueOfInt32(rapid.Int32().Draw(t, "int32"))
			case protoreflect.Int64Kind:
				return protoreflect.ValueOfInt64(rapid.Int64Range(-(1<<53-1), 1<<53-1).Draw(t, "int64"))
			case protoreflect.DoubleKind:
				return protoreflect.ValueOfFloat64(number(t))
			}
			return protoreflect.ValueOfString(rapid.String().Draw(t, "text"))
		}
		switch {
		case fd.IsMap():
			entries := m.Mutable(fd).Map()
			for range rapid.IntRange(0, 3).Draw(t, "entries") {
				entries.Set(protoreflect.ValueOfString(rapid.String().Draw(t, "key")).MapKey(), one(fd.MapValue(), entries.NewValue))
			}
		case fd.IsList():
			items := m.Mutable(fd).List()
			for range rapid.IntRange(0, 3).Draw(t, "items") {
				items.Append(one(fd, items.NewElement))
			}
		default:
			m.Set(fd, one(fd, func() protoreflect.Value { return m.NewField(fd) }))
		}
	}
}

// number is one that JSON has, and without the sign of a zero, which it loses.
func number(t *rapid.T) float64 {
	n := rapid.Float64().Filter(func(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }).Draw(t, "number")
	return n + 0
}

func drawJSON(t *rapid.T, v *structpb.Value, depth int) {
	kinds := 6
	if depth > 3 {
		kinds = 4
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		v.Kind = &structpb.Value_NullValue{}
	case 1:
		v.Kind = &structpb.Value_BoolValue{BoolValue: rapid.Bool().Draw(t, "bool")}
	case 2:
		v.Kind = &structpb.Value_NumberValue{NumberValue: number(t)}
	case 3:
		v.Kind = &structpb.Value_StringValue{StringValue: rapid.String().Draw(t, "text")}
	case 4:
		list := &structpb.ListValue{}
		for range rapid.IntRange(0, 3).Draw(t, "items") {
			item := &structpb.Value{}
			drawJSON(t, item, depth+1)
			list.Values = append(list.Values, item)
		}
		v.Kind = &structpb.Value_ListValue{ListValue: list}
	case 5:
		object := &structpb.Struct{Fields: map[string]*structpb.Value{}}
		for range rapid.IntRange(0, 3).Draw(t, "entries") {
			item := &structpb.Value{}
			drawJSON(t, item, depth+1)
			object.Fields[rapid.String().Draw(t, "key")] = item
		}
		v.Kind = &structpb.Value_StructValue{StructValue: object}
	}
}
