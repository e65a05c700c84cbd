package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

// TestOrphansAreShown: a platform's answer gets lost. Operators see the server that
// may run in the list, the metrics and the health page, until they have dealt with it.
func TestOrphansAreShown(t *testing.T) {
	t.Parallel()
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: "key", Decide: func(n int, _ gameflowtest.Call) gameflowtest.Behaviour {
		if n == 0 {
			return gameflowtest.Cut()
		}
		return gameflowtest.OK()
	}})
	t.Cleanup(platform.Close)
	node := startNode(t, stubGame("arena", platform.URL, "")+stubGame("other", platform.URL, ""))
	w := &world{t: t, url: node.PublicURL() + "/games/arena"}
	admin := func(method, path, origin string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), method, "http://"+node.AdminAddr().String()+path, nil)
		must(t, err)
		if origin != "" {
			req.Header.Set("Origin", origin)
		}
		res, err := reporter.Do(req)
		must(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		must(t, err)
		return res.StatusCode, string(body)
	}
	shows := func(path, want string, there bool) {
		t.Helper()
		if status, body := admin(http.MethodGet, path, ""); status != http.StatusOK || strings.Contains(body, want) != there {
			t.Errorf("%s: %d, %q in it: want %t\n%s", path, status, want, there, body)
		}
	}
	const none = `{"orphans":[],"waiting":[]}`
	shows("/orphans", none, true)
	shows("/metrics", `muster_orphans{game="arena"} 0`, true)
	shows("/readyz", "see /orphans", false)

	ps, _ := w.gathered("ann", "bob")
	ps[0].does(`{"type":"lobby:start"}`)
	ps[1].untilKind("match:failed")
	// Members are told before the server is seen to.
	ps[0].until("an open lobby", func(m message) bool { return m.at("lobby", "state") == "open" })
	body, limit := none, time.After(time.Minute)
	for body == none {
		select {
		case <-time.After(20 * time.Millisecond):
			_, body = admin(http.MethodGet, "/orphans?game=arena", "")
		case <-limit:
			t.Fatal("no orphan was written down")
		}
	}
	var listed struct {
		Orphans []struct{ Game, MatchID, Provider, Region, Cause string }
		Waiting []any
	}
	must(t, json.Unmarshal([]byte(body), &listed))
	if len(listed.Orphans) != 1 || len(listed.Waiting) != 0 {
		t.Fatal(body)
	}
	orphan := listed.Orphans[0]
	if orphan.Game != "arena" || orphan.MatchID != platform.Calls()[0].MatchID || orphan.Provider != "gameflow" || orphan.Cause == "" {
		t.Errorf("%+v", orphan)
	}
	shows("/orphans?game=other", none, true)
	shows("/metrics", `muster_orphans{game="arena"} 1`, true)
	shows("/metrics", `muster_orphans_released_total{game="arena"} 0`, true)
	shows("/readyz", `"name":"servers of arena","ok":true,"detail":"1 may run without a match; see /orphans","optional":true`, true)

	path := "/orphans/arena/" + orphan.MatchID
	for _, c := range []struct {
		method, path, origin string
		status               int
	}{
		{http.MethodGet, "/orphans?game=nope", "", http.StatusNotFound},
		{http.MethodDelete, path, "https://evil.example", http.StatusForbidden},
		{http.MethodDelete, "/orphans/other/" + orphan.MatchID, "", http.StatusNotFound},
		{http.MethodDelete, path, "", http.StatusNoContent},
		{http.MethodDelete, path, "", http.StatusNotFound},
	} {
		if status, body := admin(c.method, c.path, c.origin); status != c.status {
			t.Errorf("%s %s: %d %s, want %d", c.method, c.path, status, body, c.status)
		}
	}
	shows("/orphans", none, true)
	shows("/metrics", `muster_orphans{game="arena"} 0`, true)
	ps[0].does(`{"type":"lobby:start"}`)
	ps[1].untilKind("match:started")
}
