package transport

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-gg/muster/core/broadcast"
	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/lobby"
)

func tickets(game string, m *lobby.Match, account string) string {
	return strings.Join([]string{"t", game, m.ID, account}, "-")
}

// sample is a lobby that shows every field.
func sample() *lobby.Lobby {
	return &lobby.Lobby{
		ID: "L", Code: "012345", Name: "n", OwnerID: "ann", Password: "salt.mac", MaxPlayers: 3, IsPrivate: true,
		Properties: lobby.Properties{"b": []byte(`[1]`), "a": []byte(`"x"`)}, State: lobby.Starting, CreatedAt: born,
		Attempt: &lobby.Attempt{MatchID: "M", Step: lobby.Allocating},
		Teams: []lobby.Team{
			{Name: "red", Size: 2, Players: []lobby.Player{{AccountID: "ann", Username: "Ann", Ready: true, Connected: true}}},
			{Name: "blue", Size: 1, Players: []lobby.Player{{AccountID: "bot-1", Username: "Bot 1", Bot: true, Ready: true, Connected: true}}},
		},
	}
}

const (
	head1  = `{"id":"L","code":"012345","isPrivate":true,"ownerId":"ann",`
	tail1  = `"version":7,"name":"n","state":"starting","step":"allocating","hasPassword":true,"maxPlayers":3,"properties":{"a":"x","b":[1]},"createdAt":1700000000123}`
	ann1   = `[{"accountId":"ann","username":"Ann","ready":true,"bot":false,"connected":true}]`
	bot1   = `[{"accountId":"bot-1","username":"Bot 1","ready":true,"bot":true,"connected":true}]`
	level1 = `{"type":"lobby:updated","lobby":` + head1 + `"teamA":` + ann1 + `,"teamB":` + bot1 + `,` + tail1 + `}`
	level2 = `{"type":"lobby:updated","lobby":` + head1 + `"teams":[{"name":"red","size":2,"players":` + ann1 + `},{"name":"blue","size":1,"players":` + bot1 + `}],` + tail1 + `}`
)

func encode(t testing.TB, u *lobby.Update, version uint64, level int) broadcast.Audience {
	t.Helper()
	a, err := NewEncoder(tickets).Encode(broadcast.Message{Topic: broadcast.Topic{Game: "g", ID: u.LobbyID}, Version: version, Payload: u}, level)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// told lists what an account gets, each frame as its type, or whole for want of one.
func told(a broadcast.Audience, account string, stale bool) (list []string, last bool) {
	frames, last := a.For(account, stale)
	for _, f := range frames {
		list = append(list, string(f.Text()))
	}
	return list, last
}

func TestSnapshotGolden(t *testing.T) {
	u := &lobby.Update{LobbyID: "L", Snapshot: lobby.Snapshot{Lobby: sample(), Version: 7}}
	for level, want := range map[int]string{1: level1, 2: level2} {
		a := encode(t, u, 7, level)
		frames, last := a.For("ann", false)
		if len(frames) != 1 || last || string(frames[0].Text()) != want {
			t.Errorf("level %d: %v\n%s\nwant\n%s", level, last, frames[0].Text(), want)
		}
		if frames[0].Snapshot != "L" || frames[0].Version != 7 {
			t.Errorf("snapshot %q version %d", frames[0].Snapshot, frames[0].Version)
		}
		if again, _ := a.For("ann", false); again[0] != frames[0] {
			t.Error("encoded twice")
		}
	}
	open := sample()
	open.State = lobby.Open
	if f := snapshotFrame(lobby.Snapshot{Lobby: open, Version: 8}, 1); strings.Contains(string(f.Text()), "step") {
		t.Error("a step is shown in an open lobby")
	}
}

func TestEventsInOrder(t *testing.T) {
	m := &lobby.Match{ID: "M", StartedAt: born, Server: lobby.Server{Address: "a", Port: 1, Name: "s"}, Teams: []lobby.RosterTeam{{Name: "red"}}}
	f := fault.New("allocation_failed", "Failed to allocate game server").After(time.Second)
	u := &lobby.Update{LobbyID: "L", Snapshot: lobby.Snapshot{Lobby: sample(), Version: 7}, Events: []lobby.Event{
		{Kind: lobby.MatchStarted, MatchID: "M", Match: m, After: true},
		{Kind: lobby.Kicked, To: "eve", Reason: "ready_timeout"},
		{Kind: lobby.StartRefused, To: "ann", MatchID: "M", Fault: f},
		{Kind: lobby.MatchFailed, Except: "ann", MatchID: "M", Fault: f},
		{Kind: lobby.MatchEnded, MatchID: "M"},
		{Kind: lobby.Chat, AccountID: "ann", Username: "Ann", Text: "hi", At: born},
	}}
	u.Lobby.Teams[0].Players = append(u.Lobby.Teams[0].Players, lobby.Player{AccountID: "bob", Username: "Bob"})
	a := encode(t, u, 7, 1)
	ended := `{"type":"match:ended","matchId":"M","result":null}`
	chat := `{"type":"lobby:chat","lobbyId":"L","accountId":"ann","username":"Ann","text":"hi","at":1700000000123}`
	refused := `{"type":"error","message":"Failed to allocate game server","code":"allocation_failed","retryAfterMs":1000,"lobbyId":"L","matchId":"M"}`
	failed := `{"type":"match:failed","lobbyId":"L","matchId":"M","code":"allocation_failed","message":"Failed to allocate game server"}`
	started := func(who string) string {
		return `{"type":"match:started","matchData":{"matchId":"M","lobbyId":"L","teamA":[],"teamB":[],"startedAt":1700000000123,"server":{"address":"a","port":1,"serverName":"s"},"ticket":"t-g-M-` + who + `"}}`
	}
	snapshot := string(snapshotFrame(u.Snapshot, 1).Text())
	for _, c := range []struct {
		account string
		stale   bool
		last    bool
		want    []string
	}{
		{"ann", false, false, []string{refused, ended, chat, snapshot, started("ann")}},
		{"ann", true, false, []string{refused, ended, chat, started("ann")}},
		{"bob", false, false, []string{failed, ended, chat, snapshot, started("bob")}},
		{"eve", false, true, []string{`{"type":"lobby:kicked","lobbyId":"L","reason":"ready_timeout"}`}},
		{"eve", true, false, []string{`{"type":"lobby:kicked","lobbyId":"L","reason":"ready_timeout"}`}},
		{"nobody", false, true, nil},
		{"nobody", true, false, nil},
	} {
		got, last := told(a, c.account, c.stale)
		if fmt.Sprint(got) != fmt.Sprint(c.want) || last != c.last {
			t.Errorf("%s stale %v: last %v\n%s\nwant\n%s", c.account, c.stale, last, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

func TestDeletedIsToldToWhoeverFollows(t *testing.T) {
	u := &lobby.Update{LobbyID: "L", Snapshot: lobby.Snapshot{Version: 9}, Quiet: true, Events: []lobby.Event{{Kind: lobby.Deleted, Reason: "match_over"}}}
	got, last := told(encode(t, u, 9, 2), "anybody", false)
	if !last || len(got) != 1 || got[0] != `{"type":"lobby:deleted","lobbyId":"L","reason":"match_over"}` {
		t.Errorf("%v %v", got, last)
	}
}

func TestChatEndsNoSubscription(t *testing.T) {
	u := &lobby.Update{LobbyID: "L", Snapshot: lobby.Snapshot{Lobby: sample(), Version: 7}, Quiet: true, Events: []lobby.Event{{Kind: lobby.Chat, Text: "x", At: born}}}
	a := encode(t, u, 0, 1)
	if got, last := told(a, "newcomer", false); len(got) != 0 || last {
		t.Errorf("%v %v", got, last)
	}
	if got, _ := told(a, "ann", false); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

func TestBytesFromAnotherNode(t *testing.T) {
	u := &lobby.Update{LobbyID: "L", Snapshot: lobby.Snapshot{Lobby: sample(), Version: 7}, Events: []lobby.Event{
		{Kind: lobby.MatchFailed, MatchID: "M", Fault: fault.New("server_lost", "gone")},
	}}
	b, err := u.AppendPayload(nil)
	if err != nil {
		t.Fatal(err)
	}
	enc := NewEncoder(tickets)
	far, err := enc.Encode(broadcast.Message{Topic: broadcast.Topic{Game: "g", ID: "L"}, Version: 7, Payload: broadcast.Bytes(b)}, 1)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := told(encode(t, u, 7, 1), "ann", false)
	if got, _ := told(far, "ann", false); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v\nwant\n%v", got, want)
	}
	for _, bad := range []broadcast.Payload{broadcast.Bytes("{"), nil} {
		if _, err := enc.Encode(broadcast.Message{Payload: bad}, 1); err == nil {
			t.Errorf("%T accepted", bad)
		}
	}
}

// TestAudienceProperty holds For against the rules as they are written down, for
// lobbies small and large.
func TestAudienceProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		size := rapid.IntRange(0, 40).Draw(rt, "members")
		l := &lobby.Lobby{ID: "L", State: lobby.Open, CreatedAt: born, Teams: make([]lobby.Team, 2)}
		for i := range size {
			l.Teams[i%2].Players = append(l.Teams[i%2].Players, lobby.Player{AccountID: fmt.Sprint("p", i)})
		}
		if rapid.IntRange(0, 9).Draw(rt, "gone") == 0 {
			l = nil
		}
		name := rapid.Custom(func(rt *rapid.T) string { return fmt.Sprint("p", rapid.IntRange(0, 45).Draw(rt, "n")) })
		u := &lobby.Update{LobbyID: "L", Snapshot: lobby.Snapshot{Lobby: l, Version: 5}, Quiet: rapid.Bool().Draw(rt, "quiet")}
		for range rapid.IntRange(0, 4).Draw(rt, "events") {
			ev := lobby.Event{Kind: lobby.Chat, Text: fmt.Sprint("e", len(u.Events)), At: born, After: rapid.Bool().Draw(rt, "after")}
			switch rapid.IntRange(0, 2).Draw(rt, "to") {
			case 1:
				ev.To = name.Draw(rt, "to")
			case 2:
				ev.Except = name.Draw(rt, "except")
			}
			u.Events = append(u.Events, ev)
		}
		version := uint64(rapid.IntRange(0, 1).Draw(rt, "versioned") * 5)
		a := encode(t, u, version, 1)
		account, stale := name.Draw(rt, "account"), rapid.Bool().Draw(rt, "stale")
		member := false
		if l != nil {
			_, member = l.Member(account)
		}
		var want []string
		for _, after := range []bool{false, true} {
			if after && l != nil && member && !stale && !u.Quiet {
				want = append(want, "lobby:updated")
			}
			for _, ev := range u.Events {
				mine := ev.To == account || ev.To == "" && (member || l == nil) && ev.Except != account
				if ev.After == after && mine {
					want = append(want, ev.Text)
				}
			}
		}
		got, last := told(a, account, stale)
		short := make([]string, len(got))
		for i, text := range got {
			short[i] = "lobby:updated"
			if _, rest, ok := strings.Cut(text, `"text":"`); ok {
				short[i], _, _ = strings.Cut(rest, `"`)
			}
		}
		if fmt.Sprint(short) != fmt.Sprint(want) || last != (version != 0 && !stale && !member) {
			rt.Fatalf("got %v, want %v, last %v", short, want, last)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	l := sample()
	l.Teams[0].Players = nil
	for i := range 100 {
		l.Teams[i%2].Players = append(l.Teams[i%2].Players, lobby.Player{AccountID: fmt.Sprintf("00000000-0000-4000-8000-%012d", i), Username: fmt.Sprint("player ", i), Connected: true})
	}
	u := &lobby.Update{LobbyID: "L", Snapshot: lobby.Snapshot{Lobby: l, Version: 7}}
	b.ReportAllocs()
	for b.Loop() {
		a := encode(b, u, 7, 1)
		for _, p := range l.All {
			a.For(p.AccountID, false)
		}
	}
}
