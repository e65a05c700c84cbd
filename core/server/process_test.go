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
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/muster-gg/muster/sdk/client"
	"github.com/muster-gg/muster/sdk/gameserver"
)

// asGame makes the test binary be a dedicated server; its value says how it behaves:
// "play" until it is told to stop, "warm" the same and says which match it was
// handed, "never" gets ready, "crash" at once.
const asGame = "MUSTER_TEST_AS_GAME"

// noExitWait keeps processes with the race detector from waiting a second at their
// end. What it finds is said, and is their exit status, nonetheless.
const noExitWait = "GORACE=atexit_sleep_ms=0"

// playGame is a dedicated server.
func playGame(how string) int {
	ctx := context.Background()
	switch how {
	case "never":
		select {}
	case "crash":
		fmt.Println("there is no map")
		return 3
	}
	s, err := gameserver.Connect(ctx, gameserver.Options{HealthInterval: time.Second})
	if err != nil {
		fmt.Println("connect:", err)
		return 1
	}
	defer s.Close()
	if err := s.Ready(ctx); err != nil {
		fmt.Println("ready:", err)
		return 1
	}
	if how == "warm" {
		p, err := s.WaitPayload(ctx)
		fmt.Println("the match is", p, err)
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
	return launch(t, dir, nil, "serve", "-config", filepath.Join(dir, "config.hcl"))
}

// launch starts a muster process with a command line and variables of its own.
func launch(t testing.TB, dir string, env []string, args ...string) *node {
	t.Helper()
	n := &node{t: t, dir: dir, done: make(chan struct{})}
	n.cmd = exec.Command(os.Args[0], args...)
	n.cmd.Dir = dir
	n.cmd.Env = append(append(os.Environ(), asMuster+"=1", noExitWait), env...)
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
    env        = { %s = %q, GORACE = "atexit_sleep_ms=0" }
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
