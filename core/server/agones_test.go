package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/plugins/allocate-agones/agonestest"
)

// pageConfig is a config of a page for operators, by its place there, with some of
// its words changed: old, new, …
func pageConfig(t testing.TB, page string, place int, words ...string) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/" + page)
	must(t, err)
	examples := regexp.MustCompile("(?s)```hcl\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if place >= len(examples) {
		t.Fatalf("%s has %d configs", page, len(examples))
	}
	example := examples[place][1]
	for i := 0; i < len(words); i += 2 {
		if !strings.Contains(example, words[i]) {
			t.Fatalf("%q is not in the config of %s", words[i], page)
		}
	}
	return strings.NewReplacer(words...).Replace(example)
}

// inGame adds lines to the block that a config ends with.
func inGame(config, lines string) string {
	return strings.TrimSuffix(strings.TrimSpace(config), "}") + lines + "}\n"
}

// agonesConfig is that of the page, for a stand-in.
func agonesConfig(t *testing.T, fleet *agonestest.Fleet) string {
	t.Helper()
	return pageConfig(t, "agones.md", 0,
		`"bin/plugins/allocate-agones"`, fmt.Sprintf("%q", built(t, "allocate-agones")),
		"https://allocator.example.com", fleet.URL, "https://kubernetes.example.com:6443", fleet.API(),
		"agones/kubernetes-ca.crt", fleet.Path("ca.crt"), "agones/kubernetes-token", fleet.Path("token"),
		"agones/tls.crt", fleet.Path("tls.crt"), "agones/tls.key", fleet.Path("tls.key"), "agones/ca.crt", fleet.Path("ca.crt"),
	)
}

// TestAgones plays matches on a node as the page for operators sets it up.
func TestAgones(t *testing.T) {
	fleet := agonestest.New(t, "gs-1", "gs-2", "gs-3")
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: "key"})
	t.Cleanup(platform.Close)
	config := agonesConfig(t, fleet)
	w := &world{t: t, url: startNode(t, inGame(config, fmt.Sprintf(`
  lobby {
    after_match = "reopen"
  }
  allocate "gameflow" {
    game_id = "g1"
    api_key = "key"
    url     = %q
    timeout = "30s"
  }
`, platform.URL))).PublicURL()}
	ps, _ := w.gathered("ann", "bob")

	// played is a match on that server: it has the payload, and is deleted at the end.
	played := func(name string) {
		t.Helper()
		ps[0].does(`{"type":"lobby:start"}`)
		var told message
		for _, p := range ps {
			told = p.untilKind("match:started")
			if told.at("matchData", "server", "address") != "203.0.113.7" || fmt.Sprint(told.at("matchData", "server", "port")) != "7002" || told.at("matchData", "server", "serverName") != name {
				t.Errorf("%s is told %v", p.name, told.at("matchData", "server"))
			}
		}
		server := fleet.Servers()[0]
		var payload message
		must(t, json.Unmarshal([]byte(server.Annotations["GAMEFLOW_PAYLOAD"]), &payload))
		if id := told.at("matchData", "matchId"); server.Name != name || server.State != "Allocated" || server.Labels["muster.gg/match"] != id || payload["matchId"] != id {
			t.Errorf("the server is %+v", server)
		}
		result := `{"teams":[{"name":"A","rank":1},{"name":"B","rank":2}]}`
		if res, m := w.call("POST", payload["resultUrl"].(string), payload["resultToken"].(string), result); res.StatusCode != 200 {
			t.Error("result:", res.Status, m)
		}
		for _, p := range ps {
			p.untilKind("match:ended")
		}
	}
	left := func() string {
		var names []string
		for _, s := range fleet.Servers() {
			names = append(names, s.Name+" "+s.State)
		}
		return strings.Join(names, ", ")
	}
	again := func() {
		for _, p := range ps {
			p.hears()
			p.does(`{"type":"lobby:ready"}`)
		}
	}
	played("gs-1")
	eventually(t, "the server to be deleted", func() bool { return left() == "gs-2 Ready, gs-3 Ready" })

	// The answer is lost, and the server comes late: it is found, and nobody notices.
	fleet.GoesOn(agonestest.Late{Look: 2})
	again()
	played("gs-2")
	eventually(t, "the server that was found to be deleted", func() bool { return left() == "gs-3 Ready" })

	// Nor does the cluster tell: nobody is asked again, the start fails, the server goes.
	fleet.Loses(1)
	fleet.Lists(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusForbidden) })
	again()
	ps[0].does(`{"type":"lobby:start"}`)
	if m := ps[1].untilKind("match:failed"); m["code"] != "allocation_unknown" || platform.Count() != 0 {
		t.Errorf("told %v; the next provider was asked %d times", m, platform.Count())
	}
	eventually(t, "the unknown server to be deleted", func() bool { return left() == "" })

	// No server is free: the next provider is asked.
	again()
	ps[0].does(`{"type":"lobby:start"}`)
	if m := ps[1].untilKind("match:started"); platform.Made() != 1 || fmt.Sprint(m.at("matchData", "server", "port")) != fmt.Sprint(platform.Calls()[0].Server.Port) {
		t.Errorf("told %v; the next provider made %d", m, platform.Made())
	}
}

// TestLentKilled kills a node in the middle of a call of another backend: after the
// restart there is no server that nobody knows.
func TestLentKilled(t *testing.T) {
	fleet := agonestest.New(t, "gs-1")
	dir := t.TempDir()
	writeConfig(t, dir, inGame(agonesConfig(t, fleet), fmt.Sprintf("  allocation_api {\n    keys = [%q]\n  }\n", lentKey)))
	n := runNode(t, dir)
	fleet.Holds(1)
	call := lend(t, n.url, "", `{}`)
	eventually(t, "an allocation", func() bool { return fleet.Servers()[0].State == "Allocated" })
	n.kill()
	if answer := <-call.answer; strings.Contains(answer, "200") {
		t.Errorf("answered %s", answer)
	}
	runNode(t, dir)
	eventually(t, "the server to be deleted", func() bool { return len(fleet.Servers()) == 0 })
}
