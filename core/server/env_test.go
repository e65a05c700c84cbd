package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

// TestTheTemplatesEnvironmentIsEnough runs the program with nothing but variables:
// a client of the template signs in, fills a lobby, starts, and is told its server.
func TestTheTemplatesEnvironmentIsEnough(t *testing.T) {
	const secret, key = "a-secret-of-enough-bytes-0123456789", "the-key-of-the-platform"
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: key})
	defer platform.Close()
	dir := t.TempDir()
	env := []string{
		"PORT=0", "MUSTER_HOST=127.0.0.1", "MUSTER_ADMIN_LISTEN=127.0.0.1:0", "JWT_SECRET=" + secret,
		"GAMEFLOW_GAME_ID=g1", "GAMEFLOW_API_KEY=" + key, "GAMEFLOW_API_URL=" + platform.URL,
		"GAMEFLOW_REGION=eu-central", "GAMEFLOW_GAME_MODE=default", "DISCORD_APPLICATION_ID=",
	}
	n := launch(t, dir, env, "serve", "-env")
	ann, bob := newTemplateClient(t, n.url, "ann"), newTemplateClient(t, n.url, "bob")
	ann.send(`{"type":"lobby:create","isPrivate":true}`)
	ann.until("lobby:created")
	bob.send(`{"type":"lobby:join","code":"` + ann.lobby.Code + `"}`)
	bob.until("lobby:updated")
	bob.send(`{"type":"lobby:ready","ready":true}`)
	bob.until("lobby:updated")
	for len(ann.lobby.TeamB) == 0 || !ann.lobby.TeamB[0].Ready {
		ann.until("lobby:updated")
	}
	ann.send(`{"type":"lobby:ready","ready":true}`)
	ann.until("lobby:updated")
	ann.send(`{"type":"lobby:start"}`)
	ann.until("match:started")
	bob.until("match:started")
	calls := platform.Calls()
	if len(calls) != 1 || calls[0].Region != "eu-central" || calls[0].MatchID != ann.match.MatchID || bob.match.MatchID != ann.match.MatchID ||
		ann.match.Server.Address != calls[0].Server.Address || ann.match.Server.Port != calls[0].Server.Port {
		t.Errorf("platform %+v, told %+v", calls, ann.match)
	}
	n.stop()
	if _, err := os.Stat(filepath.Join(dir, "data", "muster.db")); err != nil {
		t.Error(err)
	}
	if said := n.said(); strings.Contains(said, secret) || strings.Contains(said, key) || !strings.Contains(said, "DISCORD_APPLICATION_ID: warning:") {
		t.Errorf("said:\n%s", said)
	}
}
