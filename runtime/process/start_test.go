//go:build linux

package process

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
)

// fails starts a plugin that must not start, and leaves nothing.
func fails(t *testing.T, o Options) error {
	t.Helper()
	p, err := Start(t.Context(), o)
	if err == nil {
		_ = p.Close(context.Background())
		t.Fatal("it started")
	}
	if left := children(t); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	return err
}

// starts starts a plugin and closes it.
func starts(t *testing.T, o Options) {
	t.Helper()
	p, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStartFailuresAreSentences(t *testing.T) {
	for _, c := range []struct {
		mode  string
		parts []string
	}{
		{"no plugin", []string{`plugin "tested": `, "is no plugin of Muster", "exit status 3", "hello, I am a calculator"}},
		{"crash", []string{"exit status 2", "panic: cannot load the ratings"}},
		{"protocol 2", []string{"speaks protocol 2, this Muster speaks 1: upgrade Muster or use an older"}},
		{"plain tcp", []string{"listens at tcp 127.0.0.1:1 without encryption", "PLUGIN_UNIX_SOCKET_DIR"}},
		{"author's mistake", []string{"the method ValidateStart of *process.mistaken has not the signature", "see hook.StartValidator"}},
	} {
		wants(t, fails(t, options(t, c.mode, nil)), c.parts...)
	}
}

func TestSlowStarts(t *testing.T) {
	for mode, part := range map[string]string{
		"silent": "is no plugin of Muster, or starts too slowly: it did not say within 300ms", "mute socket": "was not ready within 300ms",
	} {
		o := options(t, mode, nil)
		o.Timing.Start = 300 * time.Millisecond
		began := time.Now()
		wants(t, fails(t, o), part)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s took %s", mode, took)
		}
	}
	o := options(t, "plugin", map[string]any{"slow": "1m"})
	o.Timing.Start = 2 * time.Second
	wants(t, fails(t, o), "was not ready within 2s")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if p, err := Start(ctx, options(t, "silent", nil)); p != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestConfigureErrors(t *testing.T) {
	for greeting, parts := range map[string][]string{
		"broken": {"the ratings cannot be read"}, "panic": {"panic in Start: start"},
		"exit": {"ended while it was started (exit status 4)"}, "bad": {"the setting greeting is not polite: " + masked},
	} {
		err := fails(t, options(t, "plugin", map[string]any{"greeting": greeting, "key": "secret-key"}))
		wants(t, err, parts...)
		var bad *BadSetting
		if errors.As(err, &bad) != (greeting == "bad") || bad != nil && bad.Name != "greeting" || strings.Contains(err.Error(), "secret-key") {
			t.Errorf("%s: %v", greeting, err)
		}
	}
	o := options(t, "plugin", nil)
	o.Configure = func(schema []*pluginpb.Setting) (*structpb.Struct, error) {
		if len(schema) != 3 || schema[0].GetName() != "greeting" || !schema[1].GetSecret() {
			t.Errorf("%v", schema)
		}
		return nil, errors.New("config.hcl:3: no such attribute")
	}
	wants(t, fails(t, o), "config.hcl:3: no such attribute")
}

func TestDescriptionsAreChecked(t *testing.T) {
	good := `"name":"liar","version":"1","points":["rpc"]`
	for extra, part := range map[string]string{
		`"name":"liar","version":"1"`:                                                                      "serves no extension point",
		`"name":"liar","version":"1","points":["teleport"]`:                                                `serves the point "teleport", which this Muster does not know`,
		`"name":"","version":"1","points":["rpc"]`:                                                         "its name is empty",
		`"name":"a\nb","version":"1","points":["rpc"]`:                                                     "cannot be printed",
		`"name":"liar","version":"1","points":["rpc","rpc"]`:                                               "names the point rpc twice",
		good + `,"doc":"` + strings.Repeat("x", 1001) + `"`:                                                "its doc has 1001 characters",
		good + `,"settings":[{"name":"A","type":"string"}]`:                                                `a setting of the name "A"`,
		good + `,"settings":[{"name":"a","type":"colour"}]`:                                                `the type "colour"`,
		good + `,"settings":[{"name":"a","type":"number","default":"x"}]`:                                  "the default of its setting a does not fit",
		good + `,"settings":[{"name":"a","type":"duration","default":"x"}]`:                                "the default of its setting a does not fit",
		good + `,"settings":[{"name":"a","type":"list","default":[1]}]`:                                    "the default of its setting a does not fit",
		good + `,"settings":[{"name":"a","type":"bool"},{"name":"a","type":"bool"}]`:                       `two settings "a"`,
		good + `,"settings":[{"name":"a","type":"bool","oneOf":["x"]}]`:                                    "only a string may",
		good + `,"settings":[{"name":"a","type":"string","required":true,"default":"x"}]`:                  "does not fit",
		good + `,"settings":[` + strings.Repeat(`{"name":"a","type":"bool"},`, 100) + `{"name":"b"}` + `]`: "101 settings",
	} {
		o := env(options(t, "liar", nil), map[string]string{"TEST_DESCRIPTION": "{" + extra + "}"})
		wants(t, fails(t, o), part)
	}
	p := begin(t, env(options(t, "liar", nil), map[string]string{"TEST_DESCRIPTION": "{" + good + "}"}))
	_, err := ask(t.Context(), p, "echo", "")
	wants(t, err, "does not serve this point, although it says so")
}

// TestPlainPlugins holds that a plugin may go without encryption in the folder that
// is the server's and its own.
func TestPlainPlugins(t *testing.T) {
	p := begin(t, env(options(t, "plain", nil), map[string]string{"TEST_DESCRIPTION": `{"name":"plain","version":"1","points":["rpc"]}`}))
	if p.Description().GetName() != "plain" {
		t.Errorf("%v", p.Description())
	}
}

func TestDescribeOnly(t *testing.T) {
	o := options(t, "plugin", map[string]any{"greeting": "broken"})
	d, err := Describe(t.Context(), o)
	if err != nil || d.GetName() != "test-plugin" || len(d.GetSettings()) != 3 {
		t.Errorf("%v %v", d, err)
	}
	if left := children(t); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// copyOf is this program as a file of its own.
func copyOf(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "auth-test")
	in, err := os.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o755); err != nil { // whatever the umask
		t.Fatal(err)
	}
	return path
}

func TestChecksums(t *testing.T) {
	o := options(t, "plugin", nil)
	o.Command[0], o.Development, o.RequireChecksum = copyOf(t), false, true
	var sum *ChecksumError
	if err := fails(t, o); !errors.As(err, &sum) || sum.Want != "" {
		t.Fatal(err)
	} else {
		wants(t, err, "has no checksum", `write sha256 = "`+sum.Have+`"`)
	}
	right := sum.Have
	o.SHA256 = strings.Repeat("0", 64)
	wants(t, fails(t, o), "is not the file that the config trusts", right)
	o.SHA256 = strings.ToUpper(right)
	p := begin(t, o)
	if p.Status().Checksum != right {
		t.Errorf("%+v", p.Status())
	}
	if got, err := Checksum(o); got != right {
		t.Errorf("%s %v", got, err)
	}
}

func TestWritableFilesAreRefused(t *testing.T) {
	o := options(t, "plugin", nil)
	o.Command[0] = copyOf(t)
	folder := filepath.Dir(o.Command[0])
	for _, c := range []struct {
		file, folder os.FileMode
		dev          bool
		part         string
	}{
		{0o775, 0o755, false, "the file " + o.Command[0] + " can be changed by others"},
		{0o757, 0o755, true, "the file " + o.Command[0] + " can be changed by others"},
		{0o755, 0o775, false, "the folder " + folder + " can be changed by others"},
		{0o755, 0o757, true, "the folder " + folder + " can be changed by others"},
		{0o644, 0o755, true, "cannot be executed"},
		{0o775, 0o775, true, ""},
	} {
		for path, mode := range map[string]os.FileMode{o.Command[0]: c.file, folder: c.folder} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
		o.Development = c.dev
		if c.part == "" {
			starts(t, o)
			continue
		}
		wants(t, fails(t, o), c.part)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(o.Command[0], link); err != nil {
		t.Fatal(err)
	}
	o.Command = []string{link}
	starts(t, o)
	if err := os.Chmod(filepath.Dir(link), 0o777); err != nil {
		t.Fatal(err)
	}
	wants(t, fails(t, o), "the folder "+filepath.Dir(link)+" can be changed by others")
}

func TestCommands(t *testing.T) {
	for word, part := range map[string]string{
		"no-such-program-anywhere": `there is no program "no-such-program-anywhere" in PATH`, "/no/such/file": "there is no file /no/such/file",
		"bin/none": "there is no file ", "/": "/ is not a file", "true": "is no plugin of Muster",
	} {
		o := options(t, "plugin", nil)
		o.Command = []string{word}
		wants(t, fails(t, o), part)
	}
	o := options(t, "plugin", nil)
	path := copyOf(t)
	o.Dir, o.Command = filepath.Dir(path), []string{"./auth-test"}
	begin(t, o)
	if _, err := Start(t.Context(), Options{Name: "n"}); err == nil {
		t.Error("no command")
	}
}

// TestScriptsRun holds that a program which is a script is run, by its path.
func TestScriptsRun(t *testing.T) {
	o := options(t, "plugin", nil)
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nexec "+o.Command[0]+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	o.Command = []string{path}
	p := begin(t, o)
	if got, err := ask(t.Context(), p, "echo", "hi"); got != "hi" {
		t.Error(err)
	}
}
