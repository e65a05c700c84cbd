package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/muster-gg/muster/sdk/client"
	"github.com/muster-gg/muster/sdk/gameserver"
)

// asGame makes the test binary be a dedicated server; its value says how it behaves:
// "play" until it is told to stop, "never" gets ready.
const asGame = "MUSTER_TEST_AS_GAME"

// playGame is a dedicated server.
func playGame(how string) int {
	ctx := context.Background()
	if how == "never" {
		select {}
	}
	s, err := gameserver.Connect(ctx, gameserver.Options{})
	if err != nil {
		fmt.Println("connect:", err)
		return 1
	}
	defer s.Close()
	if err := s.Ready(ctx); err != nil {
		fmt.Println("ready:", err)
		return 1
	}
	select {}
}

// node is a muster process with its config and data in one folder.
type node struct {
	t    testing.TB
	dir  string
	cmd  *exec.Cmd
	url  string
	mu   sync.Mutex
	log  strings.Builder
	done chan struct{}
}

var openLine = regexp.MustCompile(`Open\s+(http://\S+)/`)

// runNode starts a muster process over dir, which has a config, and waits until it serves.
func runNode(t testing.TB, dir string) *node {
	t.Helper()
	n := &node{t: t, dir: dir, done: make(chan struct{})}
	n.cmd = exec.Command(os.Args[0], "serve", "-config", filepath.Join(dir, "config.hcl"))
	n.cmd.Env = append(os.Environ(), asMuster+"=1")
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	n.cmd.Stderr = n
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	up := make(chan string, 1)
	go func() {
		defer close(n.done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			_, _ = n.Write([]byte(lines.Text() + "\n"))
			if m := openLine.FindStringSubmatch(lines.Text()); m != nil {
				up <- m[1]
			}
		}
		_ = n.cmd.Wait()
	}()
	t.Cleanup(func() {
		n.kill()
		if t.Failed() {
			t.Logf("muster said:\n%s", n.said())
		}
	})
	select {
	case n.url = <-up:
	case <-n.done:
		t.Fatalf("muster ended:\n%s", n.said())
	case <-time.After(time.Minute):
		t.Fatal("muster did not come up")
	}
	return n
}

func (n *node) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.log.Write(p)
}

func (n *node) said() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.log.String()
}

// kill ends the process by SIGKILL, as a crash would.
func (n *node) kill() {
	_ = n.cmd.Process.Kill()
	<-n.done
}

// stop ends the process as an operator would, and waits.
func (n *node) stop() {
	n.t.Helper()
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		n.t.Fatal(err)
	}
	<-n.done
	if code := n.cmd.ProcessState.ExitCode(); code != 0 {
		n.t.Errorf("exit status %d", code)
	}
}

// localGame is a game whose servers are this test binary.
func localGame(t testing.TB, name, how, ports, rest string) string {
	t.Helper()
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`
game %q {
  lobby {
    min_players     = 2
    reconnect_grace = "30s"
    after_match     = "reopen"
    %s
  }
  allocate "local" {
    command    = [%q]
    env        = { %s = %q }
    ports      = %q
    timeout    = "30s"
    stop_grace = "2s"
  }
}
`, name, rest, self, asGame, how, ports)
}

// player is one person with a device, whose socket can be opened anew.
type player struct {
	*client.Conn
	id, token string
	told      chan client.Event
}

func (n *node) signIn(name, device string) *player {
	n.t.Helper()
	s, err := client.New(client.Config{URL: n.url}).SignIn(n.t.Context(), name, device)
	if err != nil {
		n.t.Fatal(err)
	}
	p := &player{id: s.Account.ID, token: s.AccessToken}
	n.connect(p)
	return p
}

// connect opens a player's socket. What he is told from then on comes in p.told.
func (n *node) connect(p *player) {
	n.t.Helper()
	told := make(chan client.Event, 256)
	conn, err := client.Dial(n.t.Context(), client.Options{URL: n.url, Token: p.token, OnEvent: func(e client.Event) { told <- e }})
	if err != nil {
		n.t.Fatal(err)
	}
	p.Conn, p.told = conn, told
	n.t.Cleanup(conn.Close)
}

// await skips what a player is told until an event of a kind comes.
func await[E client.Event](t testing.TB, p *player) E {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case e := <-p.told:
			if want, ok := e.(E); ok {
				return want
			}
		case <-deadline:
			var e E
			t.Fatalf("%T never came", e)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// gather brings two players into one lobby, both ready.
func (n *node) gather() (ann, bob *player, made *client.Lobby) {
	n.t.Helper()
	ctx := n.t.Context()
	ann, bob = n.signIn("Ann", "ann-device-0123456789"), n.signIn("Bob", "bob-device-0123456789")
	made, err := ann.CreateLobby(ctx, client.LobbyOptions{Name: "here"})
	must(n.t, err)
	_, err = bob.Join(ctx, client.JoinOptions{Code: made.Code})
	must(n.t, err)
	must(n.t, ann.Ready(ctx, true))
	must(n.t, bob.Ready(ctx, true))
	return ann, bob, made
}

// servers returns the dedicated servers of a game that live, by the port in their environment.
func servers(t testing.TB, how string, first, last int) (pids []int) {
	t.Helper()
	procs, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range procs {
		env, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(env), asGame+"="+how) {
			continue
		}
		for v := range strings.SplitSeq(string(env), "\x00") {
			if port, ok := strings.CutPrefix(v, "GAMEFLOW_DEFAULT_PORT="); ok {
				if p, _ := strconv.Atoi(port); p >= first && p <= last {
					pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
					pids = append(pids, pid)
				}
			}
		}
	}
	return pids
}

// awaitNoServers waits until no dedicated server lives.
func awaitNoServers(t testing.TB, how string, first, last int) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for {
		left := servers(t, how, first, last)
		if len(left) == 0 {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("servers are left: %v", left)
		}
	}
}

func TestKilledServerKeepsAccountsLobbiesAndSeats(t *testing.T) {
	dir := t.TempDir()
	writeConfig(t, dir, localGame(t, "arena", "play", "23000-23009", ""))
	n := runNode(t, dir)
	ann, bob, made := n.gather()
	n.kill()

	n = runNode(t, dir)
	again := n.signIn("Ann", "ann-device-0123456789")
	if again.id != ann.id {
		t.Errorf("account %s became %s", ann.id, again.id)
	}
	hello := await[*client.Connected](t, again)
	if hello.Lobby == nil || hello.Lobby.ID != made.ID || hello.Lobby.Code != made.Code || hello.Lobby.Name != "here" {
		t.Fatalf("back in %+v", hello.Lobby)
	}
	if p, _, ok := hello.Lobby.Member(bob.id); !ok || p.Connected || p.Ready {
		t.Errorf("bob should be away and not ready: %+v", p)
	}
	if p, team, ok := hello.Lobby.Member(ann.id); !ok || !p.Connected || team != "A" || hello.Lobby.OwnerID != ann.id {
		t.Errorf("ann %+v in team %s, owner %s", p, team, hello.Lobby.OwnerID)
	}
	// The token of before the crash is still good, and so is the next try.
	n.connect(bob)
	must(t, bob.Ready(t.Context(), true))
	must(t, again.Ready(t.Context(), true))
	must(t, again.Start(t.Context(), ""))
	if a, b := await[*client.MatchStarted](t, again), await[*client.MatchStarted](t, bob); a.Match.MatchID != b.Match.MatchID {
		t.Error("told of different matches")
	}
	n.stop()
	awaitNoServers(t, "play", 23000, 23009)
}

func TestKilledServerFailsTheInterruptedStart(t *testing.T) {
	dir := t.TempDir()
	writeConfig(t, dir, localGame(t, "arena", "never", "23010-23019", ""))
	n := runNode(t, dir)
	ann, bob, made := n.gather()
	must(t, ann.Start(t.Context(), ""))
	if _, err := bob.Wait(t.Context(), func(s client.State) bool { return s.Lobby != nil && s.Lobby.Step == "allocating" }); err != nil {
		t.Fatal(err)
	}
	if len(servers(t, "never", 23010, 23019)) != 1 {
		t.Fatal("no server is being started")
	}
	n.kill()

	n = runNode(t, dir)
	for _, p := range []*player{ann, bob} {
		n.connect(p)
		hello := await[*client.Connected](t, p)
		if hello.Lobby == nil || hello.Lobby.ID != made.ID || hello.Lobby.State != "open" {
			t.Errorf("back in %+v", hello.Lobby)
		}
		if f := await[*client.MatchFailed](t, p); f.Code != "allocation_unknown" || f.LobbyID != made.ID || f.MatchID == "" {
			t.Errorf("told %+v", f)
		}
	}
	awaitNoServers(t, "never", 23010, 23019)
	// The next try works as far as it can: it starts, and can be cancelled.
	must(t, ann.Ready(t.Context(), true))
	must(t, bob.Ready(t.Context(), true))
	must(t, ann.Start(t.Context(), ""))
	must(t, ann.CancelStart(t.Context()))
	if f := await[*client.MatchFailed](t, bob); f.Code != "start_cancelled" {
		t.Errorf("told %+v", f)
	}
	awaitNoServers(t, "never", 23010, 23019)
	n.stop()
}

func TestKilledGameServerIsToldAsLost(t *testing.T) {
	dir := t.TempDir()
	writeConfig(t, dir, localGame(t, "arena", "play", "23020-23029", ""))
	n := runNode(t, dir)
	ann, bob, made := n.gather()
	must(t, ann.Start(t.Context(), ""))
	started := await[*client.MatchStarted](t, ann)
	pids := servers(t, "play", 23020, 23029)
	if len(pids) != 1 {
		t.Fatalf("servers %v", pids)
	}
	must(t, syscall.Kill(pids[0], syscall.SIGKILL))
	for _, p := range []*player{ann, bob} {
		if f := await[*client.MatchFailed](t, p); f.Code != "server_lost" || f.MatchID != started.Match.MatchID || f.LobbyID != made.ID {
			t.Errorf("told %+v", f)
		}
	}
	// The lobby is open again, and the next match gets another server.
	must(t, ann.Ready(t.Context(), true))
	must(t, bob.Ready(t.Context(), true))
	must(t, ann.Start(t.Context(), ""))
	if second := await[*client.MatchStarted](t, bob); second.Match.MatchID == started.Match.MatchID {
		// bob still has the first match's word waiting
		if second = await[*client.MatchStarted](t, bob); second.Match.MatchID == started.Match.MatchID {
			t.Error("no second match")
		}
	}
	n.stop()
	awaitNoServers(t, "play", 23020, 23029)
}

func TestKilledServerInAMatch(t *testing.T) {
	dir := t.TempDir()
	writeConfig(t, dir, localGame(t, "arena", "play", "23030-23039", ""))
	n := runNode(t, dir)
	ann, bob, made := n.gather()
	must(t, ann.Start(t.Context(), ""))
	started := await[*client.MatchStarted](t, bob)
	n.kill()
	awaitNoServers(t, "play", 23030, 23039) // no child outlives a killed server

	n = runNode(t, dir)
	for _, p := range []*player{ann, bob} {
		n.connect(p)
		if f := await[*client.MatchFailed](t, p); f.Code != "server_lost" || f.MatchID != started.Match.MatchID || f.LobbyID != made.ID {
			t.Errorf("told %+v", f)
		}
	}
	n.stop()
}

// TestNoSecretInTheLog looks for what players and servers hold in everything that the process printed.
func TestNoSecretInTheLog(t *testing.T) {
	dir := t.TempDir()
	writeConfig(t, dir, localGame(t, "arena", "play", "23040-23049", ""))
	n := runNode(t, dir)
	ann, bob, _ := n.gather()
	must(t, ann.Start(t.Context(), ""))
	ticket := await[*client.MatchStarted](t, ann).Match.Ticket
	await[*client.MatchStarted](t, bob)
	for _, path := range []string{"/_ws?token=" + ann.token + "x", "/nowhere?token=" + ann.token} {
		res, err := http.Get(n.url + path)
		must(t, err)
		_, err = io.Copy(io.Discard, res.Body)
		must(t, errors.Join(err, res.Body.Close()))
	}
	n.stop()
	secret, err := os.ReadFile(filepath.Join(dir, "data", "secret"))
	must(t, err)
	for name, s := range map[string]string{
		"access token": ann.token, "join ticket": ticket, "device id": "ann-device-0123456789",
		"secret": strings.TrimSpace(string(secret)), "token's end": ann.token[len(ann.token)-20:],
	} {
		if strings.Contains(n.said(), s) {
			t.Errorf("the %s is in the log:\n%s", name, n.said())
		}
	}
}
