//go:build linux

package local

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// waitingPIDs are those of the warm servers that wait.
func waitingPIDs(f *Fleet) (pids []int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.warm {
		if since, ending := s.waits(); !since.IsZero() && !ending && s.object.available() {
			pids = append(pids, s.proc.pid)
		}
	}
	return pids
}

// firstWarm is the warm server that gets the next match, and its game port.
func firstWarm(f *Fleet) (s *server, port int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.warm[0], f.warm[0].ports[0]
}

func wantWaiting(t testing.TB, f *Fleet, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d servers wait", n), func() bool { return f.Stats().Waiting == n })
}

func recordsLeft(f *Fleet) (names []string) {
	left, _ := os.ReadDir(f.records.dir)
	for _, e := range left {
		names = append(names, e.Name())
	}
	return names
}

// TestWarmServer follows a warm server: it waits without a match, is told of one
// over the watch stream, is replaced, and never has another.
func TestWarmServer(t *testing.T) {
	o := options(t, "serve")
	o.Warm = 2
	f, obs := startFleet(t, o)
	wantWaiting(t, f, 2)
	before := waitingPIDs(f)
	warm, port := firstWarm(f)
	if _, view := orderPort(t, port, "GET", "/sidecar/gameserver", ""); strings.Contains(view, payloadAnnotation) || !strings.Contains(view, `"state":"Ready"`) {
		t.Errorf("a warm server sees %s", view)
	}
	if status, _ := orderPort(t, port, "POST", "/sidecar/result", `{}`); status != http.StatusNotFound {
		t.Errorf("a result without a match: %d", status)
	}
	stream, err := http.Get("http://127.0.0.1:" + strconv.Itoa(warm.sidecar.port) + "/watch/gameserver")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	frames := bufio.NewReader(stream.Body)
	if first, err := frames.ReadString('\n'); err != nil || !strings.Contains(first, `"state":"Ready"`) {
		t.Fatalf("first frame %s, %v", first, err)
	}
	s := allocate(t, f, "m-1")
	frame, err := frames.ReadString('\n')
	if err != nil || !strings.Contains(frame, `"state":"Allocated"`) || !strings.Contains(frame, `"GAMEFLOW_PAYLOAD":"{\"matchId\":\"m-1\",\"resultUrl\":\"http://127.0.0.1:`+strconv.Itoa(warm.sidecar.port)) {
		t.Errorf("told %s, %v", frame, err)
	}
	if s.Port != port || pidOf(f, "m-1") != before[0] {
		t.Errorf("the match is on %+v, not on the server that waited longest", s)
	}
	if again := allocate(t, f, "m-1"); again != s {
		t.Errorf("a second call gave %+v", again)
	}
	wantWaiting(t, f, 2)
	if slices.Contains(waitingPIDs(f), pidOf(f, "m-1")) || f.Len() != 3 {
		t.Errorf("%d servers, waiting are %v", f.Len(), waitingPIDs(f))
	}
	order(t, s, "POST", "/sidecar/result", `{"teams":[]}`)
	if got := <-obs.results; got != `arena m-1 token-of-the-match {"teams":[]}` {
		t.Errorf("told %q", got)
	}
	order(t, s, "GET", "/exit/0", "")
	obs.wantEnd(t, "arena m-1 clean")
	eventually(t, "its place is free", func() bool { return f.Len() == 2 })
	stopFleet(t, f)
	obs.wantNoEnd(t)
	if left := recordsLeft(f); len(left) != 0 {
		t.Errorf("records are left: %v", left)
	}
	logs, _ := os.ReadDir(f.logDir())
	if len(logs) != 1 || logs[0].Name() != "m-1.log" {
		t.Errorf("log files are %v", logs)
	}
}

// TestWarmServerEnds holds that a warm server that ends is replaced and nobody is
// told: no match was lost.
func TestWarmServerEnds(t *testing.T) {
	for name, path := range map[string]string{"exit": "/exit/0", "crash": "/exit/3", "unhealthy": "/mute", "shutdown": "/sidecar/shutdown"} {
		t.Run(name, func(t *testing.T) {
			o := options(t, "serve")
			o.Warm, o.HealthTimeout = 1, 2*time.Second
			f, obs := startFleet(t, o)
			wantWaiting(t, f, 1)
			s, port := firstWarm(f)
			orderPort(t, port, map[bool]string{true: "POST", false: "GET"}[name == "shutdown"], path, "")
			<-s.gone
			eventually(t, "another one waits", func() bool {
				pids := waitingPIDs(f)
				return len(pids) == 1 && pids[0] != s.proc.pid
			})
			if f.Stats().Crashes != 1 {
				t.Errorf("%d crashes are counted", f.Stats().Crashes)
			}
			stopFleet(t, f)
			obs.wantNoEnd(t)
		})
	}
}

// TestWarmServersForManyMatches holds that no server ever has two matches, and
// that max holds for all.
func TestWarmServersForManyMatches(t *testing.T) {
	o := options(t, "serve")
	o.Warm, o.WarmBuffer, o.Max = 2, 2, 8
	f, _ := startFleet(t, o)
	var wg sync.WaitGroup
	var mu sync.Mutex
	ports := map[int]string{}
	for n := range o.Max {
		wg.Go(func() {
			match := fmt.Sprint("m-", n)
			s, err := f.Allocate(t.Context(), request(match))
			if err != nil {
				t.Error(err)
				return
			}
			_, view := order(t, s, "GET", "/sidecar/gameserver", "")
			if !strings.Contains(view, `{\"matchId\":\"`+match+`\"`) {
				t.Errorf("the server of %s sees %s", match, view)
			}
			mu.Lock()
			defer mu.Unlock()
			if other := ports[s.Port]; other != "" {
				t.Errorf("%s and %s have one server", other, match)
			}
			ports[s.Port] = match
		})
	}
	wg.Wait()
	if f.Len() != o.Max {
		t.Errorf("%d servers, max is %d", f.Len(), o.Max)
	}
}

// TestWarmBuffer holds that there are more warm servers while there are matches.
func TestWarmBuffer(t *testing.T) {
	o := options(t, "serve")
	o.WarmBuffer, o.MaxPlayers, o.Idle = 1, 0, 50*time.Millisecond
	f, _ := startFleet(t, o)
	allocate(t, f, "m-1")
	wantWaiting(t, f, 1)
	_ = f.Release(t.Context(), "arena", "m-1")
	eventually(t, "the server that is too many ends", func() bool { return f.Len() == 0 })
}

// TestReleaseOfAWarmServersMatch holds that a match that is over takes its server
// with it: nobody else gets it.
func TestReleaseOfAWarmServersMatch(t *testing.T) {
	o := options(t, "serve")
	o.Warm = 1
	f, obs := startFleet(t, o)
	wantWaiting(t, f, 1)
	allocate(t, f, "m-1")
	pid := pidOf(f, "m-1")
	_ = f.Release(t.Context(), "arena", "m-1")
	eventually(t, "the server is gone", func() bool { return dead(pid) })
	wantWaiting(t, f, 1)
	stopFleet(t, f)
	obs.wantNoEnd(t)
}

// TestKilledMusterWithWarmServers holds that the next run ends warm servers too,
// reports matches alone, and has all its ports.
func TestKilledMusterWithWarmServers(t *testing.T) {
	o := options(t, "serve")
	o.Warm = 2
	killedParent(t, o, false)
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if left := recordsLeft(f); len(left) != 3 {
		t.Fatalf("records are %v", left)
	}
	o.Warm = 0
	o.Ports.Last = o.Ports.First + 2
	f, obs := startFleet(t, o)
	obs.wantEnd(t, "arena m crashed")
	eventually(t, "the records are gone", func() bool { return len(recordsLeft(f)) == 0 })
	for n := range 3 {
		allocate(t, f, fmt.Sprint("n-", n))
	}
	stopFleet(t, f)
	obs.wantNoEnd(t)
}
