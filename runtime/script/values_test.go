package script_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
)

// TestPlainObjects holds that what a script is given works as objects of its own do.
func TestPlainObjects(t *testing.T) {
	tests := map[string]struct {
		body string // of a function of l, a lobby, and d, a draft
		want any
	}{
		"keys":             {`Object.keys(l)`, []any{"id", "name", "ownerId", "state", "properties", "teams"}},
		"absent":           {`[d.maxPlayers, "maxPlayers" in d, Object.keys(d).includes("maxPlayers")]`, []any{nil, false, false}},
		"zero values":      {`[d.name, d.isPrivate, d.properties, d.owner.identities]`, []any{"", false, map[string]any{}, []any{}}},
		"in":               {`["name" in l, "other" in l, "map" in l.properties, "toString" in l, l.hasOwnProperty("id"), Object.hasOwn(l, "x")]`, []any{true, false, true, true, true, false}},
		"for in":           {`{ const all = []; for (const k in l.teams[0]) all.push(k); return all }`, []any{"name", "size", "players"}},
		"entries":          {`Object.entries(l.properties)`, []any{[]any{"10", 1.0}, []any{"a", 2.0}, []any{"map", "dust"}}},
		"stringify":        {`JSON.stringify(l.teams[1].players[0])`, `{"accountId":"b1","username":"name of b1","ready":true,"bot":false,"connected":true,"properties":{},"identities":[]}`},
		"stringify nested": {`JSON.stringify(d.owner.properties)`, `{"deep":{"list":[1,{"x":null}],"text":"ü"}}`},
		"spread":           {`({ ...l.teams[0], players: 0 })`, map[string]any{"name": "A", "size": 3.0, "players": 0.0}},
		"rest":             {`{ const { teams, properties, ...rest } = l; return rest }`, map[string]any{"id": "l1", "name": "Friday", "ownerId": "a1", "state": "open"}},
		"destructuring":    {`{ const { teams: [{ players: [, second] }] } = l; return second.accountId }`, "a2"},
		"defaults":         {`{ const { maxPlayers = 7, name = "x" } = d; return [maxPlayers, name] }`, []any{7.0, ""}},
		"array methods":    {`l.teams.flatMap((t) => t.players).filter((p) => p.accountId > "a1").map((p) => p.accountId).reverse()`, []any{"b1", "a2"}},
		"is array":         {`[Array.isArray(l.teams), l.teams instanceof Array, l.teams.length, l instanceof Object]`, []any{true, true, 3.0, true}},
		"sort in place":    {`{ l.teams.sort((a, b) => (a.name < b.name ? 1 : -1)); return l.teams.map((t) => t.name) }`, []any{"C", "B", "A"}},
		"push, pop":        {`{ l.teams[0].players.push(5); l.teams[1].players.pop(); return [l.teams[0].players.length, l.teams[1].players.length] }`, []any{3.0, 0.0}},
		"write":            {`{ l.name = "x"; l.more = 1; l["7"] = 2; return [l.name, Object.keys(l).slice(-2), l.more] }`, []any{"x", []any{"more", "7"}, 1.0}},
		"delete":           {`{ delete l.name; delete l.more; return [l.name, "name" in l, Object.keys(l).length] }`, []any{nil, false, 5.0}},
		"write a map":      {`{ l.properties.zoo = 1; l.properties["2"] = 0; l.properties.map = 3; delete l.properties.a; return Object.entries(l.properties) }`, []any{[]any{"2", 0.0}, []any{"10", 1.0}, []any{"map", 3.0}, []any{"zoo", 1.0}}},
		"delete, set":      {`{ const p = l.properties; delete p.map; const gone = "map" in p; p.map = 1; delete p.zoo; return [gone, p.map] }`, []any{false, 1.0}},
		"many keys":        {`{ const p = d.properties; for (let i = 0; i < 40; i++) p["k" + i] = i; for (let i = 0; i < 39; i++) delete p["k" + i]; return p }`, map[string]any{"k39": 39.0}},
		"same object":      {`[l.teams === l.teams, l.teams[0] === l.teams[0], l.properties === l.properties]`, []any{true, true, true}},
		"assign":           {`Object.assign({ x: 1 }, l.properties)`, map[string]any{"x": 1.0, "10": 1.0, "a": 2.0, "map": "dust"}},
		"from entries":     {`Object.fromEntries(l.teams.map((t) => [t.name, t.players.length]))`, map[string]any{"A": 2.0, "B": 1.0, "C": 0.0}},
		"map and set":      {`[...new Map(l.teams.map((t) => [t, t.name])).values(), new Set(l.teams).size]`, []any{"A", "B", "C", 3.0}},
		"optional":         {`[l.teams[9]?.name, l.teams[0]?.name, l.nothing?.x]`, []any{nil, "A", nil}},
		"to string":        {`[String(l), typeof l, typeof l.teams, l.name + ""]`, []any{"[object Object]", "object", "object", "Friday"}},
		"unknown proto":    {`[l.properties.constructor === Object, l.properties.__proto__ === Object.prototype]`, []any{true, true}},
		"concat":           {`l.teams.concat([1]).length`, 4.0},
		"ctx":              {`[Object.keys(ctx).length, typeof ctx.log.info, typeof ctx.storage.get, Object.keys(ctx.log), "fetch" in ctx, ctx.nothing]`, []any{11.0, "function", "function", []any{"debug", "info", "warn", "error"}, true, nil}},
		"ctx destructured": {`{ const { now, random, log: { info } } = ctx; info("x"); return [typeof now(), typeof random()] }`, []any{"number", "number"}},
	}
	lobby := twoTeams()
	lobby.Teams = append(lobby.Teams, &hook.Team{Name: "C"})
	lobby.Properties["a"], lobby.Properties["10"] = structpb.NewNumberValue(2), structpb.NewNumberValue(1)
	deep, err := structpb.NewValue(map[string]any{"text": "ü", "list": []any{1, map[string]any{"x": nil}}})
	if err != nil {
		t.Fatal(err)
	}
	draft := &hook.LobbyDraft{Owner: &hook.Player{Username: "ann", Properties: map[string]*structpb.Value{"deep": deep}}}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := evaluate(t, test.body, lobby, draft)
			if err != nil {
				t.Fatal(err)
			}
			same(t, got, test.want)
		})
	}
}

var aboutDraft = regexp.MustCompile(`\bd\b`)

// evaluate runs a function of ctx, l, a lobby, and d, a draft, and returns what it
// returns. Scripts are never given both: one that does not use the draft is called
// with the lobby.
func evaluate(t *testing.T, body string, lobby *hook.Lobby, draft *hook.LobbyDraft) (any, error) {
	t.Helper()
	if !strings.HasPrefix(body, "{ ") {
		body = "{ return " + body + " }"
	}
	v := load(t, `
		const test = (ctx: any, l: any, d: any) => `+body+`;
		export const matchPayload: any = (ctx, lobby) => ({ keys: { r: test(ctx, lobby, undefined) } });
		export const beforeLobbyCreate: any = (ctx, draft) => ({ properties: { r: test(ctx, undefined, draft) } });
	`)
	if aboutDraft.MatchString(body) {
		answer, err := v.Impl().BeforeLobbyCreate(context.Background(), draft)
		return answer.GetProperties()["r"].AsInterface(), err
	}
	answer, err := v.Impl().MatchPayload(context.Background(), lobby, &hook.Payload{})
	return answer.GetKeys()["r"].AsInterface(), err
}

// TestWrongAnswers shows that an answer is read by the contract, and what is told
// about one that does not fit.
func TestWrongAnswers(t *testing.T) {
	tests := map[string]struct{ answer, want string }{
		"text":          {`"x"`, `beforeLobbyCreate answered something wrong: must be an object, is the text "x"`},
		"a list":        {`[1]`, "must be an object, is a list"},
		"a function":    {`() => 1`, "must be an object, is a function"},
		"a slip":        {`{ maxplayers: 3 }`, "maxplayers: unknown, did you mean maxPlayers?"},
		"snake case":    {`{ is_private: true }`, "is_private: unknown, did you mean isPrivate?"},
		"unknown":       {`{ foo: 1 }`, "foo: unknown"},
		"nested":        {`{ owner: { identities: [{}, { subjekt: "x" }] } }`, "owner.identities[1].subjekt: unknown, did you mean subject?"},
		"odd key":       {`{ "a b": 1 }`, `["a b"]: unknown`},
		"number":        {`{ name: 5 }`, "name: must be text, is the number 5"},
		"fraction":      {`{ maxPlayers: 1.5 }`, "maxPlayers: must be a whole number, is 1.5"},
		"too large":     {`{ maxPlayers: 2 ** 31 }`, "maxPlayers: is out of range: 2147483648"},
		"infinite":      {`{ maxPlayers: Infinity }`, "maxPlayers: must be a whole number, is Infinity"},
		"NaN":           {`{ maxPlayers: NaN }`, "maxPlayers: must be a whole number, is NaN"},
		"digits":        {`{ maxPlayers: "3" }`, `maxPlayers: must be a number, is the text "3"`},
		"truthy":        {`{ isPrivate: 1 }`, "isPrivate: must be true or false, is the number 1"},
		"no list":       {`{ owner: { identities: {} } }`, "owner.identities: must be a list, is an object"},
		"hole":          {`{ owner: { identities: [,] } }`, "owner.identities[0]: must be an object, is missing"},
		"list for map":  {`{ properties: [] }`, "properties: must be an object, is a list"},
		"Map":           {`{ properties: new Map() }`, "properties: must be an object, is a Map"},
		"Map in JSON":   {`{ properties: { a: new Map() } }`, "properties.a: JSON cannot hold a Map: use Object.fromEntries(map)"},
		"Set in JSON":   {`{ properties: { a: [new Set()] } }`, "properties.a[0]: JSON cannot hold a Set: use [...set]"},
		"promise":       {`{ properties: { a: Promise.resolve(1) } }`, "properties.a: JSON cannot hold a Promise: await it"},
		"symbol":        {`{ properties: { a: Symbol() } }`, "properties.a: JSON cannot hold a symbol"},
		"function in":   {`{ properties: { a: { b() {} } } }`, "properties.a.b: JSON cannot hold a function"},
		"NaN in JSON":   {`{ properties: { a: NaN } }`, "properties.a: JSON cannot hold NaN"},
		"bytes":         {`{ properties: { a: new Uint8Array(3) } }`, "properties.a: JSON cannot hold a binary buffer"},
		"cycle":         {`(() => { const a = {}; a.a = a; return { properties: { a } } })()`, "nested over 32 levels"},
		"huge list":     {`(() => { const a = []; a.length = 2 ** 32 - 1; return { owner: { identities: a } } })()`, "owner.identities: more than 65536 values"},
		"huge in JSON":  {`(() => { const a = []; a.length = 2 ** 32 - 1; return { properties: { a } } })()`, "properties.a: more than 65536 values"},
		"many values":   {`{ properties: { a: Array.from({ length: 300 }, () => Array.from({ length: 300 }, () => 0)) } }`, "more than 65536 values"},
		"much text":     {`{ name: "x".repeat(2 ** 20 + 1) }`, "name: more than 1048576 bytes"},
		"wide text":     {`{ name: "ü".repeat(2 ** 19 + 1) }`, "name: more than 1048576 bytes"},
		"throws":        {`{ get name() { throw new TypeError("mine") } }`, "TypeError: mine"},
		"toJSON throws": {`{ properties: { a: { toJSON() { throw new TypeError("mine") } } } }`, "TypeError: mine"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			v := load(t, `export const beforeLobbyCreate: any = () => (`+test.answer+`)`)
			_, err := v.Impl().BeforeLobbyCreate(context.Background(), &hook.LobbyDraft{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want %s", err, test.want)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	tests := map[string]struct {
		answer string
		want   *hook.LobbyDraft
	}{
		"undefined":      {`undefined`, nil},
		"null":           {`null`, nil},
		"empty":          {`{}`, nil},
		"zero values":    {`{ name: "", isPrivate: false, properties: {} }`, nil},
		"null fields":    {`{ name: null, maxPlayers: null, properties: null, owner: null }`, nil},
		"undefined ones": {`{ name: undefined, foo: undefined }`, nil},
		"optional zero":  {`{ maxPlayers: 0 }`, &hook.LobbyDraft{MaxPlayers: proto.Int32(0)}},
		"minus zero":     {`{ maxPlayers: -0 }`, &hook.LobbyDraft{MaxPlayers: proto.Int32(0)}},
		"JSON": {`{ properties: { n: null, d: new Date(0), s: new String("x"), b: new Boolean(false), u: undefined, l: [undefined, , 1] } }`,
			&hook.LobbyDraft{Properties: map[string]*structpb.Value{
				"n": structpb.NewNullValue(), "d": text("1970-01-01T00:00:00.000Z"), "s": text("x"), "b": structpb.NewBoolValue(false),
				"l": structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{structpb.NewNullValue(), structpb.NewNullValue(), structpb.NewNumberValue(1)}}),
			}}},
		"half a character": {`{ name: "a\ud800" }`, &hook.LobbyDraft{Name: "a\uFFFD"}},
		"class":            {`new (class { name = "x"; get isPrivate() { return true } })()`, &hook.LobbyDraft{Name: "x"}},
		"no prototype":     {`Object.assign(Object.create(null), { name: "x" })`, &hook.LobbyDraft{Name: "x"}},
		"later":            {`Promise.resolve({ name: "x" })`, &hook.LobbyDraft{Name: "x"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			v := load(t, `export const beforeLobbyCreate: any = () => (`+test.answer+`)`)
			got, err := v.Impl().BeforeLobbyCreate(context.Background(), &hook.LobbyDraft{Name: "as it was"})
			if err != nil || !proto.Equal(got, test.want) {
				t.Errorf("the answer is %v, %v, want %v", got, err, test.want)
			}
		})
	}
}

// TestLargeIntegers shows what happens to 64-bit numbers that JavaScript has no
// number for.
func TestLargeIntegers(t *testing.T) {
	v := load(t, `
		export const allocate: any = (_, r) => ({ name: String(r.timeout) });`)
	server, err := v.Impl().Allocate(context.Background(), &hook.AllocateRequest{Timeout: 1<<53 - 1})
	if err != nil || server.GetName() != "9007199254740991" {
		t.Errorf("got %v, %v", server, err)
	}
}

func TestCappedBuiltins(t *testing.T) {
	for name, body := range map[string]string{
		"repeat":      `"x".repeat(2 ** 28)`,
		"padStart":    `"x".padStart(2 ** 28)`,
		"padEnd":      `"x".padEnd(2 ** 28)`,
		"fill":        `new Array(5e7).fill(0)`,
		"from":        `Array.from({ length: 1e7 })`,
		"join":        `new Array(2 ** 28).join("x")`,
		"ArrayBuffer": `new ArrayBuffer(2 ** 30)`,
		"Uint8Array":  `new Uint8Array(2 ** 30)`,
		"Float64":     `new Float64Array(2 ** 24)`,
		"parse":       `JSON.parse("[".repeat(300) + "]".repeat(300))`,
	} {
		t.Run(name, func(t *testing.T) {
			v := load(t, one(`() => { try { `+body+` } catch (e) { return e.message } }`))
			got, err := rpc(t, v)
			if err != nil {
				t.Fatal(err)
			}
			if message, _ := got.(string); !strings.Contains(message, "too much for a hook") && !strings.Contains(message, "nested over") {
				t.Errorf("it answered %v", got)
			}
		})
	}
	v := load(t, one(`() => ["ab".repeat(2), "a".padStart(3, "-"), [1, 2].fill(0), Array.from("abc"), Array.from({ length: 2 }, (_, i) => i),
		[1, [2]].join(), new Uint8Array([1, 2]).length, Uint8Array.from([1, 2, 3]).length, new Uint8Array(2) instanceof Uint8Array,
		new Uint8Array(4).map((x) => x + 1)[0], ArrayBuffer.isView(new Uint8Array(1)), JSON.parse("[1]"), (() => 1) instanceof Function,
		new Float64Array(new ArrayBuffer(16)).length, typeof new (class A extends Uint8Array {})(2).buffer]`))
	got, err := rpc(t, v)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, []any{"abab", "--a", []any{0.0, 0.0}, []any{"a", "b", "c"}, []any{0.0, 1.0}, "1,2", 2.0, 3.0, true, 1.0, true, []any{1.0}, true, 2.0, "object"})
}
