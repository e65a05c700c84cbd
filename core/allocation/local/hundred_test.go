//go:build linux

package local

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation"
)

// TestHundredServers runs the sample game's server 100 times at once. Two bots play
// on each, over the game's own protocol: half of the matches to their end, which
// the servers report before they leave; the rest are released or killed under the
// bots' feet. No process, port, record or open file is left.
func TestHundredServers(t *testing.T) {
	const servers = 100
	o := options(t, "")
	o.Command, o.Env = []string{arenaServer(t)}, map[string]string{"ARENA_MODE": "duel", "ARENA_MATCH_SECONDS": "8"}
	o.Ports, o.Max, o.MaxPlayers = nextPorts(2*servers), servers, 2
	o.PortNames = []string{"default", "query"}
	files := openFiles(t)
	f, obs := startFleet(t, o)

	at := make([]allocation.Server, servers)
	pids := make([]int, servers)
	var starts sync.WaitGroup
	began := time.Now()
	for n := range servers {
		starts.Go(func() {
			match := fmt.Sprint("m-", n)
			var err error
			if at[n], err = f.Allocate(t.Context(), duelOf(match)); err != nil {
				t.Errorf("%s: %v", match, err)
				return
			}
			pids[n] = pidOf(f, match)
		})
	}
	starts.Wait()
	if t.Failed() {
		return
	}
	t.Logf("%d servers were ready within %s", servers, time.Since(began).Round(time.Millisecond))
	if n := f.Len(); n != servers {
		t.Errorf("%d servers run when the last one is ready", n)
	}
	var plays sync.WaitGroup
	for n := range servers {
		plays.Go(func() { duel(t, f, n, at[n].Port, pids[n]) })
	}
	plays.Wait()

	var clean, crashed int
	patience := time.After(time.Minute)
	for range servers * 3 / 4 { // nobody is told of those that were released
		select {
		case end := <-obs.ends:
			if strings.HasSuffix(end, " clean") {
				clean++
			} else if strings.HasSuffix(end, " crashed") {
				crashed++
			}
		case <-patience:
			t.Fatalf("told of %d matches that ended and %d that were lost, and of no more", clean, crashed)
		}
	}
	if clean != servers/2 || crashed != servers/4 {
		t.Errorf("%d matches ended, and %d were lost", clean, crashed)
	}
	wantResults(t, obs, servers/2)
	eventually(t, "the servers are gone", func() bool { return f.Len() == 0 })
	stopFleet(t, f)
	obs.wantNoEnd(t)
	if i := slices.IndexFunc(pids, func(pid int) bool { return !dead(pid) || len(groupMembers(pid)) > 0 }); i >= 0 {
		t.Errorf("process %d lives", pids[i])
	}
	if left := recordsLeft(f); len(left) != 0 {
		t.Errorf("records are left: %v", left)
	}
	eventually(t, "all files are closed", func() bool { return openFiles(t) <= files })
	if logs, _ := os.ReadDir(f.logDir()); len(logs) > keptLogs {
		t.Errorf("%d log files are left", len(logs))
	}
}

// duel lets two bots play a match to its end, or until they are in the middle of
// it, when its server is released or killed.
func duel(t *testing.T, f *Fleet, n, port, pid int) {
	match := fmt.Sprint("m-", n)
	var bots sync.WaitGroup
	defer bots.Wait()
	var cut sync.Once
	end := func() {
		if n%4 == 1 {
			_ = f.Release(t.Context(), "arena", match)
		} else {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	for team := range 2 {
		b, err := joinAs(match, team, port)
		if err != nil {
			t.Errorf("%s: %v", match, err)
			cut.Do(end)
			return
		}
		bots.Go(func() {
			last, err := b.play(func(seen frame) bool {
				if n%2 == 1 && seen.Phase == "play" {
					cut.Do(end)
				}
				return false
			})
			switch {
			case n%2 == 0 && (err != nil || last != "over"):
				t.Errorf("%s, bot %d: after %q: %v", match, team, last, err)
			case n%4 == 1 && last != "error", n%4 == 3 && err == nil:
				t.Errorf("%s, bot %d: his server ended, and he hears %q, %v", match, team, last, err)
			}
		})
	}
}

// wantResults checks that so many matches were reported, and that the bots did play.
func wantResults(t *testing.T, obs *observer, matches int) {
	t.Helper()
	if len(obs.results) != matches {
		t.Errorf("%d results were told", len(obs.results))
	}
	points := 0.0
	for range len(obs.results) {
		told := strings.SplitN(<-obs.results, " ", 4) // game, match, bearer, body
		var result struct {
			Teams   []struct{ Rank int }
			Players []struct {
				AccountID string
				Score     float64
			}
		}
		err := json.Unmarshal([]byte(told[3]), &result)
		if err != nil || told[2] != "token-of-"+told[1] || len(result.Teams) != 2 || len(result.Players) != 2 {
			t.Errorf("told %q, %v", told, err)
			continue
		}
		for _, p := range result.Players {
			if !strings.HasPrefix(p.AccountID, told[1]+"-") {
				t.Errorf("%s has a result for %s", told[1], p.AccountID)
			}
			points += p.Score
		}
	}
	if points == 0 {
		t.Error("no bot has made a point in any match")
	}
	t.Logf("%.0f points in %d matches", points, matches)
}

func openFiles(t *testing.T) int {
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}
