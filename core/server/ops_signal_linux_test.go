package server_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/muster-gg/muster/sdk/client"
)

// TestSecondSignalEndsAtOnce: the first waits for a start that never comes to its
// end, the second does not, and neither leaves anything behind.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	dir := t.TempDir()
	writeConfig(t, dir, localGame(t, "arena", "never", "23070-23079", ""))
	n := runNode(t, dir)
	ann, bob, made := n.gather()
	must(t, ann.Start(t.Context(), ""))
	_, err := bob.Wait(t.Context(), func(s client.State) bool { return s.Lobby != nil && s.Lobby.Step == "allocating" })
	must(t, err)
	must(t, n.cmd.Process.Signal(syscall.SIGTERM))
	await[*client.Draining](t, bob)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for running := true; running; {
		select {
		case <-n.done:
			running = false
		case <-again.C:
			_ = n.cmd.Process.Signal(syscall.SIGTERM)
		}
	}
	if status := n.cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("ended with %v", n.cmd.ProcessState)
	}
	awaitNoServers(t, "never", 23070, 23079)
	n = runNode(t, dir)
	if l := n.back(bob); l == nil || l.ID != made.ID || l.State != "open" {
		t.Errorf("back in %+v", l)
	}
	if f := await[*client.MatchFailed](t, bob); f.Code != "allocation_unknown" {
		t.Errorf("told %+v", f)
	}
	n.stop()
}

var adminAddress = regexp.MustCompile(`Admin\s+(http://\S+)`)

// TestMetricsNameNoPlayers looks for ids in the labels after a match has begun,
// and for what an operator looks at first.
func TestMetricsNameNoPlayers(t *testing.T) {
	dir := t.TempDir()
	writeConfig(t, dir, localGame(t, "arena", "play", "23080-23089", ""))
	n := runNode(t, dir)
	ann, bob, made := n.gather()
	must(t, ann.Start(t.Context(), ""))
	match := await[*client.MatchStarted](t, bob).Match
	var admin string
	for admin == "" { // the line comes just after the one that runNode waits for
		if m := adminAddress.FindStringSubmatch(n.said()); m != nil {
			admin = m[1]
		}
	}
	res, err := http.Get(admin)
	must(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	must(t, err)
	text := string(raw)
	for _, want := range []string{
		`muster_lobbies{game="arena"} 1`, `muster_local_servers{game="arena",provider="local"} 1`, `muster_sockets{game="arena"} 2`,
		`muster_allocation_seconds_count{game="arena",outcome="ok",provider="local"} 1`, "muster_build_info{",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, never := range []string{ann.id, bob.id, made.ID, made.Code, match.MatchID, "Ann"} {
		if strings.Contains(text, never) {
			t.Errorf("%s is in the metrics", never)
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		if name, is := strings.CutPrefix(line, "# TYPE muster_"); is {
			name, _, _ = strings.Cut(name, " ")
			if !strings.Contains(text, "# HELP muster_"+name+" ") {
				t.Errorf("muster_%s has no help", name)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "data", "logs", "arena", match.MatchID+".log")); err != nil {
		t.Error(err)
	}
	n.stop()
}
