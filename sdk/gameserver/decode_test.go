package gameserver

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestGameServerDecodes(t *testing.T) {
	want := GameServer{
		Name: "gs", State: "Ready", Address: "10.0.0.1", Ports: []Port{{"default", 7000}},
		Annotations: map[string]string{"GAMEFLOW_PAYLOAD": "{}", "my_key": "a", "myKey": "b"},
		Lists:       map[string]List{"players": {Capacity: 9007199254740993, Values: []string{"p"}}},
	}
	for name, raw := range map[string]string{
		"proto names, text numbers": `{"object_meta":{"name":"gs","annotations":{"GAMEFLOW_PAYLOAD":"{}","my_key":"a","myKey":"b"}},
			"status":{"state":"Ready","address":"10.0.0.1","ports":[{"name":"default","port":"7000"}],
			"lists":{"players":{"capacity":"9007199254740993","values":["p"]}}}}`,
		"camelCase, numbers": `{"objectMeta":{"name":"gs","annotations":{"GAMEFLOW_PAYLOAD":"{}","my_key":"a","myKey":"b"},"labels":null},
			"status":{"state":"Ready","address":"10.0.0.1","ports":[{"name":"default","port":7000}],
			"lists":{"players":{"capacity":9007199254740993,"values":["p"]}}},"more":[1]}`,
	} {
		var got GameServer
		if err := json.Unmarshal([]byte(raw), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, ports %v, lists %v, annotations %v: %v", name, got, got.Ports, got.Lists, got.Annotations, err)
		}
	}
}

func TestGameServerRefuses(t *testing.T) {
	for _, raw := range []string{
		`[]`, `{"status":{"ports":[{"port":70000}]}}`, `{"status":{"ports":[{"port":"-1"}]}}`, `{"status":{"ports":[{"port":1.5}]}}`,
		`{"status":{"lists":{"players":{"capacity":"many"}}}}`, `{"object_meta":{"annotations":{"a":1}}}`, `{"status":[]}`,
		`{"status":{"lists":{"players":{"capacity":"99999999999999999999"}}}}`,
	} {
		var g GameServer
		if err := json.Unmarshal([]byte(raw), &g); err == nil {
			t.Errorf("%s was read as %+v", raw, g)
		}
	}
}

func TestFrames(t *testing.T) {
	if g, err := decodeFrame([]byte(`{"result":{"status":{"state":"Ready"}}}`)); err != nil || g.State != "Ready" {
		t.Errorf("frame is %+v, %v", g, err)
	}
	if _, err := decodeFrame([]byte(`{"error":{"code":13,"message":"gone"}}`)); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("a stream's error was read as %v", err)
	}
	for _, raw := range []string{``, `{}`, `null`, `[]`, `{"result":7}`, `{"result":{}}{}`} {
		if g, err := decodeFrame([]byte(raw)); err == nil {
			t.Errorf("%s was read as %+v", raw, g)
		}
	}
}

func TestSnake(t *testing.T) {
	for in, want := range map[string]string{"objectMeta": "object_meta", "matchId": "match_id", "name": "name", "teamA": "team_a"} {
		if got := snake(in); got != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
}

// A number reads the same with and without quotes.
func TestIntegerProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		plain, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range []string{string(plain), `"` + string(plain) + `"`} {
			var got integer
			if err := json.Unmarshal([]byte(raw), &got); err != nil || int64(got) != n {
				t.Fatalf("%s was read as %d, %v", raw, got, err)
			}
		}
	})
}

func FuzzDecodePayload(f *testing.F) {
	f.Add([]byte(samplePayload("m-1", "http://x/result")))
	f.Add([]byte(`{"teamA":["a"],"teamB":["bot-1"]}`))
	f.Add([]byte(`{"match_id":"m","teams":[{"name":"A","players":[{"account_id":"a","bot":true}]}],"properties":null}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := DecodePayload(raw)
		if err != nil {
			if p != nil || !errors.Is(err, ErrBadPayload) {
				t.Fatalf("got %v with %v", p, err)
			}
			return
		}
		if string(p.Raw) != string(raw) || !json.Valid(raw) {
			t.Fatal("what was read is not what came")
		}
		again, err := DecodePayload(p.Raw)
		if err != nil || !reflect.DeepEqual(p, again) {
			t.Fatalf("read twice, it differs: %v", err)
		}
		for i, team := range p.Teams {
			for _, m := range team.Players {
				if _, at, ok := p.Find(m.AccountID); !ok || at > i {
					t.Fatalf("%q is not found where it stands", m.AccountID)
				}
			}
		}
		_, _ = p.CheckTicket("a.b.c")
	})
}

func FuzzDecodeFrame(f *testing.F) {
	f.Add(newFake(samplePayload("m-1", "")).frame())
	f.Add([]byte(`{"result":{"objectMeta":{},"status":{"lists":{"players":{"capacity":"8"}}}}}`))
	f.Add([]byte(`{"error":{"message":"x"}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		g, err := decodeFrame(line)
		if err != nil && !reflect.DeepEqual(g, GameServer{}) {
			t.Fatalf("got %+v with %v", g, err)
		}
	})
}

func BenchmarkDecodePayload(b *testing.B) {
	raw := []byte(samplePayload("m-1", "http://x/result"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodePayload(raw); err != nil {
			b.Fatal(err)
		}
	}
}
