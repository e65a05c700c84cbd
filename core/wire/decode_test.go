package wire

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/muster-gg/muster/core/fault"
)

func ptr[T any](v T) *T { return &v }

func TestDecode(t *testing.T) {
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	for frame, want := range map[string]any{
		`{"type":"ping"}`: &Ping{},
		" {\t\"type\" :\r\n\"ping\" , \"x\":[{}, -0.5e+3, null, \"\\ud83d\\ude00\"] } ": &Ping{},
		`{"\u0074ype":"p\u0069ng"}`:               &Ping{},
		`{"type":"lobby:leave","type":"ping"}`:    &Ping{},
		`{"type":"ping","name":5}`:                &Ping{},
		`{"type":"lobby:create"}`:                 &Create{},
		`{"type":"lobby:create","properties":{}}`: &Create{Properties: map[string]json.RawMessage{}},
		`{"type":"lobby:create","isPrivate":true,"name":" Fri\u0064ay ","maxPlayers":4.0,"password":"p w","properties":{"a": { "b" : [1, 2] , "c" : " \" " },"d":null,"e":"x\ty"}}`: &Create{
			IsPrivate: true, Name: "Friday", MaxPlayers: ptr(4), Password: "p w",
			Properties: map[string]json.RawMessage{"a": raw(`{"b":[1,2],"c":" \" "}`), "e": raw(`"x\ty"`)},
		},
		`{"type":"lobby:create","name":null,"maxPlayers":null,"properties":null,"isPrivate":null,"password":null}`: &Create{},
		`{"type":"lobby:create","maxPlayers":1.2e1}`:                                                               &Create{MaxPlayers: ptr(12)},
		`{"type":"lobby:create","properties":{"a":1,"a":2}}`:                                                       &Create{Properties: map[string]json.RawMessage{"a": raw("2")}},
		`{"type":"lobby:join"}`:                                                &Join{},
		`{"type":"lobby:join","lobbyId":null}`:                                 &Join{},
		`{"type":"lobby:join","code":"123456","team":"A","password":"secret"}`: &Join{Code: "123456", Team: "A", Password: "secret"},
		`{"type":"lobby:join","lobbyId":"l1"}`:                                 &Join{LobbyID: "l1"},
		`{"type":"lobby:leave"}`:                                               &Leave{},
		`{"type":"lobby:ready"}`:                                               &Ready{Ready: true},
		`{"type":"lobby:ready","ready":true}`:                                  &Ready{Ready: true},
		`{"type":"lobby:ready","ready":false}`:                                 &Ready{},
		`{"type":"lobby:start"}`:                                               &Start{},
		`{"type":"lobby:start","region":"us-east"}`:                            &Start{Region: "us-east"},
		`{"type":"lobby:cancel-start"}`:                                        &CancelStart{},
		`{"type":"lobby:fill-bots"}`:                                           &FillBots{},
		`{"type":"lobby:fill-bots","perTeam":3}`:                               &FillBots{PerTeam: ptr(3)},
		`{"type":"lobby:team","team":"B"}`:                                     &Team{Team: "B"},
		`{"type":"lobby:update"}`:                                              &Update{},
		`{"type":"lobby:update","name":"","isPrivate":false,"maxPlayers":-1,"password":null,"properties":{"a":null,"b": "c"}}`: &Update{
			Name: ptr(""), IsPrivate: ptr(false), MaxPlayers: ptr(-1), Password: ptr(""),
			Properties: map[string]json.RawMessage{"a": raw("null"), "b": raw(`"c"`)},
		},
		`{"type":"lobby:update","password":"new"}`:                                       &Update{Password: ptr("new")},
		`{"type":"lobby:kick","accountId":"a"}`:                                          &Kick{AccountID: "a"},
		`{"type":"lobby:promote","accountId":"a"}`:                                       &Promote{AccountID: "a"},
		`{"type":"lobby:chat","text":" hi\nthere "}`:                                     &Chat{Text: " hi\nthere "},
		`{"type":"lobby:chat","text":"` + strings.Repeat("é", MaxChat) + `"}`:            &Chat{Text: strings.Repeat("é", MaxChat)},
		`{"type":"lobby:chat","text":"` + strings.Repeat(`\ud83d\ude00`, MaxChat) + `"}`: &Chat{Text: strings.Repeat("😀", MaxChat)},
		`{"type":"matchmaking:find"}`:                                                    &MatchmakingFind{},
		`{"type":"matchmaking:find","queue":"ranked","properties":{"x":1}}`:              &MatchmakingFind{Queue: "ranked", Properties: map[string]json.RawMessage{"x": raw("1")}},
		`{"type":"matchmaking:cancel"}`:                                                  &MatchmakingCancel{},
		`{"type":"latency","regions":{}}`:                                                &Latency{Regions: map[string]int{}},
		`{"type":"latency","regions":{"us-east": 31,"eu":30.6,"far":null}}`:              &Latency{Regions: map[string]int{"us-east": 31, "eu": 31}},
		`{"type":"latency","regions":{"a":1,"a":2,"b":3,"b":null}}`:                      &Latency{Regions: map[string]int{"a": 2}},
		`{"type":"rpc","name":"a.B-_9"}`:                                                 &Rpc{Name: "a.B-_9"},
		`{"type":"rpc","name":"x","payload":null}`:                                       &Rpc{Name: "x", Payload: raw("null")},
		`{"type":"rpc","name":"x","payload": {"a": [1, "b c"]} }`:                        &Rpc{Name: "x", Payload: raw(`{"a":[1,"b c"]}`)},
		`{"type":"rpc","name":"x","payload":"a \" b"}`:                                   &Rpc{Name: "x", Payload: raw(`"a \" b"`)},
	} {
		req, err := Decode([]byte(frame))
		if err != nil {
			t.Errorf("%s: %v", frame, err)
			continue
		}
		if !reflect.DeepEqual(req.Body, want) {
			t.Errorf("%s:\n got %#v\nwant %#v", frame, req.Body, want)
		}
	}
}

// bad frames and what they are answered with; the id must survive where it is "7".
var bad = []struct{ frame, code, text string }{
	{``, CodeInvalidMessage, ""},
	{`null`, CodeInvalidMessage, ""},
	{`[]`, CodeInvalidMessage, ""},
	{`"ping"`, CodeInvalidMessage, ""},
	{`{}`, CodeInvalidMessage, ""},
	{`{"id":"7"}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":5}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":null}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping"`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping"}x`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping",}`, CodeInvalidMessage, ""},
	{`{"id":"7" "type":"ping"}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping","x":[1,]}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping","x":01}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping","x":1.}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping","x":.5}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping","x":+1}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping","x":1e}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping","x":-}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping","x":NaN}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping","x":tru}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping","x":'a'}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping","x":"\x41"}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping","x":"\u00g0"}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping","x":"\ud83d"}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping","x":"\ud83d\ud83d"}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping","x":"\ude00"}`, CodeInvalidMessage, ""},
	{"{\"id\":\"7\",\"type\":\"ping\",\"x\":\"a\nb\"}", CodeInvalidMessage, ""},
	{"{\"id\":\"7\",\"type\":\"ping\",\"x\":\"\xff\"}", CodeInvalidMessage, ""},
	{"\ufeff{\"type\":\"ping\"}", CodeInvalidMessage, ""},
	{`{"id":"7","type":"latency"}`, CodeInvalidField, "regions is required"},
	{`{"id":"7","type":"latency","regions":null}`, CodeInvalidField, "regions is required"},
	{`{"id":"7","type":"latency","regions":[1]}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"latency","regions":{"a":"31"}}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"latency","regions":{"":31}}`, CodeInvalidField, "regions must have names of 1 to 64 characters"},
	{`{"id":"7","type":"latency","regions":{"` + strings.Repeat("x", 65) + `":31}}`, CodeInvalidField, "regions must have names of 1 to 64 characters"},
	{`{"id":"7","type":"latency","regions":{"a":-1}}`, CodeInvalidField, "regions must have 0 to 60000 ms"},
	{`{"id":"7","type":"latency","regions":{"a":60001}}`, CodeInvalidField, "regions must have 0 to 60000 ms"},
	{`{"id":"7","type":"latency","regions":{"a":1e999}}`, CodeInvalidField, "regions must have 0 to 60000 ms"},
	{`{"id":"7","type":"latency","regions":` + manyKeys(MaxRegions+1, "1") + `}`, CodeInvalidField, "regions must have at most 32 names"},
	{`{"type":"ping","id":5}`, CodeInvalidMessage, ""},
	{"{\"type\":\"ping\",\"id\":\"\xff\"}", CodeInvalidMessage, ""},
	{`{"type":"ping","id":"` + strings.Repeat("x", 65) + `"}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping","x":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping","x":` + strings.Repeat("[", 1<<20), CodeInvalidMessage, ""},
	{`{"id":"7","type":"ping","x":` + strings.Repeat(`{"a":`, 1<<18), CodeInvalidMessage, ""},

	{`{"id":"7","type":"rpc"}`, CodeInvalidField, "name"},
	{`{"id":"7","type":"rpc","name":""}`, CodeInvalidField, "name"},
	{`{"id":"7","type":"rpc","name":null}`, CodeInvalidField, "name"},
	{`{"id":"7","type":"rpc","name":5}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"rpc","name":"a b"}`, CodeInvalidField, "name"},
	{`{"id":"7","type":"rpc","name":"a/b"}`, CodeInvalidField, "name"},
	{`{"id":"7","type":"rpc","name":"é"}`, CodeInvalidField, "name"},
	{`{"id":"7","type":"rpc","name":"` + strings.Repeat("x", MaxRpcName+1) + `"}`, CodeInvalidField, "name"},
	{`{"id":"7","type":"rpc","name":"x","payload":"` + strings.Repeat("x", MaxPayload-1) + `"}`, CodeInvalidField, "payload"},
	{`{"id":"7","type":"rpc","name":"x","payload":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, CodeInvalidMessage, ""},

	{`{"id":"7","type":""}`, CodeUnknownType, ""},
	{`{"id":"7","type":"PING"}`, CodeUnknownType, ""},
	{`{"id":"7","type":"teleport","name":"x"}`, CodeUnknownType, ""},
	{`{"id":"7","type":"notify"}`, CodeUnknownType, ""},
	{`{"id":"7","type":"lobby:updated"}`, CodeUnknownType, ""},

	{`{"id":"7","type":"lobby:ready","ready":"banana"}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"lobby:ready","ready":1}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"lobby:ready","ready":null}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"lobby:create","isPrivate":"yes"}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"lobby:create","maxPlayers":"4"}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"lobby:create","properties":[]}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"lobby:create","name":{}}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"lobby:join","code":123456}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"lobby:update","password":false}`, CodeInvalidMessage, ""},
	{`{"id":"7","type":"lobby:kick","accountId":5}`, CodeInvalidMessage, ""},

	{`{"id":"7","type":"lobby:create","maxPlayers":4.5}`, CodeInvalidField, "maxPlayers"},
	{`{"id":"7","type":"lobby:create","maxPlayers":1e400}`, CodeInvalidField, "maxPlayers"},
	{`{"id":"7","type":"lobby:create","maxPlayers":1e18}`, CodeInvalidField, "maxPlayers"},
	{`{"id":"7","type":"lobby:fill-bots","perTeam":0.1}`, CodeInvalidField, "perTeam"},
	{`{"id":"7","type":"lobby:create","name":"` + strings.Repeat("é", 65) + `"}`, CodeInvalidField, "name"},
	{`{"id":"7","type":"lobby:update","name":"a\u0000b"}`, CodeInvalidField, "name"},
	{`{"id":"7","type":"lobby:create","password":"` + strings.Repeat("x", 65) + `"}`, CodeInvalidField, "password"},
	{`{"id":"7","type":"lobby:create","properties":{"":1}}`, CodeInvalidField, "properties"},
	{`{"id":"7","type":"lobby:create","properties":{"` + strings.Repeat("k", 65) + `":1}}`, CodeInvalidField, "properties"},
	{`{"id":"7","type":"lobby:create","properties":{"a":"` + strings.Repeat("v", 4096) + `"}}`, CodeInvalidField, "properties"},
	{`{"id":"7","type":"lobby:create","properties":` + manyKeys(33, "1") + `}`, CodeInvalidField, "properties"},
	{`{"id":"7","type":"lobby:create","properties":` + manyKeys(9000, "1") + `}`, CodeInvalidField, "properties"},
	{`{"id":"7","type":"lobby:update","properties":` + manyKeys(33, "null") + `}`, CodeInvalidField, "properties"},
	{`{"id":"7","type":"lobby:join","code":"` + strings.Repeat("1", 65) + `"}`, CodeInvalidField, "code"},
	{`{"id":"7","type":"lobby:join","lobbyId":"` + strings.Repeat("1", 65) + `"}`, CodeInvalidField, "lobbyId"},
	{`{"id":"7","type":"lobby:join","team":"` + strings.Repeat("1", 33) + `"}`, CodeInvalidField, "team"},
	{`{"id":"7","type":"lobby:team"}`, CodeInvalidField, "team"},
	{`{"id":"7","type":"lobby:start","region":"` + strings.Repeat("r", 65) + `"}`, CodeInvalidField, "region"},
	{`{"id":"7","type":"lobby:kick"}`, CodeInvalidField, "accountId"},
	{`{"id":"7","type":"lobby:promote","accountId":null}`, CodeInvalidField, "accountId"},
	{`{"id":"7","type":"lobby:chat"}`, CodeInvalidField, "text"},
	{`{"id":"7","type":"lobby:chat","text":" \n\t"}`, CodeInvalidField, "text"},
	{`{"id":"7","type":"lobby:chat","text":"a\u0007"}`, CodeInvalidField, "text"},
	{`{"id":"7","type":"lobby:chat","text":"` + strings.Repeat("x", 501) + `"}`, CodeInvalidField, "text"},
}

func manyKeys(n int, value string) string {
	m := make(map[string]json.RawMessage)
	for i := range n {
		m["k"+strconv.Itoa(i)] = json.RawMessage(value)
	}
	b, _ := json.Marshal(m)
	return string(b)
}

func TestDecodeRefuses(t *testing.T) {
	for _, c := range bad {
		name := c.frame[:min(len(c.frame), 90)]
		req, err := Decode([]byte(c.frame))
		var f *fault.Error
		if !errors.As(err, &f) {
			t.Errorf("%s: accepted as %#v", name, req)
			continue
		}
		if f.Code != c.code || !strings.HasPrefix(f.Text, c.text) {
			t.Errorf("%s: %s %q, want %s %q", name, f.Code, f.Text, c.code, c.text)
		}
		if c.code == CodeInvalidMessage && f.Text != "Invalid message format" || c.code == CodeUnknownType && f.Text != "Unknown message type" {
			t.Errorf("%s: text %q is not the template's", name, f.Text)
		}
		if req.Body != nil || c.code == CodeUnknownType && req.Type != "" {
			t.Errorf("%s: half a request is left: %#v", name, req)
		}
		if want := map[bool]string{true: "7"}[strings.Contains(c.frame, `"id":"7"`)]; req.ID != want {
			t.Errorf("%s: id %q, want %q", name, req.ID, want)
		}
	}
}

func TestDecodeID(t *testing.T) {
	long := strings.Repeat("😀", MaxRequestID)
	for frame, want := range map[string]string{
		`{"type":"ping"}`:                                             "",
		`{"type":"ping","id":null}`:                                   "",
		`{"type":"ping","id":"a\u0022b"}`:                             `a"b`,
		`{"type":"ping","id":"x","id":"y"}`:                           "y",
		`{"type":"ping","id":"` + long + `"}`:                         long,
		`{"id":"` + strings.Repeat(`\u0061`, 64) + `","type":"ping"}`: strings.Repeat("a", 64),
	} {
		if req, err := Decode([]byte(frame)); err != nil || req.ID != want {
			t.Errorf("%s: id %q, %v", frame, req.ID, err)
		}
	}
}

// The deepest JSON that is accepted: 32 levels, the message itself being one.
func TestDecodeDepth(t *testing.T) {
	for _, pair := range []string{"[]", "{}"} {
		open, shut := "[", "]"
		if pair == "{}" {
			open, shut = `{"a":`, "}"
		}
		frame := `{"type":"ping","x":` + strings.Repeat(open, MaxDepth-2) + pair + strings.Repeat(shut, MaxDepth-2) + `}`
		if _, err := Decode([]byte(frame)); err != nil {
			t.Errorf("%d levels of %s: %v", MaxDepth, pair, err)
		}
	}
}

func TestDecodeKeepsNothingOfTheFrame(t *testing.T) {
	frame := []byte(`{"type":"lobby:create","id":"7","name":"abc","properties":{"k":"v","n":[1]}}`)
	req, err := Decode(frame)
	if err != nil {
		t.Fatal(err)
	}
	for i := range frame {
		frame[i] = 'X'
	}
	want := &Create{Name: "abc", Properties: map[string]json.RawMessage{"k": json.RawMessage(`"v"`), "n": json.RawMessage(`[1]`)}}
	if req.ID != "7" || req.Type != "lobby:create" || !reflect.DeepEqual(req.Body, want) {
		t.Errorf("the request changed with the frame: %+v %+v", req, req.Body)
	}
}
