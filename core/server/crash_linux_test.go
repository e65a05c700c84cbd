package server_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/muster-gg/muster/sdk/client"
)

// The tests of this file look at processes through /proc.

// servers returns the dedicated servers of a game that live, by the port in their environment.
func servers(t testing.TB, how string, first, last int) (pids []int) {
	t.Helper()
	procs, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range procs {
		env, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(env), asGame+"="+how) {
			continue
		}
		for v := range strings.SplitSeq(string(env), "\x00") {
			if port, ok := strings.CutPrefix(v, "GAMEFLOW_DEFAULT_PORT="); ok {
				if p, _ := strconv.Atoi(port); p >= first && p <= last {
					pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
					pids = append(pids, pid)
				}
			}
		}
	}
	return pids
}

// awaitNoServers waits until no dedicated server lives.
func awaitNoServers(t testing.TB, how string, first, last int) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for {
		left := servers(t, how, first, last)
		if len(left) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("servers are left: %v", left)
		}
	}
}

func TestKilledServerKeepsAccountsLobbiesAndSeats(t *testing.T) {
	dir := t.TempDir()
	writeConfig(t, dir, localGame(t, "arena", "play", "23000-23009", ""))
	n := runNode(t, dir)
	ann, bob, made := n.gather()
	n.kill()

	n = runNode(t, dir)
	again := n.signIn("Ann", "ann-device-0123456789")
	if again.id != ann.id {
		t.Errorf("account %s became %s", ann.id, again.id)
	}
	hello := await[*client.Connected](t, again)
	if hello.Lobby == nil || hello.Lobby.ID != made.ID || hello.Lobby.Code != made.Code || hello.Lobby.Name != "here" {
		t.Fatalf("back in %+v", hello.Lobby)
	}
	if p, _, ok := hello.Lobby.Member(bob.id); !ok || p.Connected || p.Ready {
		t.Errorf("bob should be away and not ready: %+v", p)
	}
	if p, team, ok := hello.Lobby.Member(ann.id); !ok || !p.Connected || team != "A" || hello.Lobby.OwnerID != ann.id {
		t.Errorf("ann %+v in team %s, owner %s", p, team, hello.Lobby.OwnerID)
	}
	// The token of before the crash is still good, and so is the next try.
	n.connect(bob)
	must(t, bob.Ready(t.Context(), true))
	must(t, again.Ready(t.Context(), true))
	must(t, again.Start(t.Context(), ""))
	if a, b := await[*client.MatchStarted](t, again), await[*client.MatchStarted](t, bob); a.Match.MatchID != b.Match.MatchID {
		t.Error("told of different matches")
	}
	n.stop()
	awaitNoServers(t, "play", 23000, 23009)
}

func TestKilledServerFailsTheInterruptedStart(t *testing.T) {
	dir := t.TempDir()
	writeConfig(t, dir, localGame(t, "arena", "never", "23010-23019", ""))
	n := runNode(t, dir)
	ann, bob, made := n.gather()
	must(t, ann.Start(t.Context(), ""))
	if _, err := bob.Wait(t.Context(), func(s client.State) bool { return s.Lobby != nil && s.Lobby.Step == "allocating" }); err != nil {
		t.Fatal(err)
	}
	if len(servers(t, "never", 23010, 23019)) != 1 {
		t.Fatal("no server is being started")
	}
	n.kill()

	n = runNode(t, dir)
	for _, p := range []*player{ann, bob} {
		n.connect(p)
		hello := await[*client.Connected](t, p)
		if hello.Lobby == nil || hello.Lobby.ID != made.ID || hello.Lobby.State != "open" {
			t.Errorf("back in %+v", hello.Lobby)
		}
		if f := await[*client.MatchFailed](t, p); f.Code != "allocation_unknown" || f.LobbyID != made.ID || f.MatchID == "" {
			t.Errorf("told %+v", f)
		}
	}
	awaitNoServers(t, "never", 23010, 23019)
	// The next try works as far as it can: it starts, and can be cancelled.
	must(t, ann.Ready(t.Context(), true))
	must(t, bob.Ready(t.Context(), true))
	must(t, ann.Start(t.Context(), ""))
	must(t, ann.CancelStart(t.Context()))
	if f := await[*client.MatchFailed](t, bob); f.Code != "start_cancelled" {
		t.Errorf("told %+v", f)
	}
	awaitNoServers(t, "never", 23010, 23019)
	n.stop()
}

func TestKilledGameServerIsToldAsLost(t *testing.T) {
	dir := t.TempDir()
	writeConfig(t, dir, localGame(t, "arena", "play", "23020-23029", ""))
	n := runNode(t, dir)
	ann, bob, made := n.gather()
	must(t, ann.Start(t.Context(), ""))
	started := await[*client.MatchStarted](t, ann)
	pids := servers(t, "play", 23020, 23029)
	if len(pids) != 1 {
		t.Fatalf("servers %v", pids)
	}
	must(t, syscall.Kill(pids[0], syscall.SIGKILL))
	for _, p := range []*player{ann, bob} {
		if f := await[*client.MatchFailed](t, p); f.Code != "server_lost" || f.MatchID != started.Match.MatchID || f.LobbyID != made.ID {
			t.Errorf("told %+v", f)
		}
	}
	// The lobby is open again, and the next match gets another server.
	must(t, ann.Ready(t.Context(), true))
	must(t, bob.Ready(t.Context(), true))
	must(t, ann.Start(t.Context(), ""))
	if second := await[*client.MatchStarted](t, bob); second.Match.MatchID == started.Match.MatchID {
		// bob still has the first match's word waiting
		if second = await[*client.MatchStarted](t, bob); second.Match.MatchID == started.Match.MatchID {
			t.Error("no second match")
		}
	}
	n.stop()
	awaitNoServers(t, "play", 23020, 23029)
}

func TestKilledServerInAMatch(t *testing.T) {
	dir := t.TempDir()
	writeConfig(t, dir, localGame(t, "arena", "play", "23030-23039", ""))
	n := runNode(t, dir)
	ann, bob, made := n.gather()
	must(t, ann.Start(t.Context(), ""))
	started := await[*client.MatchStarted](t, bob)
	n.kill()
	awaitNoServers(t, "play", 23030, 23039) // no child outlives a killed server

	n = runNode(t, dir)
	for _, p := range []*player{ann, bob} {
		n.connect(p)
		if f := await[*client.MatchFailed](t, p); f.Code != "server_lost" || f.MatchID != started.Match.MatchID || f.LobbyID != made.ID {
			t.Errorf("told %+v", f)
		}
	}
	n.stop()
}
