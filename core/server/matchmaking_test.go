package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

// queueGame is a game whose players search on a platform.
func queueGame(url string) string {
	return fmt.Sprintf(`
game "arena" {
  allocate "gameflow" {
    game_id = "g1"
    api_key = "the-key-of-the-platform"
    region  = "eu-central"
    url     = %q
  }
  queue "ranked" {
    provider = "gameflow"
    mode     = "duel"
    limit    = "60s"
  }
}
`, url)
}

func newMatchmaker(t testing.TB) *gameflowtest.Server {
	t.Helper()
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: "the-key-of-the-platform"})
	t.Cleanup(platform.Close)
	platform.PublishMatchmaker("duel", 2)
	return platform
}

// TestTheTemplatesClientIsMatched has two clients of the template search. What they
// are told is all that they know: no roster, no lobby, where to connect.
func TestTheTemplatesClientIsMatched(t *testing.T) {
	t.Parallel()
	platform := newMatchmaker(t)
	node := startNode(t, queueGame(platform.URL))
	base := node.PublicURL()
	ann, bob := newTemplateClient(t, base, "ann"), newTemplateClient(t, base, "bob")
	ann.send(`{"type":"matchmaking:find"}`)
	ann.until("matchmaking:searching")
	if open := platform.OpenTickets(); len(open) != 1 || open[0].PlayerID != ann.account || open[0].Mode != "duel" || open[0].Region != "eu-central" {
		t.Errorf("tickets %+v", open)
	}
	ann.refused(`{"type":"matchmaking:find"}`, "Already searching for a match")
	bob.send(`{"type":"matchmaking:find"}`)
	ann.until("match:started")
	bob.until("match:started")
	a, b := ann.match, bob.match
	if a.MatchID == "" || a.MatchID != b.MatchID || a.LobbyID != "" || a.TeamA == nil || a.TeamB == nil || len(a.TeamA)+len(a.TeamB) != 0 ||
		a.StartedAt == 0 || a.Server != b.Server || !strings.HasPrefix(a.Server.Address, "203.0.113.") || a.Server.Port == 0 {
		t.Errorf("ann %+v, bob %+v", a, b)
	}
	ann.send(`{"type":"matchmaking:find","queue":"blitz"}`)
	ann.until("matchmaking:error")
	if ann.fault != "Failed to enter matchmaking" {
		t.Error(ann.fault)
	}
	platform.FailTickets(gameflowtest.TicketStatus, gameflowtest.TicketFault{Status: http.StatusForbidden})
	ann.send(`{"type":"matchmaking:find","queue":"ranked"}`)
	ann.until("matchmaking:error")
	if ann.fault != "Matchmaking failed" {
		t.Error(ann.fault)
	}
	ann.send(`{"type":"matchmaking:cancel"}`)
	ann.until("matchmaking:cancelled")
	w := &world{t: t}
	for _, want := range []string{
		`muster_matchmaking_seconds_count{game="arena",outcome="found",queue="ranked"} 2`,
		`muster_matchmaking_seconds_count{game="arena",outcome="failed",queue="ranked"} 1`,
		`muster_matchmaking_searches{game="arena"} `,
	} {
		if _, text := w.callRaw("GET", "http://"+node.AdminAddr().String()+"/metrics", "", ""); !strings.Contains(string(text), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if problems := platform.Problems(); len(problems) > 0 {
		t.Errorf("the platform complains: %q", problems)
	}
}

// searches waits until a peer's search is entered.
func (p *peer) searches() {
	p.t.Helper()
	if m := p.ask(`{"type":"matchmaking:find"}`); m.kind() != "matchmaking:searching" || m["ticketId"] == "" {
		p.t.Fatalf("%s is answered %v", p.name, m)
	}
}

// alone checks that the player has the only ticket.
func alone(t testing.TB, platform *gameflowtest.Server, p *peer) {
	t.Helper()
	if open := platform.OpenTickets(); len(open) != 1 || open[0].PlayerID != p.id || platform.DoubleTickets() != 0 {
		t.Errorf("tickets %+v, %d times two", open, platform.DoubleTickets())
	}
}

// TestSearchesEndWithTheirSockets: by a drop, by another socket, by sign-out, by erasure.
func TestSearchesEndWithTheirSockets(t *testing.T) {
	t.Parallel()
	platform := newMatchmaker(t)
	w := &world{t: t, platform: platform, url: startNode(t, queueGame(platform.URL)).PublicURL()}
	p := w.peer("ann")
	p.searches()
	p.drop()
	p.connect("") // replaces a socket that is not known to be gone yet
	p.hear("connected")
	p.searches() // waits until the last ticket is deleted
	alone(t, platform, p)

	for what, path := range map[string]string{"POST": "/auth/logout", "DELETE": "/accounts/me"} {
		q := w.peer("bob")
		platform.PublishMatchmaker("duel", 3) // nobody is matched
		q.searches()
		if res, m := w.call(what, path, q.token, ""); res.StatusCode != http.StatusNoContent {
			t.Fatalf("%s: %v", res.Status, m)
		}
		eventually(t, "bob's ticket is deleted", func() bool { return len(platform.OpenTickets()) == 1 })
		alone(t, platform, p)
	}
}

// TestSearchesSurviveNoCrash kills a process whose player searches. The next one
// deletes the ticket before he may have another.
func TestSearchesSurviveNoCrash(t *testing.T) {
	t.Parallel()
	platform, dir := newMatchmaker(t), t.TempDir()
	writeConfig(t, dir, queueGame(platform.URL))
	n := runNode(t, dir)
	w := &world{t: t, platform: platform, url: n.url}
	p := w.peer("ann")
	p.searches()
	n.kill()
	n = runNode(t, dir)
	w.url = n.url
	p.connect("")
	p.hear("connected")
	p.searches()
	alone(t, platform, p)
	n.stop() // in the middle of a search: its ticket goes with it
	if open := platform.OpenTickets(); len(open) != 0 || platform.DoubleTickets() != 0 {
		t.Errorf("tickets %+v", open)
	}
	if strings.Contains(n.said(), "the-key-of-the-platform") {
		t.Errorf("the key is in the log:\n%s", n.said())
	}
}

// TestSearchIsMatchedWhileTheServerIsDown tells the player where the others are when
// he is back.
func TestSearchIsMatchedWhileTheServerIsDown(t *testing.T) {
	t.Parallel()
	platform, dir := newMatchmaker(t), t.TempDir()
	writeConfig(t, dir, queueGame(platform.URL))
	n := runNode(t, dir)
	w := &world{t: t, platform: platform, url: n.url}
	p := w.peer("ann")
	p.searches()
	n.kill()
	platform.AssignTicket(platform.OpenTickets()[0].ID, "[2001:db8::7]:7000")
	n = runNode(t, dir)
	w.url = n.url
	eventually(t, "ann is told her match", func() bool {
		p.connect("")
		m := p.hear("connected")
		return m.at("matchData", "server", "address") == "2001:db8::7" && m.at("matchData", "server", "port") == 7000.0
	})
}

// TestSearchInTheTemplatesEnvironment uses the game mode that a variable names.
func TestSearchInTheTemplatesEnvironment(t *testing.T) {
	t.Parallel()
	platform := newMatchmaker(t)
	n := launch(t, t.TempDir(), []string{
		"PORT=0", "MUSTER_HOST=127.0.0.1", "MUSTER_ADMIN_LISTEN=127.0.0.1:0", "GAMEFLOW_GAME_ID=g1",
		"GAMEFLOW_API_KEY=the-key-of-the-platform", "GAMEFLOW_API_URL=" + platform.URL, "GAMEFLOW_GAME_MODE=duel",
	}, "serve", "-env")
	ann, bob := newTemplateClient(t, n.url, "ann"), newTemplateClient(t, n.url, "bob")
	for _, c := range []*templateClient{ann, bob} {
		c.send(`{"type":"matchmaking:find"}`)
	}
	ann.until("match:started")
	bob.until("match:started")
	if ann.match.Server != bob.match.Server || ann.match.Server.Port == 0 {
		t.Errorf("ann %+v, bob %+v", ann.match, bob.match)
	}
	n.stop()
	if strings.Contains(n.said(), "the-key-of-the-platform") {
		t.Errorf("the key is in the log:\n%s", n.said())
	}
}
