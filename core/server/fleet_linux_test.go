package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fleetGame is a game with a local fleet of this test binary; attributes are the
// block's own.
func fleetGame(t testing.TB, how, ports, attributes string) string {
	t.Helper()
	return strings.Replace(localGame(t, "arena", how, ports, ""), `timeout    = "30s"`, "timeout = \"30s\"\n"+attributes, 1)
}

// fleetWorld is a node with a local fleet, seen by its players and its operator.
type fleetWorld struct {
	*world
	admin string
}

func newFleetWorld(t testing.TB, how, ports, attributes string) *fleetWorld {
	t.Helper()
	n := startNode(t, fleetGame(t, how, ports, attributes))
	return &fleetWorld{&world{t: t, url: n.PublicURL()}, "http://" + n.AdminAddr().String()}
}

// gameServer is one of the admin listener's list.
type gameServer struct {
	Game, Provider, ID, MatchID, State string
	Ending                             bool
	PID                                int
	Ports                              map[string]int
}

// servers asks the admin listener.
func (w *fleetWorld) servers() (list []gameServer) {
	w.t.Helper()
	res, raw := w.callRaw("GET", w.admin+"/servers", "", "")
	if err := json.Unmarshal(raw, &list); err != nil || res.StatusCode != http.StatusOK {
		w.t.Fatalf("%s %s", res.Status, raw)
	}
	return list
}

// waiting waits until so many servers are ready without a match, and returns them.
func (w *fleetWorld) waiting(n int) (list []gameServer) {
	w.t.Helper()
	awaits(w.t, fmt.Sprintf("%d servers wait", n), func() bool {
		list = slices.DeleteFunc(w.servers(), func(s gameServer) bool { return s.State != "Ready" || s.Ending })
		return len(list) == n
	})
	return list
}

// awaits polls for what no message tells of.
func awaits(t testing.TB, what string, holds func() bool) {
	t.Helper()
	limit := time.After(time.Minute)
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for !holds() {
		select {
		case <-poll.C:
		case <-limit:
			t.Fatalf("never: %s", what)
		}
	}
}

// environ is a variable of a process.
func environ(t testing.TB, pid int, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	must(t, err)
	for v := range bytes.SplitSeq(raw, []byte{0}) {
		if value, ok := bytes.CutPrefix(v, []byte(name+"=")); ok {
			return string(value)
		}
	}
	t.Fatalf("process %d has no %s", pid, name)
	return ""
}

// TestWarmServerIsHandedAMatch follows a warm server through a whole node: it waits,
// is told of its match over its watch stream, is the one that players are told,
// and another one takes its place.
func TestWarmServerIsHandedAMatch(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t, "warm", "23300-23309", "warm = 1")
	warm := w.waiting(1)[0]
	if warm.Game != "arena" || warm.Provider != "local" || warm.MatchID != "" {
		t.Errorf("waiting is %+v", warm)
	}
	req, err := http.NewRequestWithContext(t.Context(), "GET", "http://127.0.0.1:"+environ(t, warm.PID, "AGONES_SDK_HTTP_PORT")+"/watch/gameserver", nil)
	must(t, err)
	stream, err := reporter.Do(req)
	must(t, err)
	defer stream.Body.Close()
	frames := json.NewDecoder(stream.Body)
	var before, after message
	must(t, frames.Decode(&before))
	if before.at("result", "status", "state") != "Ready" || before.at("result", "object_meta", "annotations", "GAMEFLOW_PAYLOAD") != nil {
		t.Errorf("before its match it sees %v", before)
	}

	req, err = http.NewRequestWithContext(t.Context(), "GET", w.admin+"/servers/arena/"+warm.ID+"/log?follow=true", nil)
	must(t, err)
	log, err := reporter.Do(req)
	must(t, err)
	defer log.Body.Close()

	ps, _ := w.gathered("ann", "bob")
	ps[0].does(`{"type":"lobby:start"}`)
	must(t, frames.Decode(&after))
	var payload message
	text, _ := after.at("result", "object_meta", "annotations", "GAMEFLOW_PAYLOAD").(string)
	must(t, json.Unmarshal([]byte(text), &payload))
	if after.at("result", "status", "state") != "Allocated" {
		t.Errorf("in its match it sees %v", after)
	}
	match := payload["matchId"].(string)
	for _, p := range ps {
		m := p.untilKind("match:started")
		if m.at("matchData", "matchId") != match || m.at("matchData", "server", "port") != float64(warm.Ports["default"]) {
			t.Errorf("%s is told %v, the server is %+v", p.name, m, warm)
		}
	}
	next := w.waiting(1)[0]
	if list := w.servers(); len(list) != 2 || list[0].ID != warm.ID || list[0].MatchID != match || list[0].State != "Allocated" || next.PID == warm.PID {
		t.Errorf("servers are %+v", list)
	}
	// The server has read it too, and said so in its log.
	awaits(t, "the match in the server's log", func() bool {
		res, log := w.callRaw("GET", w.admin+"/servers/arena/"+match+"/log?bytes=1000", "", "")
		return res.StatusCode == http.StatusOK && strings.Contains(string(log), "the match is payload of match "+match)
	})
	for path, want := range map[string]int{
		"/servers/arena/nobody/log": 404, "/servers/nothing/" + match + "/log": 404, "/servers/arena/..%2F..%2Fsecret/log": 404,
		"/servers/arena/" + match + "/log?bytes=0": 400, "/servers/arena/" + match + "/log?bytes=x": 400,
	} {
		if res, raw := w.callRaw("GET", w.admin+path, "", ""); res.StatusCode != want {
			t.Errorf("%s: %s %s", path, res.Status, raw)
		}
	}

	w.call("POST", "/matches/"+match+"/result", payload["resultToken"].(string), `{"teams":[{"name":"A","rank":1},{"name":"B","rank":2}]}`)
	for _, p := range ps {
		if m := p.untilKind("match:ended"); m["matchId"] != match {
			t.Errorf("%s hears %v", p.name, m)
		}
	}
	awaits(t, "its server is gone, the other one is not", func() bool { list := w.servers(); return len(list) == 1 && list[0].ID == next.ID })
	// Who followed the log from before the match on has read it to its end.
	followed, err := io.ReadAll(log.Body)
	must(t, err)
	res, whole := w.callRaw("GET", w.admin+"/servers/arena/"+match+"/log", "", "")
	if res.StatusCode != http.StatusOK || len(whole) == 0 || string(followed) != string(whole) {
		t.Errorf("%s %q; followed was %q", res.Status, whole, followed)
	}
}

// TestWarmServerThatHangs is replaced: it reports no health any more. Who follows the
// log of the next one does not keep the node from ending.
func TestWarmServerThatHangs(t *testing.T) {
	t.Parallel()
	var log io.Closer
	t.Cleanup(func() { // after the node has ended
		if log != nil {
			_ = log.Close()
		}
	})
	w := newFleetWorld(t, "warm", "23310-23319", "warm = 1\nhealth_timeout = \"4s\"")
	pid := w.waiting(1)[0].PID
	must(t, syscall.Kill(pid, syscall.SIGSTOP))
	awaits(t, "another one waits", func() bool { return w.waiting(1)[0].PID != pid })
	awaits(t, "it is gone", func() bool { return !slices.Contains(servers(t, "warm", 23310, 23319), pid) })
	res, err := reporter.Get(w.admin + "/servers/arena/" + w.waiting(1)[0].ID + "/log?follow=true")
	must(t, err)
	if log = res.Body; res.StatusCode != http.StatusOK {
		t.Error(res.Status)
	}
}

// TestServersThatCrashAreHeld: a pool whose servers crash stops to start them, a
// start meanwhile fails with its code at once, and the node is ready for all else.
func TestServersThatCrashAreHeld(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t, "crash", "23320-23329", "warm = 2")
	held := func() bool {
		_, raw := w.callRaw("GET", w.admin+"/metrics", "", "")
		for line := range strings.Lines(string(raw)) {
			if value, ok := strings.CutPrefix(line, `muster_local_start_hold_seconds{game="arena",provider="local"} `); ok {
				return strings.TrimSpace(value) != "0"
			}
		}
		t.Fatal("no metric of the hold")
		return false
	}
	awaits(t, "starts are held", held)
	ps, _ := w.gathered("ann", "bob")
	ps[0].does(`{"type":"lobby:start"}`)
	if m := ps[1].untilKind("match:failed"); m["code"] != "allocation_failed" {
		t.Errorf("bob hears %v", m)
	}
	if res, raw := w.callRaw("GET", w.admin+"/readyz", "", ""); res.StatusCode != http.StatusOK {
		t.Errorf("%s %s", res.Status, raw)
	}
}
