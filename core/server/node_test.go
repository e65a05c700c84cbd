package server_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/cli"
	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/server"
	"github.com/muster-gg/muster/runtime/native"
	"github.com/muster-gg/muster/runtime/sandbox"
	"github.com/muster-gg/muster/runtime/worker"
	"github.com/muster-gg/muster/sdk/plugin"
)

// asMuster makes the test binary be the muster program: tests that kill a server
// run themselves as one.
const asMuster = "MUSTER_TEST_AS_MUSTER"

func TestMain(m *testing.M) {
	if worker.Started() {
		worker.Serve()
	}
	if sandbox.Started() {
		sandbox.Serve()
	}
	if addr := os.Getenv(asSaga); addr != "" {
		os.Exit(serveSaga(addr))
	}
	if os.Getenv(asMuster) != "" {
		os.Exit(cli.Main(os.Args[1:], "test", os.Stdout, os.Stderr))
	}
	if how := os.Getenv(asGame); how != "" {
		os.Exit(playGame(how))
	}
	switch os.Getenv(asPlugin) {
	case "":
	case asSplitter:
		plugin.Serve(&splitter{}, plugin.Info{Name: "splitter", Version: "1"})
	default:
		plugin.Serve(&moody{}, plugin.Info{Name: "moody", Version: "1"})
	}
	http.DefaultClient.Timeout = time.Minute // a test that hangs says where
	goleak.VerifyTestMain(m)
}

// writeConfig puts a config file into dir, on free ports of loopback.
func writeConfig(t testing.TB, dir, games string) string {
	t.Helper()
	path := filepath.Join(dir, "config.hcl")
	text := fmt.Sprintf("server {\n  listen = \"127.0.0.1:0\"\n  admin_listen = \"127.0.0.1:0\"\n  drain = \"10s\"\n}\nlimits {\n  disabled = true\n}\n%s", games)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// startNode runs a node in this process and stops it at the end of the test.
func startNode(t testing.TB, games string) *server.Server {
	t.Helper()
	return startRuledNode(t, games, nil)
}

// startRuledNode is startNode with rules in Go, by game.
func startRuledNode(t testing.TB, games string, rules map[string][]*native.Hook) *server.Server {
	t.Helper()
	path := writeConfig(t, t.TempDir(), games)
	cfg, diags := config.Load(path, config.Options{Files: config.RequireFiles})
	if err := diags.Err(); err != nil {
		t.Fatal(err)
	}
	node, err := server.Start(context.Background(), server.Options{Config: cfg, Version: "test", Logger: zap.NewNop(), Hooks: rules})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := node.Stop(ctx); err != nil {
			t.Error("stop:", err)
		}
	})
	return node
}
