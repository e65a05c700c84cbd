//go:build unix

package server_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// lentGame is a game that lends the servers of its local fleet, which the test
// plays itself.
func lentGame(t testing.TB, ports string) (string, *scripted) {
	t.Helper()
	dir := t.TempDir()
	s := &scripted{t: t, port: filepath.Join(dir, "port"), order: filepath.Join(dir, "order")}
	must(t, syscall.Mkfifo(s.port, 0o600))
	must(t, syscall.Mkfifo(s.order, 0o600))
	script := fmt.Sprintf(`echo $AGONES_SDK_HTTP_PORT $GAMEFLOW_DEFAULT_PORT,$$ > %s; read how < %s; exit $how`, s.port, s.order)
	return fmt.Sprintf(`
game "arena" {
  allocate "local" {
    command    = ["/bin/sh", "-c", %q]
    ports      = %q
    timeout    = "60s"
    stop_grace = "2s"
  }
  allocation_api {
    keys = [%q]
  }
}
`, script, ports, lentKey), s
}

// lentServer is one that was started for a call: as far as the process is.
type lentServer struct {
	t       testing.TB
	sidecar string
	port    string
	pid     int
}

// lentUp waits for the process of the next server.
func (s *scripted) lentUp() lentServer {
	s.t.Helper()
	sidecar, rest := s.up()
	port, pid, _ := strings.Cut(rest, ",")
	n, err := strconv.Atoi(pid)
	must(s.t, err)
	return lentServer{s.t, sidecar, port, n}
}

// object is what the server sees of itself.
func (s lentServer) object() message {
	_, m := (&world{t: s.t}).call("GET", s.sidecar+"/gameserver", "", "")
	return m
}

func (s lentServer) payload() string {
	text, _ := s.object().at("object_meta", "annotations", "GAMEFLOW_PAYLOAD").(string)
	return text
}

// does posts to the sidecar.
func (s lentServer) does(what string) {
	s.t.Helper()
	if res, _ := (&world{t: s.t}).call("POST", s.sidecar+what, "", `{}`); res.StatusCode != http.StatusOK {
		s.t.Errorf("%s: %s", what, res.Status)
	}
}

// gone waits until the process is no more.
func (s lentServer) gone() {
	s.t.Helper()
	eventually(s.t, "the end of the server's process", func() bool { return errors.Is(syscall.Kill(s.pid, 0), syscall.ESRCH) })
}

// TestLentLocal lends a server of a real local fleet, to its end.
func TestLentLocal(t *testing.T) {
	game, s := lentGame(t, "23180-23189")
	url := startNode(t, game).PublicURL()
	call := lend(t, url, "once", `{"payload":"any text"}`)
	one := s.lentUp()
	if got := one.payload(); got != "any text" {
		t.Errorf("its payload is %q", got)
	}
	one.does("/ready")
	answer := <-call.answer
	if want := fmt.Sprintf(`"address":"127.0.0.1","port":%s}} <nil>`, one.port); !strings.HasPrefix(answer, "200 ") || !strings.HasSuffix(answer, want) {
		t.Errorf("answered %s, want %s", answer, want)
	}
	if again := <-lend(t, url, "once", `{"payload":"any text"}`).answer; again != answer {
		t.Errorf("answered %s, then %s", answer, again)
	}
	if state := one.object().at("status", "state"); state != "Allocated" {
		t.Errorf("it is %v", state)
	}
	one.does("/shutdown")
	one.gone()

	// Who hangs up gets no server: its process ends, and the key is good for another.
	call = lend(t, url, "twice", `{}`)
	two := s.lentUp()
	call.hangUp()
	<-call.answer
	two.gone()
	call = lend(t, url, "twice", `{}`)
	three := s.lentUp()
	three.does("/ready")
	if answer := <-call.answer; !strings.Contains(answer, `"port":`+three.port) {
		t.Errorf("answered %s", answer)
	}
	three.does("/shutdown")
	three.gone()
	// A server that fails is none.
	call = lend(t, url, "", `{}`)
	four := s.lentUp()
	s.exits("3")
	if answer := <-call.answer; !strings.HasPrefix(answer, `503 {"code":14,`) {
		t.Errorf("answered %s", answer)
	}
	four.gone()
}

// TestLentMatches plays on a node whose servers are processes of another one, as the
// page for operators sets it up.
func TestLentMatches(t *testing.T) {
	lender, s := lentGame(t, "23190-23199")
	t.Setenv("FLEET_API_KEY", lentKey)
	config := pageConfig(t, "allocation-api.md", 1, "https://fleet.example.com", startNode(t, lender).PublicURL())
	config = config[strings.Index(config, "game "):] // a test's node has an address of its own
	w := &world{t: t, url: startNode(t, inGame(config, `
  lobby {
    after_match = "reopen"
  }
`)).PublicURL()}
	ps, _ := w.gathered("ann", "bob")

	ps[0].does(`{"type":"lobby:start"}`)
	one := s.lentUp()
	one.does("/ready")
	for _, p := range ps {
		if m := p.untilKind("match:started"); fmt.Sprint(m.at("matchData", "server", "port")) != one.port {
			t.Errorf("told %v, its port is %s", m.at("matchData", "server"), one.port)
		}
	}
	var payload message
	must(t, json.Unmarshal([]byte(one.payload()), &payload))
	result, _ := payload["resultUrl"].(string)
	if !strings.HasPrefix(result, w.url+"/") {
		t.Errorf("the result goes to %q", result)
	}
	if res, m := w.call("POST", result, payload["resultToken"].(string), `{"teams":[{"name":"A","rank":1},{"name":"B","rank":2}]}`); res.StatusCode != 200 {
		t.Error("result:", res.Status, m)
	}
	for _, p := range ps {
		p.untilKind("match:ended")
	}
	one.does("/shutdown")
	one.gone()

	// A start that is cancelled takes the server of the other node with it.
	for _, p := range ps {
		p.hears()
		p.does(`{"type":"lobby:ready"}`)
	}
	ps[0].does(`{"type":"lobby:start"}`)
	two := s.lentUp()
	ps[0].does(`{"type":"lobby:cancel-start"}`)
	for _, p := range ps {
		if m := p.untilKind("match:failed"); m["code"] != "start_cancelled" {
			t.Errorf("told %v", m)
		}
	}
	two.gone()
}

// TestLentDrain ends a node in the middle of calls: there is time for them as for
// starts of matches, and who is not served in time is told so.
func TestLentDrain(t *testing.T) {
	for name, enough := range map[string]bool{"enough time": true, "too little": false} {
		t.Run(name, func(t *testing.T) {
			game, s := lentGame(t, "23200-23209")
			dir := t.TempDir()
			writeConfig(t, dir, game)
			replaceInConfig(t, dir, `drain = "10s"`, map[bool]string{true: `drain = "60s"`, false: `drain = "1s"`}[enough])
			n := runNode(t, dir)
			call := lend(t, n.url, "", `{}`)
			one := s.lentUp()
			must(t, n.cmd.Process.Signal(syscall.SIGTERM))
			if enough {
				eventually(t, "the drain", func() bool {
					res, answer := lent(t, n.url+"/v1/games/arena/servers", lentKey, "", `{"timeoutSeconds":1}`)
					return res.StatusCode == 503 && res.Header.Get("Retry-After") != "" && strings.Contains(answer, "about to end")
				})
				one.does("/ready")
			}
			answer := <-call.answer
			if want := map[bool]string{true: `200 {"server":{`, false: `503 {"code":14,`}[enough]; !strings.HasPrefix(answer, want) {
				t.Errorf("answered %s, want %s", answer, want)
			}
			<-n.done
			one.gone()
		})
	}
}
