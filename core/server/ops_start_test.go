package server_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/server"
)

// refusedStart runs a muster that must not come up, and returns what it said.
func refusedStart(t *testing.T, dir string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "serve", "-config", filepath.Join(dir, "config.hcl"))
	cmd.Env = append(os.Environ(), asMuster+"=1", noExitWait)
	said, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("ended with %v\n%s", err, said)
	}
	return string(said)
}

// garble overwrites what a file of the data folder holds after its first bytes.
func garble(t *testing.T, path string, from int) {
	t.Helper()
	raw, err := os.ReadFile(path)
	must(t, err)
	copy(raw[from:], bytes.Repeat([]byte("no"), len(raw)))
	must(t, os.WriteFile(path, raw, 0o600))
}

func replaceInConfig(t *testing.T, dir, old, with string) {
	t.Helper()
	path := filepath.Join(dir, "config.hcl")
	text, err := os.ReadFile(path)
	must(t, err)
	changed := strings.Replace(string(text), old, with, 1)
	if changed == string(text) {
		t.Fatalf("%q is not in the config", old)
	}
	must(t, os.WriteFile(path, []byte(changed), 0o600))
}

// TestStartProblems breaks what a server needs, one thing at a time: it ends with
// status 1 and a word about what to do.
func TestStartProblems(t *testing.T) {
	whole := t.TempDir() // a data folder in good order
	writeConfig(t, whole, "game \"arena\" {}\n")
	n := runNode(t, whole)
	n.signIn("Ann", "ann-device-0123456789")
	n.stop()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	for name, tc := range map[string]struct {
		spoil func(t *testing.T, dir string)
		says  []string
	}{
		"the port is in use": {func(t *testing.T, dir string) {
			replaceInConfig(t, dir, `listen = "127.0.0.1:0"`, `listen = "`+taken.Addr().String()+`"`)
		}, []string{"server.listen", taken.Addr().String(), "another program has this address"}},
		"the admin port is in use": {func(t *testing.T, dir string) {
			replaceInConfig(t, dir, `admin_listen = "127.0.0.1:0"`, `admin_listen = "`+taken.Addr().String()+`"`)
		}, []string{"server.admin_listen", "another program has this address"}},
		"the data folder is a file": {func(t *testing.T, dir string) {
			must(t, os.RemoveAll(filepath.Join(dir, "data")))
			must(t, os.WriteFile(filepath.Join(dir, "data"), nil, 0o600))
		}, []string{"server.data_dir", "that is no folder"}},
		"state.db is damaged": {func(t *testing.T, dir string) {
			garble(t, filepath.Join(dir, "data", "state.db"), 0)
		}, []string{"state.db", "restore it, or move it away"}},
		"muster.db is damaged": {func(t *testing.T, dir string) {
			garble(t, filepath.Join(dir, "data", "muster.db"), 4096)
		}, []string{"muster.db", "restore it from a backup"}},
		"the secret is damaged": {func(t *testing.T, dir string) {
			must(t, os.WriteFile(filepath.Join(dir, "data", "secret"), []byte("oops\n"), 0o600))
		}, []string{"data/secret", "does not hold a secret", "move it away"}},
		"a game's program is missing": {func(t *testing.T, dir string) {
			replaceInConfig(t, dir, `game "arena" {}`, "game \"arena\" {\n allocate \"local\" {\n command = [\"bin/nope\"]\n ports = \"1-2\"\n }\n}")
		}, []string{"config.hcl:11:12", "does not exist"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, os.CopyFS(dir, os.DirFS(whole)))
			tc.spoil(t, dir)
			said := refusedStart(t, dir)
			for _, want := range tc.says {
				if !strings.Contains(said, want) {
					t.Errorf("does not say %q:\n%s", want, said)
				}
			}
			if strings.Contains(said, "goroutine") || strings.Count(strings.TrimSpace(said), "\n") > 6 {
				t.Errorf("says too much:\n%s", said)
			}
		})
	}
}

// TestSecondServerOnOneFolder must not come up, and leaves the first alone.
func TestSecondServerOnOneFolder(t *testing.T) {
	dir := t.TempDir()
	writeConfig(t, dir, "game \"arena\" {}\n")
	n := runNode(t, dir)
	if said := refusedStart(t, dir); !strings.Contains(said, "in use by another server (process ") {
		t.Error(said)
	}
	n.signIn("Ann", "ann-device-0123456789")
	n.stop()
}

// TestStopDoesNotWaitForSilentConnections: browsers connect ahead of need.
func TestStopDoesNotWaitForSilentConnections(t *testing.T) {
	cfg, diags := config.Load(writeConfig(t, t.TempDir(), "game \"arena\" {}\n"), config.Options{})
	must(t, diags.Err())
	node, err := server.Start(t.Context(), server.Options{Config: cfg, Version: "test", Logger: zap.NewNop()})
	must(t, err)
	for _, addr := range []net.Addr{node.Addr(), node.AdminAddr()} {
		conn, err := net.Dial("tcp", addr.String())
		must(t, err)
		defer conn.Close()
		// A second connection is accepted after the first: when it is answered, the first is known.
		res, err := http.Get("http://" + addr.String() + "/healthz")
		must(t, err)
		_, err = io.Copy(io.Discard, res.Body)
		must(t, errors.Join(err, res.Body.Close()))
	}
	http.DefaultClient.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second) // net/http would give them five
	defer cancel()
	must(t, node.Stop(ctx))
}
