//go:build unix

package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// scripted is a dedicated server that the test itself plays: the process is a
// shell that says where its sidecar is, then ends as it is told.
type scripted struct {
	t           testing.TB
	port, order string // named pipes
}

// scriptedWorld is a node with a local fleet of scripted servers.
func scriptedWorld(t testing.TB, ports, lobby string) (*world, *scripted) {
	t.Helper()
	dir := t.TempDir()
	s := &scripted{t: t, port: filepath.Join(dir, "port"), order: filepath.Join(dir, "order")}
	must(t, syscall.Mkfifo(s.port, 0o600))
	must(t, syscall.Mkfifo(s.order, 0o600))
	script := fmt.Sprintf(`echo $AGONES_SDK_HTTP_PORT $GAMEFLOW_DEFAULT_PORT > %s; read how < %s; exit $how`, s.port, s.order)
	game := fmt.Sprintf(`
game "arena" {
  lobby {
    %s
  }
  allocate "local" {
    command    = ["/bin/sh", "-c", %q]
    ports      = %q
    timeout    = "30s"
    stop_grace = "2s"
  }
}
`, lobby, script, ports)
	return &world{t: t, url: startNode(t, game).PublicURL()}, s
}

// up waits for the next server's process: the address of its sidecar, and its port.
func (s *scripted) up() (sidecar, port string) {
	s.t.Helper()
	b, err := os.ReadFile(s.port)
	must(s.t, err)
	at := strings.Fields(string(b))
	if len(at) != 2 {
		s.t.Fatalf("the environment has %q", b)
	}
	return "http://127.0.0.1:" + at[0], at[1]
}

// exits ends the process with a status.
func (s *scripted) exits(status string) {
	s.t.Helper()
	must(s.t, os.WriteFile(s.order, []byte(status+"\n"), 0o600))
}

// TestProtocolLocalServer plays a match on a server of the local fleet, through
// nothing but its sidecar, to each of its ends.
func TestProtocolLocalServer(t *testing.T) {
	w, s := scriptedWorld(t, "23160-23169", `after_match = "reopen"`)
	for _, c := range []struct {
		name string
		end  func(sidecar string, payload message)
		want string // of match:ended or match:failed, in which the ids are "*"
	}{
		{"shutdown", func(sidecar string, _ message) { w.call("POST", sidecar+"/shutdown", "", `{}`) }, `{"type":"match:ended","matchId":"*","result":null}`},
		{"clean exit", func(string, message) { s.exits("0") }, `{"type":"match:ended","matchId":"*","result":null}`},
		{"crash", func(string, message) { s.exits("3") }, `{"type":"match:failed","matchId":"*","lobbyId":"*","code":"server_lost","message":"*"}`},
		{"result", func(sidecar string, p message) {
			if p["resultUrl"] != sidecar+"/result" {
				t.Errorf("resultUrl %v, the sidecar is at %s", p["resultUrl"], sidecar)
			}
			const body = `{"teams":[{"name":"A","rank":1},{"name":"B","rank":2}]}`
			if res, m := w.call("POST", p["resultUrl"].(string), "wrong", body); res.StatusCode != 401 || m["code"] != "unauthorized" {
				t.Error("a bad token:", res.Status, m)
			}
			res, first := w.callRaw("POST", p["resultUrl"].(string), p["resultToken"].(string), body)
			if res.StatusCode != 200 {
				t.Errorf("result: %s %s", res.Status, first)
			}
			// By the public address it is the same call.
			if _, again := w.callRaw("POST", "/matches/"+p["matchId"].(string)+"/result", p["resultToken"].(string), body); string(again) != string(first) {
				t.Errorf("answered %s, then %s", first, again)
			}
		}, `{"type":"match:ended","matchId":"*","result":{"teams":[{"name":"A","rank":1},{"name":"B","rank":2}]}}`},
	} {
		ps, _ := w.gathered("ann", "bob")
		ps[0].does(`{"type":"lobby:start"}`)
		sidecar, port := s.up()
		if _, m := w.call("GET", sidecar+"/gameserver", "", ""); m.at("status", "state") == "Ready" || m.at("status", "state") == "Allocated" {
			t.Errorf("%s: before /ready the server is %v", c.name, m.at("status"))
		}
		w.call("POST", sidecar+"/ready", "", `{}`)
		for _, p := range ps {
			m := p.untilKind("match:started")
			if fmt.Sprint(m.at("matchData", "server", "port")) != port || m.at("matchData", "server", "address") != "127.0.0.1" {
				t.Errorf("%s: %v, its port is %s", c.name, m.at("matchData", "server"), port)
			}
			p.seen = nil
		}
		_, object := w.call("GET", sidecar+"/gameserver", "", "")
		var payload message
		text, _ := object.at("object_meta", "annotations", "GAMEFLOW_PAYLOAD").(string)
		must(t, json.Unmarshal([]byte(text), &payload))
		if state := object.at("status", "state"); state != "Allocated" || payload["matchId"] == nil {
			t.Errorf("%s: in its match the server is %v", c.name, object)
		}
		c.end(sidecar, payload)
		for _, p := range ps {
			m := p.until("the end", func(m message) bool { return m.kind() == "match:ended" || m.kind() == "match:failed" })
			shaped(t, c.name, m, "%s", c.want)
			if l := p.hear("lobby:updated"); m["matchId"] != payload["matchId"] || l.at("lobby", "state") != "open" {
				t.Errorf("%s: %v, then %v", c.name, m, l)
			}
			p.silent(c.name)
		}
		if c.name == "crash" {
			if res, m := w.call("POST", "/matches/"+payload["matchId"].(string)+"/result", payload["resultToken"].(string), `{}`); res.StatusCode != 409 || m["code"] != "match_closed" {
				t.Error("a result after the crash:", res.Status, m)
			}
		}
	}
}

// TestProtocolEarlyShutdown: a shutdown that comes while still `starting` is held
// and applied right after match:started. The server asks for it as soon as it is
// told of its match, which is before the players are.
func TestProtocolEarlyShutdown(t *testing.T) {
	w, s := scriptedWorld(t, "23170-23179", "")
	ps, _ := w.gathered("ann", "bob")
	ps[0].does(`{"type":"lobby:start"}`)
	sidecar, _ := s.up()
	req, err := http.NewRequestWithContext(t.Context(), "GET", sidecar+"/watch/gameserver", nil)
	must(t, err)
	res, err := reporter.Do(req)
	must(t, err)
	defer res.Body.Close()
	w.call("POST", sidecar+"/ready", "", `{}`)
	for lines := json.NewDecoder(res.Body); ; {
		var m message
		must(t, lines.Decode(&m))
		if m.at("result", "status", "state") == "Allocated" {
			break
		}
	}
	w.call("POST", sidecar+"/shutdown", "", `{}`)
	for _, p := range ps {
		m := p.until("the match's end or failure", func(m message) bool {
			return m.kind() == "match:ended" || m.kind() == "match:failed" || m.kind() == "error"
		})
		if m.kind() != "match:ended" || m["result"] != nil || !strings.HasSuffix(kinds(p.seen), "match:started") {
			t.Errorf("%s hears %s, then %v", p.name, kinds(p.seen), m)
		}
	}
}
