package server_test

import (
	"strings"
	"testing"

	"github.com/muster-gg/muster/sdk/client"
)

// back brings a player's socket to a restarted node and returns his lobby.
func (n *node) back(p *player) *client.Lobby {
	n.t.Helper()
	n.connect(p)
	return await[*client.Connected](n.t, p).Lobby
}

// TestRestartWithAnotherConfig keeps lobbies over changes of their game's teams
// and over a time without the game, and closes what no longer fits.
func TestRestartWithAnotherConfig(t *testing.T) {
	dir := t.TempDir()
	game := func(teams string) string {
		return "game \"arena\" {\n  lobby {\n    reconnect_grace = \"5m\"\n" + teams + "\n  }\n}\n"
	}
	writeConfig(t, dir, game("team \"A\" { size = 2 }\nteam \"B\" { size = 2 }\nmin_players = 2"))
	n := runNode(t, dir)
	ann, bob, made := n.gather()
	n.stop()

	writeConfig(t, dir, game("team \"Red\" { size = 1 }\nteam \"B\" { size = 3 }"))
	n = runNode(t, dir)
	l := n.back(ann)
	if l == nil || l.ID != made.ID || l.Code != made.Code || len(l.Teams) != 2 || l.Teams[0].Name != "Red" || l.Teams[1].Size != 3 {
		t.Fatalf("back in %+v", l)
	}
	if _, team, ok := l.Member(bob.id); !ok || team != "B" {
		t.Errorf("bob is in team %q", team)
	}
	n.stop()

	writeConfig(t, dir, "game \"other\" {}\n") // arena is away for a while
	n = runNode(t, dir)
	n.stop()

	writeConfig(t, dir, game("team \"B\" { size = 2 }"))
	n = runNode(t, dir)
	if l = n.back(bob); l == nil || l.ID != made.ID || len(l.Teams) != 1 || len(l.Teams[0].Players) != 2 {
		t.Fatalf("back in %+v", l)
	}
	n.stop()

	writeConfig(t, dir, game("team \"B\" { size = 1 }")) // two humans, one seat
	n = runNode(t, dir)
	for _, p := range []*player{ann, bob} {
		if l := n.back(p); l != nil {
			t.Errorf("back in %+v", l)
		}
	}
	again, err := bob.CreateLobby(t.Context(), client.LobbyOptions{})
	must(t, err)
	if len(again.Teams) != 1 || again.Code == made.Code {
		t.Errorf("made %+v", again)
	}
	n.stop()
}

// TestRestartWithoutTheProvider ends the match of a fleet that is gone from the config.
func TestRestartWithoutTheProvider(t *testing.T) {
	dir := t.TempDir()
	writeConfig(t, dir, localGame(t, "arena", "play", "23050-23059", ""))
	n := runNode(t, dir)
	ann, bob, made := n.gather()
	must(t, ann.Start(t.Context(), ""))
	await[*client.MatchStarted](t, bob)
	n.stop()

	writeConfig(t, dir, "game \"arena\" {\n  lobby {\n    after_match = \"reopen\"\n  }\n}\n")
	n = runNode(t, dir)
	for _, p := range []*player{ann, bob} {
		if l := n.back(p); l == nil || l.ID != made.ID || l.State != "open" {
			t.Errorf("back in %+v", l)
		}
		if f := await[*client.MatchFailed](t, p); f.Code != "server_lost" {
			t.Errorf("told %+v", f)
		}
	}
	n.stop()
}

// TestGameServersThatFail ends each start with a word to the players, and the
// reason in the log.
func TestGameServersThatFail(t *testing.T) {
	dir := t.TempDir()
	games := localGame(t, "crash", "crash", "23060-23061", "")
	writeConfig(t, dir, games)
	n := runNode(t, dir)
	ann, bob, made := n.gather()
	for range 2 { // the next try is as good as the first
		must(t, ann.Start(t.Context(), ""))
		if f := await[*client.MatchFailed](t, bob); f.Code != "allocation_failed" || f.LobbyID != made.ID {
			t.Errorf("told %+v", f)
		}
		_, err := ann.Wait(t.Context(), func(s client.State) bool { return s.Lobby != nil && s.Lobby.State == "open" })
		must(t, err)
	}
	n.stop()
	for _, want := range []string{"it ended before it was ready: exit status 3", "there is no map"} {
		if !strings.Contains(n.said(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
}
