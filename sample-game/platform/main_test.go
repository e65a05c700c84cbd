package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/sdk/gameserver"
)

// asGame makes the test binary be a dedicated server that reports a result at once.
const asGame = "PLATFORM_TEST_AS_GAME"

func TestMain(m *testing.M) {
	if os.Getenv(asGame) != "" {
		if err := playGame(context.Background()); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func playGame(ctx context.Context) error {
	s, err := gameserver.Connect(ctx, gameserver.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	port, err := s.Port("")
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	defer l.Close()
	if err := s.Ready(ctx); err != nil {
		return err
	}
	p, err := s.WaitPayload(ctx)
	if err != nil {
		return err
	}
	if _, err := l.Accept(); err != nil { // the first player ends the match
		return err
	}
	var r gameserver.Result
	for i, team := range p.Teams {
		r.Teams = append(r.Teams, gameserver.TeamResult{Name: team.Name, Rank: 1 + i})
	}
	if err := s.Report(ctx, r); err != nil {
		return err
	}
	return s.Shutdown(ctx)
}

// program is a run of the program.
type program struct {
	url  string
	mu   sync.Mutex
	said strings.Builder
	stop func()
}

func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.Write(b)
}

func (p *program) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.said.String()
}

var opened = regexp.MustCompile(`at (http://\S+)`)

// start runs the program until the end of the test, or stop.
func start(t *testing.T, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p := &program{}
	in, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, append([]string{"-listen", "127.0.0.1:0"}, args...), func(string) string { return "" }, out)
		_ = out.CloseWithError(err)
		ended <- err
	}()
	up, read := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(read)
		b := make([]byte, 4096)
		for {
			n, err := in.Read(b)
			_, _ = p.Write(b[:n])
			if found := opened.FindStringSubmatch(p.text()); found != nil {
				select {
				case up <- found[1]:
				default:
				}
			}
			if err != nil {
				return
			}
		}
	}()
	p.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error("the program:", err)
		}
		<-read
	})
	t.Cleanup(p.stop)
	select {
	case p.url = <-up:
	case <-read:
		t.Fatalf("it ended: %s", p.text())
	case <-time.After(time.Minute):
		t.Fatal("it did not come up")
	}
	return p
}

// ask makes the call that Muster makes.
func (p *program) ask(t *testing.T, key string, fleet bool) (allocation.Server, error) {
	t.Helper()
	provider, err := gameflow.New(gameflow.Options{URL: p.url, GameID: "arena", APIKey: key, Region: "us-east", Timeout: 30 * time.Second, Fleet: fleet})
	if err != nil {
		t.Fatal(err)
	}
	defer provider.Close()
	return provider.Allocate(t.Context(), allocation.Request{Game: "arena", MatchID: "m-1", Payload: func(string) ([]byte, error) {
		return []byte(`{"matchId":"m-1","teams":[{"name":"A","players":[]},{"name":"B","players":[]}]}`), nil
	}})
}

func TestAnswers(t *testing.T) {
	p := start(t, "-delay", "1ms", "-boot", "1ms")
	for _, fleet := range []bool{false, true} {
		if s, err := p.ask(t, "dev-key", fleet); err != nil || s.Address == "" {
			t.Errorf("%+v, %v", s, err)
		}
	}
	if _, err := p.ask(t, "another-key-of-mine", false); !allocation.IsNone(err) {
		t.Error("a wrong key:", err)
	}
	p.stop()
	text := p.text()
	for _, want := range []string{`start  match "m-1"  region "us-east"  ok: gs-0 `, `fleet  match "m-1"`, `refused  "X-Api-Key`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "dev-key") || strings.Contains(text, "another-key") {
		t.Errorf("a key is in\n%s", text)
	}
}

func TestFaultsAsAsked(t *testing.T) {
	p := start(t, "-faults", "1", "-kinds", "status 503, cut", "-seed", "7")
	outcomes := map[bool]int{}
	for range 4 {
		_, err := p.ask(t, "dev-key", false)
		if err == nil {
			t.Error("no fault")
		}
		outcomes[allocation.IsNone(err)]++
	}
	if outcomes[true] != 2 || outcomes[false] != 2 {
		t.Errorf("%v; want each kind twice", outcomes)
	}
}

// TestRealServer: a process for each call; it plays, reports and ends.
func TestRealServer(t *testing.T) {
	p := start(t, "-server", os.Args[0], "-env", asGame+"=1", "-env", "GORACE=atexit_sleep_ms=0", "-ports", "26100-26109")
	s, err := p.ask(t, "dev-key", false)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", net.JoinHostPort(s.Address, strconv.Itoa(s.Port)))
	if err != nil {
		t.Fatal("the server is not there:", err)
	}
	conn.Close()
	p.stop() // ends what still runs
	if conn, err := net.Dial("tcp", net.JoinHostPort(s.Address, strconv.Itoa(s.Port))); err == nil {
		conn.Close()
		t.Error("the server outlives the platform")
	}
}

// TestServerThatNeverGetsReady is answered as the platform would, and nothing is left.
func TestServerThatNeverGetsReady(t *testing.T) {
	p := start(t, "-server", "sleep 600", "-ports", "26110-26119")
	provider, err := gameflow.New(gameflow.Options{URL: p.url, GameID: "arena", APIKey: "dev-key", Region: "eu", Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer provider.Close()
	_, err = provider.Allocate(t.Context(), allocation.Request{Game: "arena", MatchID: "m", Payload: func(string) ([]byte, error) { return []byte("{}"), nil }})
	if !allocation.IsNone(err) || !strings.Contains(err.Error(), "504") {
		t.Error(err)
	}
}

func TestCommandLines(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-faults", "2"}, "between 0 and 1"},
		{[]string{"-faults", "NaN"}, "between 0 and 1"},
		{[]string{"-kinds", "cut,nothing"}, `no fault "nothing"`},
		{[]string{"-boot", "-1s"}, "negative"},
		{[]string{"-ports", "100"}, "26000-26099"},
		{[]string{"-ports", "9-70000"}, "26000-26099"},
		{[]string{"-mode", "duel"}, "duel=2"},
		{[]string{"-env", "X"}, "ARENA_MODE=duel"},
		{[]string{"more"}, `"more" is no flag`},
		{[]string{"-server", "./no-such-program"}, "no-such-program"},
		{[]string{"-listen", "nowhere"}, "nowhere"},
	} {
		err := run(t.Context(), c.args, func(string) string { return "" }, io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.args, err, c.want)
		}
	}
	var out strings.Builder
	if err := run(t.Context(), []string{"-list"}, func(string) string { return "" }, &out); err != nil || !strings.Contains(out.String(), "\nlate\n") {
		t.Errorf("list: %v\n%s", err, out.String())
	}
}

// TestEnvironment: the variables of GameFlow's template are enough, and a key from
// there is not shown.
func TestEnvironment(t *testing.T) {
	env := func(name string) string {
		return map[string]string{"GAMEFLOW_GAME_ID": "g7", "GAMEFLOW_API_KEY": "a-real-key"}[name]
	}
	var out strings.Builder
	s, err := readSettings(nil, env, &out)
	if err != nil || s.game != "g7" || s.key != "a-real-key" {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := readSettings([]string{"-help"}, env, &out); err == nil || strings.Contains(out.String(), "a-real-key") {
		t.Errorf("help: %v\n%s", err, out.String())
	}
}
