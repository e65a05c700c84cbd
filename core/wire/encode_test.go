package wire

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/fault"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sampleLobby(teams int) *Lobby {
	l := &Lobby{
		ID: "l-1", Code: "012345", Name: "Friday \"night\"", OwnerID: "a-1", ShowCode: true,
		State: "open", Version: 7, MaxPlayers: 2 * teams, CreatedAt: 1700000000000,
	}
	for i := range teams {
		l.Teams = append(l.Teams, LobbyTeam{Name: string(rune('A' + i)), Size: 2})
	}
	l.Teams[0].Players = []LobbyPlayer{{AccountID: "a-1", Username: "Ada", Ready: true, Connected: true}}
	if teams > 1 {
		l.Teams[1].Players = []LobbyPlayer{{AccountID: "a-2", Username: "Bob"}, {AccountID: "bot-1", Username: "Bot 1", Ready: true, Bot: true, Connected: true}}
	}
	return l
}

func sampleMatch(teams int) *MatchData {
	m := &MatchData{
		MatchID: "m-1", LobbyID: "l-1", StartedAt: 1700000000001, Region: "us-east", Ticket: "t.i.cket",
		Server: Server{Address: "127.0.0.1", Port: 7777, Name: "arena-1"},
	}
	for i := range teams {
		id := string(rune('1' + i))
		m.Teams = append(m.Teams, MatchTeam{Name: string(rune('A' + i)), Players: []MatchPlayer{{AccountID: "a-" + id, Username: "P" + id}}})
	}
	return m
}

// samples are every server message, with and without what may be left out.
func samples() []Message {
	starting := sampleLobby(2)
	starting.IsPrivate, starting.HasPassword, starting.ShowCode = true, true, false
	starting.State, starting.Step, starting.Properties = "starting", "allocating", json.RawMessage(`{"map":"dust"}`)
	bare := sampleMatch(2)
	bare.LobbyID, bare.Region, bare.Ticket = "", "", ""
	return []Message{
		Connected{AccountID: "a-1", Username: "Ada"},
		Connected{AccountID: "a-1", Username: "Ada", Lobby: sampleLobby(2), MatchData: sampleMatch(2)},
		Pong{}, Pong{ReplyTo: "1"},
		LobbyCreated{Lobby: sampleLobby(2)}, LobbyCreated{Lobby: sampleLobby(2), ReplyTo: "1"},
		LobbyUpdated{Lobby: sampleLobby(1)}, LobbyUpdated{Lobby: sampleLobby(3)}, LobbyUpdated{Lobby: starting},
		LobbyLeft{}, LobbyLeft{ReplyTo: "1"},
		LobbyDeleted{LobbyID: "l-1"}, LobbyDeleted{LobbyID: "l-1", Reason: "match_over"},
		LobbyKicked{LobbyID: "l-1"}, LobbyKicked{LobbyID: "l-1", Reason: "ready_timeout"},
		LobbyChat{LobbyID: "l-1", AccountID: "a-1", Username: "Ada", Text: "a\nb <&> \u2028 é", At: 1700000000002},
		MatchStarted{MatchData: sampleMatch(1)}, MatchStarted{MatchData: sampleMatch(3)}, MatchStarted{MatchData: bare},
		MatchFailed{LobbyID: "l-1", Code: CodeStartCancelled, Message: "The start was cancelled"},
		MatchFailed{LobbyID: "l-1", MatchID: "m-1", Code: CodeServerLost, Message: "The game server was lost"},
		MatchEnded{MatchID: "m-1"}, MatchEnded{MatchID: "m-1", Result: json.RawMessage(`{"teams":[{"name":"A","rank":1}]}`)},
		MatchmakingSearching{TicketID: "t-1"}, MatchmakingSearching{TicketID: "t-1", ReplyTo: "1"},
		MatchmakingCancelled{}, MatchmakingCancelled{ReplyTo: "1"},
		MatchmakingError{Message: TextMatchmakingEnter}, MatchmakingError{Message: TextMatchmakingEnter, ReplyTo: "1"},
		Ack{ReplyTo: "1"}, Ack{ReplyTo: "1", Version: 7},
		RpcAnswer{Name: "winners"}, RpcAnswer{Name: "winners", Payload: json.RawMessage(`[1,"a"]`), ReplyTo: "1"},
		Notify{Kind: "gift", At: 1700000000003}, Notify{Kind: "gift", Payload: json.RawMessage(`{"coins":5}`), At: 1700000000003},
		Draining{ReconnectAfterMs: 1500},
		Error{Message: TextUnknownType, Code: CodeUnknownType},
		Error{Message: "Busy", Code: CodeTryAgain, ReplyTo: "1", RetryAfterMs: 250},
		Error{Message: TextAllocationFailed, Code: CodeAllocationFailed, LobbyID: "l-1", MatchID: "m-1"},
	}
}

func TestGolden(t *testing.T) {
	for _, level := range []int{Level1, Level2} {
		var got bytes.Buffer
		for _, m := range samples() {
			text := m.Append(nil, level)
			if !json.Valid(text) {
				t.Errorf("%#v is not JSON: %s", m, text)
			}
			fmt.Fprintf(&got, "%s\n", text)
		}
		file := filepath.Join("testdata", fmt.Sprintf("level%d.golden", level))
		if *update {
			if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(want), "\n")
		for i, line := range strings.Split(got.String(), "\n") {
			if i >= len(lines) || lines[i] != line {
				t.Errorf("%s:%d: got\n%s", file, i+1, line)
			}
		}
	}
}

// Every message begins with its type, so that readers can tell before they parse.
func TestTypeIsFirst(t *testing.T) {
	for _, m := range samples() {
		if text := m.Append(nil, Level2); !bytes.HasPrefix(text, []byte(`{"type":"`)) {
			t.Errorf("%T: %s", m, text)
		}
	}
}

func keys(t *testing.T, text []byte) []string {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	var out []string
	for k := range m {
		if strings.HasPrefix(k, "team") {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

func TestTeamsByLevel(t *testing.T) {
	for _, c := range []struct {
		teams, level int
		want         []string
	}{
		{1, Level1, []string{"teamA", "teamB"}},
		{2, Level1, []string{"teamA", "teamB"}},
		{3, Level1, []string{"teamA", "teamB", "teams"}},
		{1, Level2, []string{"teams"}},
		{2, Level2, []string{"teams"}},
		{3, Level2, []string{"teams"}},
		{2, 0, []string{"teamA", "teamB"}},
	} {
		if got := keys(t, sampleLobby(c.teams).Append(nil, c.level)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("lobby of %d teams at level %d has %v", c.teams, c.level, got)
		}
		if got := keys(t, sampleMatch(c.teams).Append(nil, c.level)); !reflect.DeepEqual(got, c.want) {
			t.Errorf("match of %d teams at level %d has %v", c.teams, c.level, got)
		}
	}
}

func TestMatchStartedTickets(t *testing.T) {
	m := sampleMatch(2)
	for _, level := range []int{Level1, Level2} {
		m.Ticket = "never in the head"
		head := MatchStarted{m}.AppendHead(nil, level)
		for _, ticket := range []string{"", "a.b.c", `"`} {
			m.Ticket = ticket
			got, want := AppendMatchStarted(nil, head, ticket), MatchStarted{m}.Append(nil, level)
			if !bytes.Equal(got, want) {
				t.Errorf("level %d, ticket %q:\n got %s\nwant %s", level, ticket, got, want)
			}
		}
	}
}

func TestAppendList(t *testing.T) {
	for want, in := range map[string][][]byte{
		"[]":          nil,
		`["a"]`:       {[]byte(`"a"`)},
		`["a",{},[]]`: {[]byte(`"a"`), []byte("{}"), []byte("[]")},
	} {
		if got := string(AppendList(nil, in)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestNewError(t *testing.T) {
	f := fault.New(CodeRateLimited, "Slow down").After(1500 * time.Microsecond).With(fmt.Errorf("secret"))
	got := string(NewError(f, "9").Append(nil, Level1))
	want := `{"type":"error","message":"Slow down","code":"rate_limited","retryAfterMs":2,"replyTo":"9"}`
	if got != want {
		t.Errorf("got %s", got)
	}
}

func TestStatus(t *testing.T) {
	for code, want := range map[string]int{
		"unauthorized": 401, "invalid_token": 401, "username_required": 400, "username_invalid": 400,
		"invalid_request": 400, "invalid_field": 400, "invalid_result": 400, "not_found": 404, "account_not_found": 404,
		"provider_unknown": 404, "provider_refused": 401, "too_large": 413, "rate_limited": 429, "match_closed": 409,
		"identity_taken": 409, "last_identity": 409, "refused_by_hook": 409, "provider_unreachable": 502,
		"provider_unavailable": 503, "hook_unavailable": 503, "draining": 503, "try_again": 503,
		"hook_timeout": 504, "hook_failed": 500, "internal": 500, "": 500, "nobody_knows": 500,
	} {
		if got := Status(code); got != want {
			t.Errorf("%s: %d, want %d", code, got, want)
		}
	}
}
