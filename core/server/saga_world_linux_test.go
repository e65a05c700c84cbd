package server_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/identity"
	"github.com/muster-gg/muster/core/match"
	"github.com/muster-gg/muster/sdk/client"
)

// saga is a data folder with a lobby of three whose muster processes are ended at
// chosen moments of its starts and matches.
type saga struct {
	t     *testing.T
	dir   string
	stops *stops
	node  *node
	// crew are the owner, one who stays and one who is away from `starting` on.
	crew    []*mate
	lobbyID string
	secret  []byte
	fleet   sagaFleet
	known   map[string]bool // matches of earlier rounds
	deletes bool            // a lobby ends with its match
	lost    int             // random rounds in which somebody was told no end
}

// mate is a player with all that he was told over all his sockets.
type mate struct {
	*player
	all []client.Event
	// again: the next process may tell an end once more, having died in the moment
	// between its word and the note of it. That counts once.
	again bool
}

// gather takes in what the member has been told so far.
func (m *mate) gather() {
	for {
		select {
		case e := <-m.told:
			m.all = append(m.all, e)
		default:
			return
		}
	}
}

// hears waits until the member was told something.
func (m *mate) hears(t testing.TB, what string, ok func(client.Event) bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case e := <-m.told:
			m.all = append(m.all, e)
			if ok(e) {
				return
			}
		case <-deadline:
			t.Fatalf("a mate never heard %s; he heard %s", what, said(m.all))
		}
	}
}

func said(all []client.Event) string {
	var b strings.Builder
	for _, e := range all {
		switch e := e.(type) {
		case *client.Connected:
			fmt.Fprintf(&b, " connected(match %v)", e.Match != nil)
		case *client.MatchStarted, *client.MatchFailed, *client.MatchEnded, *client.ServerError, *client.Draining:
			fmt.Fprintf(&b, " %T%+v", e, e)
		}
	}
	return b.String()
}

// answers are how often a member was told what of a match.
type answers struct {
	started, failed, ended int
	shown                  bool   // he came back into the match
	code                   string // of the failure
}

func (m *mate) answers(matchID string) (a answers) {
	socket, told := 0, 0 // the number of the socket, and of the one that told the end
	for _, e := range m.all {
		switch e := e.(type) {
		case *client.Connected:
			socket++
			a.shown = a.shown || e.Match != nil && e.Match.MatchID == matchID && e.Match.Ticket != "" && e.Match.Server.Port != 0
		case *client.MatchStarted:
			if e.Match.MatchID == matchID {
				a.started++
			}
		case *client.MatchFailed:
			if e.MatchID == matchID && !(m.again && a.failed == 1 && told < socket) {
				a.failed++
				a.code, told = e.Code, socket
			}
		case *client.MatchEnded:
			if e.MatchID == matchID && !(m.again && a.ended == 1 && told < socket) {
				a.ended++
				told = socket
			}
		}
	}
	return a
}

// newSaga brings a crew together on a process of its own.
func newSaga(t *testing.T, fleet sagaFleet, drain string) *saga {
	t.Helper()
	s := &saga{t: t, dir: t.TempDir(), stops: newStops(t), fleet: fleet, known: map[string]bool{}}
	path := writeConfig(t, s.dir, fleet.game(s.dir))
	text, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, bytes.Replace(text, []byte(`drain = "10s"`), fmt.Appendf(nil, "drain = %q", drain), 1), 0o600))
	s.run()
	raw, err := identity.LoadOrCreateSecret(filepath.Join(s.dir, "data", "secret"), nil)
	must(t, err)
	s.secret = raw
	for _, name := range []string{"ann", "bob", "cid"} {
		s.crew = append(s.crew, &mate{player: s.node.signIn(name, name+"-device-0123456789")})
	}
	s.meet()
	return s
}

// meet brings the crew into a new lobby.
func (s *saga) meet() {
	s.t.Helper()
	made, err := s.crew[0].CreateLobby(s.t.Context(), client.LobbyOptions{})
	must(s.t, err)
	s.lobbyID = made.ID
	for _, m := range s.crew[1:] {
		_, err := m.Join(s.t.Context(), client.JoinOptions{Code: made.Code})
		must(s.t, err)
	}
}

// run starts a process over the data folder.
func (s *saga) run() {
	s.t.Helper()
	s.node = launch(s.t, s.dir, []string{asSaga + "=" + s.stops.l.Addr().String()}, "serve", "-config", filepath.Join(s.dir, "config.hcl"))
}

// begin makes the crew ready and starts; the match is held when its start is saved,
// and the third one drops. It returns the match.
func (s *saga) begin() *stop {
	s.t.Helper()
	for _, m := range s.crew {
		must(s.t, m.Ready(s.t.Context(), true))
	}
	must(s.t, s.crew[0].Start(s.t.Context(), ""))
	at := s.stops.await(match.PointStarting)
	s.known[at.matchID] = true
	cid := s.crew[2]
	cid.Close()
	cid.gather()
	_, err := s.crew[0].Wait(s.t.Context(), func(st client.State) bool {
		p, _, ok := st.Lobby.Member(cid.id)
		return ok && !p.Connected
	})
	must(s.t, err)
	return at
}

// kill ends the process by SIGKILL and takes in what everybody was told by it.
func (s *saga) kill() {
	s.node.kill()
	s.stops.died(s.node.cmd.Process.Pid)
	s.gone()
}

// gone waits for the end of everybody's socket.
func (s *saga) gone() {
	for _, m := range s.crew {
		<-m.Done()
		m.gather()
	}
}

// back starts the next process and brings the crew back. All that they missed was
// told when it returns.
func (s *saga) back() {
	s.t.Helper()
	s.run()
	for _, m := range s.crew {
		s.node.connect(m.player)
	}
	s.sync()
}

// sync takes in all that was queued for everybody up to now.
func (s *saga) sync() {
	s.t.Helper()
	for _, m := range s.crew {
		_, err := m.Ping(s.t.Context())
		must(s.t, err)
		m.gather()
	}
}

const sagaResult = `{"teams":[{"name":"A","rank":1},{"name":"B","rank":2}]}`

// result reports a match's result as its server would.
func (s *saga) result(matchID string) (status int, answer string) {
	s.t.Helper()
	res, raw, err := s.report(matchID)
	must(s.t, err)
	return res, raw
}

func (s *saga) report(matchID string) (status int, answer string, err error) {
	key := identity.DeriveKey(s.secret, "result token", "arena", matchID)
	return reportResult(s.node.url+"/games/arena/matches/"+matchID+"/result", key[:], sagaResult)
}

// agrees holds everybody's answers of a match against a wish.
func (s *saga) agrees(when, matchID string, want func(i int) answers) {
	s.t.Helper()
	for i, m := range s.crew {
		got, want := m.answers(matchID), want(i)
		if got != want {
			s.t.Errorf("%s: member %d has %+v of the match, want %+v; he heard%s", when, i, got, want, said(m.all))
		}
	}
}

// stayed is how often a member hears match:started of a match that began: the third
// one is away.
func stayed(i int) int {
	if i == 2 {
		return 0
	}
	return 1
}
