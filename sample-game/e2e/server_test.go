//go:build linux

// Package e2e plays the sample game as people do: a headless browser against the
// real server and the real game server, built from this checkout.
package e2e

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// muster is a running server with the shipped config on free ports.
type muster struct {
	url string
	cmd *exec.Cmd
	mu  sync.Mutex
	log strings.Builder
}

var open = regexp.MustCompile(`Open\s+(http://\S+)/`)

// serve builds the programs and runs the server with the shipped config, whose
// matches last seconds. It is stopped at the end of the test.
func serve(t *testing.T, seconds int) *muster {
	t.Helper()
	root, err := filepath.Abs("../..")
	must(t, err)
	dir := t.TempDir()
	for out, pkg := range map[string]string{"muster": ".", "arena-server": "./sample-game/server", "plugins/sparks-rules": "./sample-game/rules"} {
		build := exec.Command("go", "build", "-o", filepath.Join(dir, "bin", out), pkg)
		build.Dir = root
		if output, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build: %v\n%s", err, output)
		}
	}
	must(t, os.Mkdir(filepath.Join(dir, "sample-game"), 0o700))
	for _, part := range []string{"web", "hooks"} {
		must(t, os.CopyFS(filepath.Join(dir, "sample-game", part), os.DirFS(filepath.Join(root, "sample-game", part))))
	}
	config, err := os.ReadFile(filepath.Join(root, "config.hcl"))
	must(t, err)
	short := fmt.Sprintf(`ARENA_MATCH_SECONDS = "%d"`, seconds)
	text := strings.Replace(string(config), `ports   = "21000-21049"`, "env = { "+short+" }\n    ports = \"24000-24049\"", 1)
	text = strings.Replace(text, `ARENA_MODE = "duel"`, `ARENA_MODE = "duel", `+short, 1)
	text = strings.Replace(text, `ports   = "21050-21099"`, `ports = "24050-24099"`, 1)
	if strings.Count(text, short) != 2 || strings.Count(text, `"240`) != 2 {
		t.Fatal("the shipped config has changed its shape: adapt this test")
	}
	must(t, os.WriteFile(filepath.Join(dir, "config.hcl"), []byte(text), 0o600))

	m := &muster{cmd: exec.Command(filepath.Join(dir, "bin", "muster"), "serve", "-config", filepath.Join(dir, "config.hcl"))}
	m.cmd.Env = append(os.Environ(), "MUSTER_LISTEN=127.0.0.1:0", "MUSTER_ADMIN_LISTEN=127.0.0.1:0")
	out, err := m.cmd.StdoutPipe()
	must(t, err)
	m.cmd.Stderr = m
	must(t, m.cmd.Start())
	up, done := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			_, _ = m.Write([]byte(lines.Text() + "\n"))
			if found := open.FindStringSubmatch(lines.Text()); found != nil {
				up <- found[1]
			}
		}
		_ = m.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = m.cmd.Process.Signal(syscall.SIGTERM)
		<-done
		if t.Failed() {
			m.mu.Lock()
			defer m.mu.Unlock()
			t.Logf("muster said:\n%s", m.log.String())
			logs, _ := filepath.Glob(filepath.Join(dir, "data", "logs", "*", "*.log"))
			for _, path := range logs {
				text, _ := os.ReadFile(path)
				t.Logf("%s:\n%s", filepath.Base(path), text)
			}
		}
	})
	select {
	case m.url = <-up:
	case <-done:
		t.Fatal("muster ended")
	case <-time.After(time.Minute):
		t.Fatal("muster did not come up")
	}
	return m
}

func (m *muster) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.log.Write(p)
}

// gameServers are the pids of the game servers that this server runs.
func (m *muster) gameServers(t *testing.T) (pids []string) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	must(t, err)
	for _, path := range stats {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // ended meanwhile
		}
		text := string(raw)
		after := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
		if len(after) > 1 && after[1] == fmt.Sprint(m.cmd.Process.Pid) && strings.Contains(text, "(arena-server)") {
			pids = append(pids, filepath.Base(filepath.Dir(path)))
		}
	}
	return pids
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
