package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/muster-gg/muster/core/fault"
)

// encode is the inverse of Decode, made from encoding/json.
func encode(t *testing.T, req Request) []byte {
	m := map[string]any{"type": req.Type}
	put := func(key string, v any) {
		if r := reflect.ValueOf(v); !r.IsZero() {
			m[key] = v
		}
	}
	put("id", req.ID)
	switch b := req.Body.(type) {
	case *Create:
		put("isPrivate", b.IsPrivate)
		put("name", b.Name)
		put("maxPlayers", b.MaxPlayers)
		put("password", b.Password)
		put("properties", b.Properties)
	case *Join:
		put("code", b.Code)
		put("lobbyId", b.LobbyID)
		put("team", b.Team)
		put("password", b.Password)
	case *Ready:
		m["ready"] = b.Ready
	case *Start:
		put("region", b.Region)
	case *FillBots:
		put("perTeam", b.PerTeam)
	case *Team:
		put("team", b.Team)
	case *Update:
		put("name", b.Name)
		put("isPrivate", b.IsPrivate)
		put("maxPlayers", b.MaxPlayers)
		put("password", b.Password)
		put("properties", b.Properties)
	case *Kick:
		put("accountId", b.AccountID)
	case *Promote:
		put("accountId", b.AccountID)
	case *Chat:
		put("text", b.Text)
	case *Latency:
		put("regions", b.Regions)
	case *MatchmakingFind:
		put("queue", b.Queue)
		put("properties", b.Properties)
	case *Rpc:
		put("name", b.Name)
		put("payload", b.Payload)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // property values must come back as they were
	if err := enc.Encode(m); err != nil {
		t.Fatalf("%#v: %v", req.Body, err)
	}
	return out.Bytes()
}

// Decode never panics; its errors have a code of the protocol; it accepts no more
// than encoding/json does; what it accepts survives a round trip.
func FuzzDecode(f *testing.F) {
	for _, c := range bad {
		if len(c.frame) < 1<<12 {
			f.Add([]byte(c.frame))
		}
	}
	for _, frame := range frames {
		f.Add([]byte(frame))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		req, err := Decode(frame)
		if !utf8.ValidString(req.ID) || utf8.RuneCountInString(req.ID) > MaxRequestID {
			t.Fatalf("id %q", req.ID)
		}
		if err != nil {
			var e *fault.Error
			if !errors.As(err, &e) || e.Text == "" || req.Body != nil {
				t.Fatalf("%v, %#v", err, req)
			}
			switch e.Code {
			case CodeInvalidMessage, CodeUnknownType, CodeInvalidField:
				return
			}
			t.Fatalf("code %q", e.Code)
		}
		var top map[string]json.RawMessage
		if !utf8.Valid(frame) || json.Unmarshal(frame, &top) != nil {
			t.Fatalf("accepted %q, which is not a JSON object", frame)
		}
		again, err := Decode(encode(t, req))
		if err != nil || !reflect.DeepEqual(again, req) {
			t.Fatalf("%q: round trip: %v\n got %#v\nwant %#v", frame, err, again.Body, req.Body)
		}
	})
}

// What encoding/json takes for an object with text as type is never answered
// invalid_message without a reason that the protocol gives.
func FuzzDecodeAcceptsJSON(f *testing.F) {
	f.Add("a", `{"b":[1,-2.5e-3,true,null,"é\n"]}`)
	f.Add("\u2028<>&", `"\ud83d\ude00"`)
	f.Fuzz(func(t *testing.T, key, val string) {
		if !utf8.ValidString(key) || !utf8.ValidString(val) || !json.Valid([]byte(val)) || key == "type" || key == "id" {
			return
		}
		if bytes.Count([]byte(val), []byte("["))+bytes.Count([]byte(val), []byte("{")) >= MaxDepth-1 ||
			bytes.Contains(bytes.ToLower([]byte(val)), []byte(`\ud`)) {
			return // perhaps too deep, perhaps a lone surrogate
		}
		frame := append([]byte(`{"type":"ping",`), appendString(nil, key)...)
		frame = append(append(append(frame, ':'), val...), '}')
		if _, err := Decode(frame); err != nil {
			t.Fatalf("%q: %v", frame, err)
		}
	})
}

// Whatever texts the parts have, the messages are JSON and say them again.
func FuzzEncode(f *testing.F) {
	f.Add("plain", "A", int64(1), uint64(2), true, 3)
	f.Add("\x00\x1f\"\\/\u2028\u2029\u007f<>&😀", "\xff\xc3", int64(-1), uint64(1<<63), false, 0)
	f.Fuzz(func(t *testing.T, s, u string, n int64, v uint64, flag bool, teams int) {
		lobby := &Lobby{ID: s, Code: u, Name: s, OwnerID: u, IsPrivate: flag, ShowCode: flag, State: u, Step: s, Version: v, MaxPlayers: int(n), CreatedAt: n}
		match := &MatchData{MatchID: s, LobbyID: u, StartedAt: n, Server: Server{Address: s, Port: int(n), Name: u}, Region: s, Ticket: u}
		for range uint(teams) % 5 {
			lobby.Teams = append(lobby.Teams, LobbyTeam{Name: u, Size: int(n), Players: []LobbyPlayer{{AccountID: s, Username: u, Bot: flag}, {}}})
			match.Teams = append(match.Teams, MatchTeam{Name: s, Players: []MatchPlayer{{AccountID: u, Username: s}, {}}})
		}
		for _, m := range []Message{
			Connected{AccountID: s, Username: u, Lobby: lobby, MatchData: match}, Connected{AccountID: u},
			Pong{s}, LobbyCreated{lobby, s}, LobbyUpdated{lobby}, LobbyLeft{u}, LobbyDeleted{s, u}, LobbyKicked{u, s},
			LobbyChat{s, u, s, u, n}, MatchStarted{match}, MatchFailed{s, u, s, u}, MatchEnded{MatchID: s},
			MatchmakingSearching{s, u}, MatchmakingCancelled{s}, MatchmakingError{s, u}, Ack{s, v}, Draining{n}, RpcAnswer{s, nil, u}, Notify{s, nil, n}, Error{s, u, s, n, u, s},
		} {
			for _, level := range []int{Level1, Level2} {
				text := m.Append([]byte("before"), level)[len("before"):]
				if !json.Valid(text) || !utf8.Valid(text) {
					t.Fatalf("%#v at level %d is not JSON: %q", m, level, text)
				}
			}
		}
		var back string
		want := string(bytes.ToValidUTF8([]byte(s), nil))
		text := appendString(nil, s)
		if err := json.Unmarshal(text, &back); err != nil || utf8.ValidString(s) && back != want {
			t.Fatalf("%q became %q: %v", s, back, err)
		}
		if bytes.Contains(text, []byte("\u2028")) || bytes.Contains(text, []byte("\u2029")) {
			t.Fatalf("%q has a raw line separator", text)
		}
		if head := (MatchStarted{match}).AppendHead(nil, Level2); string(AppendMatchStarted(nil, head, u)) != string(MatchStarted{match}.Append(nil, Level2)) {
			t.Fatal("head and ticket differ from the whole message")
		}
	})
}
