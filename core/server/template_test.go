package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/sdk/client"
)

// The tests of this file show, over a whole node, that the faults of the public
// template which the protocol lists are gone. Two of the list are elsewhere:
// tokens in logs (TestNoSecretInTheLog) and what a crash loses (process_test.go).

// world is a node with one game, its platform, and players.
type world struct {
	t        testing.TB
	url      string
	platform *gameflowtest.Server
}

func newWorld(t testing.TB, lobby string, o gameflowtest.Options) *world {
	t.Helper()
	o.GameID, o.APIKey = "g1", "key"
	platform := gameflowtest.NewServer(o)
	t.Cleanup(platform.Close)
	return &world{t: t, platform: platform, url: startNode(t, stubGame("arena", platform.URL, lobby)).PublicURL()}
}

func (w *world) player(name string) *player {
	w.t.Helper()
	s, err := client.New(client.Config{URL: w.url}).SignIn(w.t.Context(), name, "")
	must(w.t, err)
	p := &player{id: s.Account.ID, token: s.AccessToken, told: make(chan client.Event, 1024)}
	p.Conn, err = client.Dial(w.t.Context(), client.Options{URL: w.url, Token: p.token, Level: 1, OnEvent: func(e client.Event) { p.told <- e }})
	must(w.t, err)
	w.t.Cleanup(p.Close)
	return p
}

// together returns players in one lobby of the first one's making, all ready.
func (w *world) together(names ...string) (players []*player, made *client.Lobby) {
	w.t.Helper()
	ctx := w.t.Context()
	for i, name := range names {
		p := w.player(name)
		players = append(players, p)
		var err error
		if i == 0 {
			made, err = p.CreateLobby(ctx, client.LobbyOptions{})
		} else {
			_, err = p.Join(ctx, client.JoinOptions{Code: made.Code})
		}
		must(w.t, err)
	}
	for _, p := range players {
		must(w.t, p.Ready(ctx, true))
	}
	return players, made
}

// sees waits until a player's lobby is as wanted.
func (p *player) sees(t testing.TB, what string, ok func(*client.Lobby) bool) *client.Lobby {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := p.Wait(ctx, func(s client.State) bool { return ok(s.Lobby) })
	if err != nil {
		t.Fatalf("never saw %s: %v, last %+v", what, err, p.Lobby())
	}
	return s.Lobby
}

func refused(t testing.TB, err error, code string) {
	t.Helper()
	if client.CodeOf(err) != code {
		t.Errorf("answered %v, want %s", err, code)
	}
}

func TestOwnerGoneLeavesALobbyThatCanStart(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	ps, _ := w.together("ann", "bob", "cid")
	must(t, ps[0].Leave(t.Context()))
	ps[1].sees(t, "its new owner", func(l *client.Lobby) bool { return l != nil && l.OwnerID == ps[1].id })
	must(t, ps[1].Start(t.Context(), ""))
	await[*client.MatchStarted](t, ps[2])
}

func TestBotsDoNotKeepADeadLobby(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	ps, made := w.together("ann")
	must(t, ps[0].FillBots(t.Context(), 4))
	if l := ps[0].Lobby(); l.Members() != 8 {
		t.Errorf("%d members", l.Members())
	}
	must(t, ps[0].Leave(t.Context()))
	_, err := w.player("bob").Join(t.Context(), client.JoinOptions{Code: made.Code})
	refused(t, err, "lobby_not_found")
}

func TestTeamsHaveSizes(t *testing.T) {
	w := newWorld(t, `team "A" { size = 1 }
    team "B" { size = 1 }`, gameflowtest.Options{})
	ps, made := w.together("ann", "bob")
	_, err := w.player("cid").Join(t.Context(), client.JoinOptions{Code: made.Code})
	refused(t, err, "lobby_full")
	refused(t, ps[1].SetTeam(t.Context(), "A"), "team_full")
	refused(t, ps[1].SetTeam(t.Context(), "Z"), "unknown_team")
}

func TestNobodySitsInTwoLobbies(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	ps, _ := w.together("ann", "bob")
	other, err := ps[1].CreateLobby(t.Context(), client.LobbyOptions{Name: "other"})
	must(t, err)
	ps[0].sees(t, "that bob has gone", func(l *client.Lobby) bool { return l != nil && l.Members() == 1 })
	_, err = ps[0].Join(t.Context(), client.JoinOptions{LobbyID: other.ID})
	must(t, err)
	list, _, err := client.New(client.Config{URL: w.url}).Lobbies(t.Context(), ps[0].token, client.Page{})
	must(t, err)
	if len(list) != 1 || list[0].ID != other.ID || list[0].Members() != 2 {
		t.Errorf("list %+v", list)
	}
}

func TestSimultaneousChangesAreNotLost(t *testing.T) {
	w := newWorld(t, `team "A" { size = 8 }
    team "B" { size = 8 }`, gameflowtest.Options{})
	owner := w.player("p0")
	made, err := owner.CreateLobby(t.Context(), client.LobbyOptions{})
	must(t, err)
	ps := []*player{owner}
	for i := 1; i < 16; i++ {
		ps = append(ps, w.player(fmt.Sprint("p", i)))
	}
	all := func(do func(p *player) error) {
		var wg sync.WaitGroup
		for _, p := range ps {
			wg.Go(func() {
				if err := do(p); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	all(func(p *player) error {
		if p == owner {
			return nil
		}
		_, err := p.Join(t.Context(), client.JoinOptions{Code: made.Code})
		return err
	})
	all(func(p *player) error { return p.Ready(t.Context(), true) })
	for _, p := range ps {
		p.sees(t, "sixteen ready members", func(l *client.Lobby) bool {
			n := 0
			for _, team := range l.Teams {
				for _, m := range team.Players {
					if m.Ready {
						n++
					}
				}
			}
			return n == 16
		})
	}
	gone := ps[1:]
	ps = gone
	all(func(p *player) error { return p.Leave(t.Context()) })
	owner.sees(t, "itself alone", func(l *client.Lobby) bool { return l.Members() == 1 })
}

// TestMessagesOfOneSocketKeepTheirOrder sends without waiting for answers.
func TestMessagesOfOneSocketKeepTheirOrder(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	ps, _ := w.together("ann", "bob")
	var texts []string
	for i := range 50 {
		texts = append(texts, fmt.Sprint("line ", i))
		must(t, ps[0].Send(client.Message{Type: "lobby:chat", Fields: map[string]any{"text": texts[i]}}))
		must(t, ps[0].Send(client.Message{Type: "lobby:ready", Fields: map[string]any{"ready": i%2 == 1}}))
	}
	for _, want := range texts {
		if got := await[*client.Chat](t, ps[1]); got.Text != want {
			t.Fatalf("got %q, want %q", got.Text, want)
		}
	}
	if p, _, _ := ps[1].Lobby().Member(ps[0].id); !p.Ready {
		ps[1].sees(t, "ann's last word", func(l *client.Lobby) bool { p, _, _ := l.Member(ps[0].id); return p.Ready })
	}
}

func TestFiveStartsMakeOneServer(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{Decide: func(int, gameflowtest.Call) gameflowtest.Behaviour {
		return gameflowtest.Slow(50 * time.Millisecond)
	}})
	ps, _ := w.together("ann", "bob")
	var wg sync.WaitGroup
	codes := make(chan string, 5)
	for range 5 {
		wg.Go(func() { codes <- client.CodeOf(ps[0].Start(t.Context(), "")) })
	}
	wg.Wait()
	good := 0
	for range 5 {
		switch code := <-codes; code {
		case "":
			good++
		case "already_starting", "in_match":
		default:
			t.Errorf("a start was answered %s", code)
		}
	}
	started := await[*client.MatchStarted](t, ps[1])
	if n := w.platform.Made(); good != 1 || n != 1 {
		t.Errorf("%d starts accepted, %d servers", good, n)
	}
	// The server knows the match by the id that the players were told.
	if call := w.platform.Calls()[0]; call.MatchID != started.Match.MatchID {
		t.Errorf("payload has match %q, players have %q", call.MatchID, started.Match.MatchID)
	}
}

// TestLeaversAndDeletedLobbies lets players go while their server is being made.
func TestLeaversAndDeletedLobbies(t *testing.T) {
	arrived, proceed := make(chan struct{}, 8), make(chan struct{})
	w := newWorld(t, "", gameflowtest.Options{Decide: func(n int, _ gameflowtest.Call) gameflowtest.Behaviour {
		arrived <- struct{}{}
		<-proceed
		return gameflowtest.OK()
	}})
	ps, _ := w.together("ann", "bob", "cid")
	must(t, ps[0].Start(t.Context(), ""))
	<-arrived
	must(t, ps[2].Leave(t.Context()))
	close(proceed)
	m := await[*client.MatchStarted](t, ps[0]).Match
	for _, team := range m.Teams {
		for _, p := range team.Players {
			if p.AccountID == ps[2].id {
				t.Error("a leaver is in the roster")
			}
		}
	}

	proceed = make(chan struct{})
	ps, made := w.together("dan", "eve")
	must(t, ps[0].Start(t.Context(), ""))
	<-arrived
	must(t, ps[0].Leave(t.Context()))
	must(t, ps[1].Leave(t.Context()))
	close(proceed)
	_, err := w.player("fay").Join(t.Context(), client.JoinOptions{LobbyID: made.ID})
	refused(t, err, "lobby_not_found")
}

func TestReadyTakesBooleansOnly(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	p := w.player("ann")
	_, err := p.CreateLobby(t.Context(), client.LobbyOptions{})
	must(t, err)
	_, err = p.Do(t.Context(), client.Message{Type: "lobby:ready", Fields: map[string]any{"ready": "banana"}})
	refused(t, err, "invalid_message")
	if m, _, _ := p.Lobby().Member(p.id); m.Ready {
		t.Error("a banana makes ready")
	}
}

func TestDroppedPlayersReturnOrGo(t *testing.T) {
	w := newWorld(t, `reconnect_grace = "300ms"`, gameflowtest.Options{})
	ps, made := w.together("ann", "bob")
	must(t, ps[0].Start(t.Context(), ""))
	match := await[*client.MatchStarted](t, ps[1]).Match
	ps[1].Drop()
	<-ps[1].Done()
	again, err := client.Dial(t.Context(), client.Options{URL: w.url, Token: ps[1].token, Level: 1})
	must(t, err)
	defer again.Close()
	if m := again.Match(); m == nil || m.MatchID != match.MatchID || m.Ticket == "" || m.Server != match.Server {
		t.Errorf("back to %+v", m)
	}
	if l := again.Lobby(); l == nil || l.ID != made.ID {
		t.Errorf("back in %+v", l)
	}
	// Whoever does not come back loses the seat, and the last one the lobby.
	again.Drop()
	<-again.Done()
	ps[0].sees(t, "that bob has gone", func(l *client.Lobby) bool { return l != nil && l.Members() == 1 })
	ps[0].Drop()
	<-ps[0].Done()
	fay := w.player("fay")
	for {
		_, err := fay.Join(t.Context(), client.JoinOptions{LobbyID: made.ID})
		if client.CodeOf(err) == "lobby_not_found" {
			break
		}
		refused(t, err, "in_match")
		if t.Failed() {
			break
		}
	}
}

// TestHostileInputStallsNobody sends what once ended or stalled the process.
func TestHostileInputStallsNobody(t *testing.T) {
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: "key"})
	defer platform.Close()
	url := startNode(t, strings.Replace(stubGame("arena", platform.URL, ""), "game \"arena\"", "game \"arena\"", 1)).PublicURL()
	for name, body := range map[string]string{
		"huge name": `{"username":"` + strings.Repeat("x", 60<<10) + `"}`, "huge body": `{"username":"` + strings.Repeat("x", 1<<20) + `"}`,
		"deep": strings.Repeat("[", 60000), "nul": `{"username":"a\u0000b"}`, "empty": `{}`, "array": `[]`, "half": `{"username":"a`,
	} {
		res, err := http.Post(url+"/auth/anonymous", "application/json", strings.NewReader(body))
		must(t, err)
		answer, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		var e struct{ Error, Code string }
		if err := json.Unmarshal(answer, &e); err != nil || res.StatusCode < 400 || res.StatusCode >= 500 || e.Code == "" || e.Error == "" {
			t.Errorf("%s: %d %.100s", name, res.StatusCode, answer)
		}
	}
	w := &world{t: t, url: url}
	p := w.player("ann")
	ws, _, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(url, "http")+"/_ws?token="+p.token, nil)
	must(t, err)
	defer ws.Close()
	must(t, ws.SetReadDeadline(time.Now().Add(time.Minute)))
	for _, frame := range []string{"", "null", "[]", `"x"`, `{"type":1}`, `{"type":"lobby:nope"}`, strings.Repeat(`{"a":`, 5000), "\xff\xfe",
		`{"type":"lobby:join","code":5}`, `{"type":"lobby:update"}`, `{"type":"lobby:create","maxPlayers":1e9}`} {
		must(t, ws.WriteMessage(websocket.TextMessage, []byte(frame)))
	}
	must(t, ws.WriteMessage(websocket.BinaryMessage, []byte{1, 2, 3}))
	must(t, ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping","id":"last"}`)))
	errors := 0
	for {
		var m struct{ Type, Code, ReplyTo string }
		must(t, ws.ReadJSON(&m))
		if m.Type == "pong" && m.ReplyTo == "last" {
			break
		}
		if m.Type == "error" {
			errors++
			if m.Code == "" {
				t.Error("an error without a code")
			}
		}
	}
	if errors != 12 {
		t.Errorf("%d errors for 12 bad frames", errors)
	}
	must(t, ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping","id":"`+strings.Repeat("x", 129<<10)+`"}`)))
	if _, _, err := ws.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseMessageTooBig) {
		t.Errorf("an oversized frame: %v", err)
	}
}

func TestFloodIsClosed(t *testing.T) {
	dir := t.TempDir()
	path := writeConfig(t, dir, "game \"arena\" {}\n")
	text, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, []byte(strings.Replace(string(text), "disabled = true", "disabled = false", 1)), 0o600))
	n := runNode(t, dir)
	quiet := n.signIn("quiet", "")
	flooder := n.signIn("flooder", "")
	ws, _, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(n.url, "http")+"/_ws?token="+flooder.token, nil)
	must(t, err)
	defer ws.Close()
	must(t, ws.SetReadDeadline(time.Now().Add(time.Minute)))
	go func() {
		for range 1_000_000 {
			if ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"ping"}`)) != nil {
				return
			}
		}
	}()
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			if !websocket.IsCloseError(err, 4429) {
				t.Errorf("closed with %v", err)
			}
			break
		}
	}
	if _, err := quiet.Ping(t.Context()); err != nil {
		t.Error("another player suffers:", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "data", "secret")); err != nil {
		t.Error("no secret of its own was made:", err)
	}
}

// TestGamesDoNotMeet runs two games in one node.
func TestGamesDoNotMeet(t *testing.T) {
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: "key"})
	defer platform.Close()
	url := startNode(t, stubGame("red", platform.URL, "")+stubGame("blue", platform.URL, "")).PublicURL()
	ctx := t.Context()
	sign := func(game string) (*client.Client, client.Session) {
		api := client.New(client.Config{URL: url, Game: game})
		s, err := api.SignIn(ctx, "Ann", "one-device-of-one-person")
		must(t, err)
		return api, s
	}
	redAPI, red := sign("red")
	blueAPI, blue := sign("blue")
	if red.Account.ID == blue.Account.ID {
		t.Error("one account in two games")
	}
	if _, err := blueAPI.Me(ctx, red.AccessToken); client.CodeOf(err) != "invalid_token" {
		t.Errorf("a foreign token: %v", err)
	}
	if _, err := blueAPI.Refresh(ctx, red.RefreshToken); err == nil {
		t.Error("a foreign refresh token is taken")
	}
	if _, err := client.Dial(ctx, client.Options{URL: url, Game: "blue", Token: red.AccessToken}); err == nil {
		t.Error("a foreign token opens a socket")
	}
	inRed, err := client.Dial(ctx, client.Options{URL: url, Game: "red", Token: red.AccessToken})
	must(t, err)
	defer inRed.Close()
	inBlue, err := client.Dial(ctx, client.Options{URL: url, Game: "blue", Token: blue.AccessToken})
	must(t, err)
	defer inBlue.Close()
	made, err := inRed.CreateLobby(ctx, client.LobbyOptions{})
	must(t, err)
	_, err = inBlue.Join(ctx, client.JoinOptions{Code: made.Code})
	refused(t, err, "lobby_not_found")
	_, err = inBlue.Join(ctx, client.JoinOptions{LobbyID: made.ID})
	refused(t, err, "lobby_not_found")
	if list, _, err := blueAPI.Lobbies(ctx, blue.AccessToken, client.Page{}); err != nil || len(list) != 0 {
		t.Errorf("blue lists %+v, %v", list, err)
	}
	if list, _, err := redAPI.Lobbies(ctx, red.AccessToken, client.Page{}); err != nil || len(list) != 1 {
		t.Errorf("red lists %+v, %v", list, err)
	}
	// No default game: nothing answers at the root.
	if _, err := client.New(client.Config{URL: url}).SignIn(ctx, "Ann", ""); client.CodeOf(err) != "not_found" {
		t.Errorf("at the root: %v", err)
	}
}

// TestANewNameIsSeenByAll renames a player who sits in a lobby.
func TestANewNameIsSeenByAll(t *testing.T) {
	w := newWorld(t, "", gameflowtest.Options{})
	ps, _ := w.together("ann", "bob")
	_, err := client.New(client.Config{URL: w.url}).Rename(t.Context(), ps[1].token, "Robert")
	must(t, err)
	ps[0].sees(t, "bob's new name", func(l *client.Lobby) bool {
		p, _, _ := l.Member(ps[1].id)
		return p.Username == "Robert"
	})
}
