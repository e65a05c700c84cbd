package server_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

// templateClient is a client of the public template: it knows that template's
// messages and shapes and nothing else, sends no ids, and drops what it does not know.
type templateClient struct {
	t       testing.TB
	base    string
	ws      *websocket.Conn
	token   string
	account string
	lobby   *templateLobby
	match   *templateMatch
	fault   string
}

type templatePlayer struct {
	AccountID string `json:"accountId"`
	Username  string `json:"username"`
	Ready     bool   `json:"ready"`
}

type templateLobby struct {
	ID        string           `json:"id"`
	Code      string           `json:"code"`
	IsPrivate *bool            `json:"isPrivate"`
	OwnerID   string           `json:"ownerId"`
	TeamA     []templatePlayer `json:"teamA"`
	TeamB     []templatePlayer `json:"teamB"`
}

type templateMatch struct {
	MatchID   string           `json:"matchId"`
	LobbyID   string           `json:"lobbyId"`
	TeamA     []templatePlayer `json:"teamA"`
	TeamB     []templatePlayer `json:"teamB"`
	StartedAt int64            `json:"startedAt"`
	Server    struct {
		Address    string `json:"address"`
		Port       int    `json:"port"`
		ServerName string `json:"serverName"`
	} `json:"server"`
}

// get decodes a REST answer; the template's client reads `error` of a bad one.
func (c *templateClient) get(method, path, body string, into any) int {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(body))
	must(c.t, err)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := reporter.Do(req)
	must(c.t, err)
	defer res.Body.Close()
	must(c.t, json.NewDecoder(res.Body).Decode(into))
	return res.StatusCode
}

func newTemplateClient(t testing.TB, base, name string) *templateClient {
	t.Helper()
	c := &templateClient{t: t, base: base}
	var in struct {
		AccessToken string
		Account     struct{ ID, Username string }
	}
	if status := c.get("POST", "/auth/anonymous", `{"username":"`+name+`"}`, &in); status != 200 || in.AccessToken == "" || in.Account.Username != name {
		t.Fatalf("sign-in: %d %+v", status, in)
	}
	c.token, c.account = in.AccessToken, in.Account.ID
	ws, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(base, "http")+"/_ws?token="+c.token, nil)
	must(t, err)
	must(t, res.Body.Close())
	t.Cleanup(func() { _ = ws.Close() })
	c.ws = ws
	c.until("connected")
	return c
}

func (c *templateClient) send(text string) {
	c.t.Helper()
	must(c.t, c.ws.WriteMessage(websocket.TextMessage, []byte(text)))
}

// until handles messages as the template's client does, up to one of a type.
func (c *templateClient) until(kind string) {
	c.t.Helper()
	for {
		var m struct {
			Type, AccountID, Username, Message string
			Lobby                              *templateLobby
			MatchData                          *templateMatch
		}
		must(c.t, c.ws.SetReadDeadline(time.Now().Add(time.Minute)))
		must(c.t, c.ws.ReadJSON(&m))
		switch m.Type {
		case "connected":
			if m.AccountID != c.account || m.Username == "" {
				c.t.Fatalf("connected as %+v", m)
			}
		case "lobby:created", "lobby:updated":
			l := m.Lobby
			if l == nil || l.ID == "" || len(l.Code) != 6 || l.IsPrivate == nil || l.OwnerID == "" || l.TeamA == nil || l.TeamB == nil {
				c.t.Fatalf("%s with %+v", m.Type, l)
			}
			c.lobby = l
		case "lobby:left", "lobby:deleted":
			c.lobby = nil
		case "match:started":
			c.match = m.MatchData
		case "error", "matchmaking:error":
			c.fault = m.Message
		case "ack":
			c.t.Error("an ack to a client that sends no ids")
		}
		if m.Type == kind {
			return
		}
	}
}

// refused sends what must be answered with one of the template's error texts.
func (c *templateClient) refused(text, want string) {
	c.t.Helper()
	c.send(text)
	c.until("error")
	if c.fault != want {
		c.t.Errorf("%s: %q, want %q", text, c.fault, want)
	}
}

// TestATemplateClientWorksUnchanged plays through all that the public template
// offers: base URL, names, shapes and texts are its own.
func TestATemplateClientWorksUnchanged(t *testing.T) {
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: "key"})
	defer platform.Close()
	game := strings.Replace(stubGame("arena", platform.URL, `reconnect_grace = "0s"`), "min_players = 2", "", 1)
	base := startNode(t, game).PublicURL()
	ann, bob := newTemplateClient(t, base, "ann"), newTemplateClient(t, base, "bob")

	var me struct {
		ID, Username string
		CreatedAt    int64
	}
	if status := ann.get("GET", "/accounts/me", "", &me); status != 200 || me.ID != ann.account || me.CreatedAt == 0 {
		t.Errorf("me: %d %+v", status, me)
	}
	var index struct {
		Message   string
		Endpoints struct {
			Auth, Accounts, Lobbies []string
			WebSocket               string
		}
	}
	ann.get("GET", "/", "", &index)
	if index.Message != "Game Backend API" || index.Endpoints.WebSocket != "/_ws?token=JWT_TOKEN" || len(index.Endpoints.Auth) == 0 {
		t.Errorf("index %+v", index)
	}

	ann.send(`{"type":"ping"}`)
	ann.until("pong")
	ann.refused(`{"type":"lobby:ready","ready":true}`, "Not in a lobby")
	ann.refused(`{"type":"lobby:dance"}`, "Unknown message type")
	ann.refused(`{`, "Invalid message format")
	ann.refused(`{"type":"lobby:join"}`, "Lobby ID or code required")
	ann.refused(`{"type":"lobby:join","lobbyId":"x"}`, "Lobby not found")

	// A public lobby, found in the list, joined by id, team chosen for him.
	ann.send(`{"type":"lobby:create","isPrivate":false}`)
	ann.until("lobby:created")
	var list []templateLobby
	if bob.get("GET", "/lobbies", "", &list); len(list) != 1 || list[0].ID != ann.lobby.ID || list[0].OwnerID != ann.account {
		t.Fatalf("list %+v", list)
	}
	bob.send(`{"type":"lobby:join","lobbyId":"` + list[0].ID + `"}`)
	bob.until("lobby:updated")
	ann.until("lobby:updated")
	if len(ann.lobby.TeamA) != 1 || len(ann.lobby.TeamB) != 1 || ann.lobby.TeamB[0].Username != "bob" {
		t.Errorf("lobby %+v", ann.lobby)
	}
	ann.refused(`{"type":"lobby:join","code":"`+ann.lobby.Code+`"}`, "Already in lobby")
	bob.refused(`{"type":"lobby:start"}`, "Only lobby owner can start match")
	bob.refused(`{"type":"lobby:fill-bots","perTeam":5}`, "Only lobby owner can add bots")
	ann.refused(`{"type":"lobby:start"}`, "Not all players are ready")
	ann.send(`{"type":"lobby:fill-bots","perTeam":5}`) // the template's teams are of five
	ann.until("lobby:updated")
	if len(ann.lobby.TeamA) != 4 || len(ann.lobby.TeamB) != 4 {
		t.Errorf("bots %+v", ann.lobby)
	}
	ann.send(`{"type":"lobby:ready"}`)
	bob.send(`{"type":"lobby:ready","ready":true}`)
	for !ann.lobby.TeamA[0].Ready || !ann.lobby.TeamB[0].Ready {
		ann.until("lobby:updated")
	}
	ann.send(`{"type":"lobby:start","region":"us-east"}`)
	ann.until("match:started")
	bob.until("match:started")
	m := bob.match
	if m.MatchID == "" || m.MatchID != ann.match.MatchID || m.LobbyID != ann.lobby.ID || len(m.TeamA) != 4 || len(m.TeamB) != 4 ||
		m.StartedAt == 0 || m.Server.Address == "" || m.Server.Port == 0 || m.Server.ServerName == "" {
		t.Errorf("match %+v", m)
	}
	// The server got the template's payload.
	var payload struct{ Players, TeamA, TeamB []string }
	call := platform.Calls()[0]
	must(t, json.Unmarshal([]byte(call.Payload), &payload))
	if call.Region != "us-east" || len(payload.Players) != 8 || len(payload.TeamA) != 4 || payload.TeamB[0] != bob.account {
		t.Errorf("payload %+v in %s", payload, call.Region)
	}
	bob.send(`{"type":"lobby:leave"}`)
	bob.until("lobby:left")

	// A private lobby, by code alone.
	bob.send(`{"type":"lobby:create","isPrivate":true}`)
	bob.until("lobby:created")
	cid := newTemplateClient(t, base, "cid")
	cid.refused(`{"type":"lobby:join","lobbyId":"`+bob.lobby.ID+`"}`, "Lobby is private")
	cid.send(`{"type":"lobby:join","code":"` + bob.lobby.Code + `","team":"A"}`)
	cid.until("lobby:updated")
	if len(cid.lobby.TeamA) != 2 {
		t.Errorf("team A was asked for: %+v", cid.lobby)
	}
	for len(bob.lobby.TeamA) != 2 {
		bob.until("lobby:updated")
	}
	cid.ws.NetConn().Close() // a dropped socket leaves at once
	for len(bob.lobby.TeamA) != 1 {
		bob.until("lobby:updated")
	}
	ann.send(`{"type":"matchmaking:find"}`)
	ann.until("matchmaking:error")
	if ann.fault != "Failed to enter matchmaking" {
		t.Error("matchmaking:", ann.fault)
	}
	ann.send(`{"type":"matchmaking:cancel"}`)
	ann.until("matchmaking:cancelled")
	// A start that fails has the template's words, and can be tried again.
	platform.Script(gameflowtest.Status(http.StatusServiceUnavailable))
	bob.send(`{"type":"lobby:ready","ready":true}`)
	bob.until("lobby:updated")
	bob.refused(`{"type":"lobby:start"}`, "Failed to allocate game server")
	bob.match = nil
	bob.until("lobby:updated")
	bob.send(`{"type":"lobby:start"}`)
	bob.until("match:started")
}
