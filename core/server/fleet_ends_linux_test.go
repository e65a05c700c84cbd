package server_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/muster-gg/muster/sdk/client"
)

// TestServerWithoutPlayersIsReaped: nobody comes, so the match is over, cleanly.
func TestServerWithoutPlayersIsReaped(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t, "play", "23330-23339", `idle = "500ms"`)
	ps, _ := w.gathered("ann", "bob")
	ps[0].does(`{"type":"lobby:start"}`)
	for _, p := range ps {
		match := p.untilKind("match:started").at("matchData", "matchId")
		if m := p.untilKind("match:ended"); m["matchId"] != match || m["result"] != nil {
			t.Errorf("%s hears %v", p.name, m)
		}
	}
	awaitNoServers(t, "play", 23330, 23339)
}

// TestServerThatTakesTooMuchMemory is ended with what it has started, and the log
// says why. The shell and what it runs are one server.
func TestServerThatTakesTooMuchMemory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeConfig(t, dir, strings.Replace(fleetGame(t, "never", "23340-23349", `memory_limit = "64MiB"`),
		"command    = [", `command = ["/bin/sh", "-c", "(head -c 100000000 /dev/zero; sleep 60) | tail; true", `, 1))
	n := runNode(t, dir)
	ann, bob, _ := n.gather()
	must(t, ann.Start(t.Context(), ""))
	if f := await[*client.MatchFailed](t, bob); f.Code != "allocation_failed" {
		t.Errorf("told %+v", f)
	}
	n.stop()
	if !strings.Contains(n.said(), "MiB of memory; memory_limit is 64 MiB") {
		t.Error("the log does not say why")
	}
	awaitNoServers(t, "never", 23340, 23349)
}

// TestServersThatOutliveAKilledMuster: their start script died with it, they did
// not. The next start ends them, the one with a match and the one that waited, and
// tells the players.
func TestServersThatOutliveAKilledMuster(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeConfig(t, dir, strings.Replace(fleetGame(t, "warm", "23350-23359", "warm = 1"),
		"command    = [", `command = ["/bin/sh", "-c", "$0 & wait", `, 1))
	n := runNode(t, dir)
	ann, bob, made := n.gather()
	must(t, ann.Start(t.Context(), ""))
	match := await[*client.MatchStarted](t, bob).Match.MatchID
	alive := func() []int { return running(t, "warm", 23350, 23359) }
	two := func() bool { return len(alive()) == 2 }
	awaits(t, "the next warm server", two)
	old := alive()
	n.kill()
	awaits(t, "their scripts are gone", func() bool { return len(servers(t, "warm", 23350, 23359)) == 2 })
	if !two() {
		t.Fatalf("%v live: the test shows nothing", alive())
	}

	n = runNode(t, dir)
	for _, pid := range old {
		if slices.Contains(alive(), pid) {
			t.Errorf("server %d of the former run lives", pid)
		}
	}
	for _, p := range []*player{ann, bob} {
		n.connect(p)
		if f := await[*client.MatchFailed](t, p); f.Code != "server_lost" || f.MatchID != match || f.LobbyID != made.ID {
			t.Errorf("told %+v", f)
		}
	}
	n.stop()
	awaitNoServers(t, "warm", 23350, 23359)
}

// running are the servers themselves, without the scripts that started them.
func running(t testing.TB, how string, first, last int) []int {
	t.Helper()
	self, err := filepath.Abs(os.Args[0])
	must(t, err)
	return slices.DeleteFunc(servers(t, how, first, last), func(pid int) bool {
		program, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "exe"))
		return err != nil || program != self
	})
}
