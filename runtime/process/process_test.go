//go:build linux

package process

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/hooktest"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestPluginServes(t *testing.T) {
	p := begin(t, options(t, "plugin", map[string]any{"key": "secret-key"}))
	d := p.Description()
	if d.GetName() != "test-plugin" || d.GetVersion() != "1.2.3" || len(p.Points()) != 4 {
		t.Errorf("%v", d)
	}
	ctx := hook.WithCall(t.Context(), hook.Call{Game: "arena", Point: hook.PointRpc, Hook: "the hook"})
	for name, want := range map[string]string{
		"echo": "text", "call": "arena rpc the hook", "settings": "hello secret-key true",
	} {
		if got, err := ask(ctx, p, name, "text"); err != nil || got != want {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	if _, err := ask(ctx, p, "unknown", ""); !errors.Is(err, hook.ErrUnknownRpc) {
		t.Errorf("unknown: %v", err)
	}
	if id, err := p.Impl().Authenticate(ctx, &hook.AuthRequest{}); id != nil || err != nil {
		t.Errorf("an empty answer: %v %v", id, err)
	}
	s := p.Status()
	if s.State != Running || !alive(s.PID) || len(s.Checksum) != 64 || s.Version != "1.2.3" || s.StartedAt.IsZero() {
		t.Errorf("%+v", s)
	}
	line, err := os.ReadFile("/proc/" + itoa(s.PID) + "/cmdline")
	if want := p.opts.Command[0] + "\x00-an-argument\x00"; err != nil || string(line) != want {
		t.Errorf("command line %q, want %q", line, want)
	}
	if in, err := os.Readlink("/proc/" + itoa(s.PID) + "/fd/0"); err != nil || !strings.HasPrefix(in, "pipe:") {
		t.Errorf("its standard input is %s: %v", in, err)
	}
	comm, err := os.ReadFile("/proc/" + itoa(s.PID) + "/comm")
	if want := filepath.Base(p.opts.Command[0]); err != nil || !strings.HasPrefix(want, strings.TrimSpace(string(comm))) {
		t.Errorf("named %q, want %q", comm, want)
	}
}

func TestRefusalsAndOutagesCross(t *testing.T) {
	p := begin(t, options(t, "plugin", nil))
	err := p.Impl().ValidateStart(t.Context(), &hook.Lobby{Id: "refuse"})
	if r, ok := hook.AsRefusal(err); !ok || r.GetReason() != "no" || r.GetPlayerReasons()["a1"] != "not you" {
		t.Errorf("%v", err)
	}
	if err := p.Impl().ValidateStart(t.Context(), &hook.Lobby{Id: "unreachable"}); !hook.IsUnreachable(err) {
		t.Errorf("%v", err)
	}
	if err := p.Impl().ValidateStart(t.Context(), &hook.Lobby{}); err != nil {
		t.Errorf("%v", err)
	}
}

func TestOwnEnvironmentOnly(t *testing.T) {
	t.Setenv("MUSTER_SECRET", "the server's")
	p := begin(t, env(options(t, "plugin", nil), map[string]string{"HTTPS_PROXY": "http://proxy"}))
	got, err := ask(t.Context(), p, "env", "")
	if err != nil || !strings.Contains(got, "HTTPS_PROXY=http://proxy") {
		t.Errorf("%q %v", got, err)
	}
	for entry := range strings.SplitSeq(got, "\x1f") {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "PLUGIN_") && !strings.HasPrefix(name, "MUSTER_PLUGIN") &&
			!slices.Contains([]string{"TMPDIR", "TEST_CHILD", "HTTPS_PROXY"}, name) {
			t.Errorf("it has %s", entry)
		}
	}
}

func TestFailuresAreSentences(t *testing.T) {
	o := options(t, "plugin", nil)
	logs := logged(&o)
	p := begin(t, o)
	_, err := ask(t.Context(), p, "panic", "x")
	wants(t, err, "panic in rpc: boom x")
	if e := logs.until(t, "panic"); e.Level != zap.ErrorLevel || !strings.Contains(e.ContextMap()["stack"].(string), "child_test.go") {
		t.Errorf("%v", e)
	}
	_, err = ask(t.Context(), p, "large", "")
	wants(t, err, "larger than max")
	_, err = ask(t.Context(), p, "fail", "it broke")
	if err == nil || err.Error() != "it broke" {
		t.Errorf("%v", err)
	}
	_, err = p.Impl().AssignTeam(t.Context(), &hook.Lobby{}, &hook.Player{})
	if !errors.Is(err, wire.ErrNotServed) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 1)
	defer cancel()
	if _, err := ask(ctx, p, "wait", ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if got, err := ask(t.Context(), p, "echo", "alive"); got != "alive" {
		t.Errorf("%q %v", got, err)
	}
}

func TestPluginReachesThePlatform(t *testing.T) {
	host := hooktest.NewHost()
	o := options(t, "plugin", nil)
	o.Host = func(game string) (hook.Host, bool) { return host, game == "arena" }
	p := begin(t, o)
	ctx := hook.WithCall(t.Context(), hook.Call{Game: "arena", Point: hook.PointRpc})
	if got, err := ask(ctx, p, "store", "k"); err != nil || got != `{"n":1}` {
		t.Errorf("%q %v", got, err)
	}
	if n := host.Notices(); len(n) != 1 || n[0].Kind != "kind" || string(n[0].Payload) != "[1]" {
		t.Errorf("%v", n)
	}
	other := hook.WithCall(t.Context(), hook.Call{Game: "chess", Point: hook.PointRpc})
	_, err := ask(other, p, "store", "k")
	wants(t, err, "can be asked in a hook's call only", `the game "chess" does not use this plugin`)
}

func TestLinesKeepLevelAndFields(t *testing.T) {
	o := options(t, "plugin", map[string]any{"key": "secret-key"})
	logs := logged(&o)
	p := begin(t, o)
	ctx := hook.WithCall(t.Context(), hook.Call{Game: "arena", Point: hook.PointRpc})
	if _, err := ask(ctx, p, "log", "the secret-key is"); err != nil {
		t.Fatal(err)
	}
	e := logs.until(t, "look")
	got := e.ContextMap()
	for key, want := range map[string]any{
		"plugin": "tested", "plugin_": "somebody else", "n": 3.0, "game": "arena", "point": "rpc", "list": `["a"]`,
		"text": "the " + masked + " is",
	} {
		if got[key] != want {
			t.Errorf("%s is %v, want %v", key, got[key], want)
		}
	}
	if e.Level != zap.WarnLevel {
		t.Errorf("level %s", e.Level)
	}
	if e := logs.until(t, "printed the "+masked); e.Level != zap.InfoLevel {
		t.Errorf("%v", e)
	}
	logs.until(t, "complained the "+masked)
	if e := logs.until(t, "yyy"); len(e.Message) > maxLine+4 {
		t.Errorf("a line of %d bytes", len(e.Message))
	}
	logs.until(t, "noise before the handshake")
	logs.until(t, "noise after the handshake")
	for _, e := range logs.kept.All() {
		for _, v := range append([]any{e.Message}, e.ContextMap()["text"]) {
			if s, ok := v.(string); ok && strings.Contains(s, "secret-key") {
				t.Errorf("%v", e)
			}
		}
	}
}
