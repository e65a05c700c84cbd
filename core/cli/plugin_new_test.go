package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/sdk/js"
)

// TestPluginNew runs the command outside of a checkout and with one; that what it
// writes builds, the tests of package scaffold hold.
func TestPluginNew(t *testing.T) {
	checkout, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, c := range []struct {
		version string
		args    []string
		mod     []string
		says    string
	}{
		{"v1.2.3", []string{"new", "fair-start"}, []string{"module example.com/fair-start\n", "require github.com/muster-gg/muster v1.2.3\n"}, "cd fair-start && go mod tidy\n"},
		{"dev", []string{"new", "sign-in", "-replace", checkout, "-module", "git.example.com/x", "-point", "authenticate"},
			[]string{"module git.example.com/x\n", "replace github.com/muster-gg/muster => " + checkout + "\n"}, "cd sign-in\n"},
	} {
		out, errOut, err := runCommand(t, newPluginCommand(c.version, checks{}), c.args...)
		if err != nil || errOut != "" || !strings.Contains(out, c.says) {
			t.Fatalf("%v: %v\n%s%s", c.args, err, out, errOut)
		}
		name := c.args[1]
		mod, err := os.ReadFile(filepath.Join(name, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range c.mod {
			if !strings.Contains(string(mod), want) {
				t.Errorf("%q is not in\n%s", want, mod)
			}
		}
		readPrinted(t, name, out)
		if _, _, err := runCommand(t, newPluginCommand(c.version, checks{}), c.args...); err == nil || !strings.Contains(err.Error(), "not empty") {
			t.Errorf("a second time: %v", err)
		}
	}
	// In a checkout it is found.
	if err := os.Mkdir("muster", 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"muster/go.mod": "module github.com/muster-gg/muster\n\ngo 1.26.0\n", "muster/go.sum": ""} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir("muster")
	if _, _, err := runCommand(t, newPluginCommand("dev", checks{}), "new", "rules"); err != nil {
		t.Fatal(err)
	}
	if mod, err := os.ReadFile("rules/go.mod"); err != nil || !strings.Contains(string(mod), "=> ..\n") {
		t.Errorf("%v\n%s", err, mod)
	}
}

// readPrinted holds that the config which is printed can be used as it stands.
func readPrinted(t *testing.T, name, out string) {
	t.Helper()
	at := strings.Index(out, "plugin \"")
	block, rest, _ := strings.Cut(out[at:], "and inside the block of a game:")
	use, _, _ := strings.Cut(rest, "\"muster config check\"")
	src := block + "game \"arena\" {\n" + use + "  allocate \"local\" {\n    command = [\"x\"]\n  }\n}\n"
	cfg, found := config.Parse("config.hcl", []byte(src), config.Options{Files: config.IgnoreFiles})
	if len(found) > 0 || cfg.Plugins[0].Name != name || filepath.Base(cfg.Plugins[0].Command[0]) != name {
		t.Errorf("%v\n%s", found, src)
	}
}

func TestHooksTypes(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, c := range []struct{ args, file, says string }{
		{"types", "muster.d.ts", "muster.d.ts: written\nmuster-test.d.ts: written\ntsconfig.json: written, for editors and tsc\n"},
		{"types", "muster.d.ts", "muster.d.ts is up to date\nmuster-test.d.ts is up to date\n"},
		{"types -out types.d.ts", "types.d.ts", "types.d.ts: written\nmuster-test.d.ts is up to date\n"},
		{"types -out .", "muster.d.ts", "muster.d.ts is up to date\nmuster-test.d.ts is up to date\n"},
	} {
		out, errOut, err := runCommand(t, newHooksCommand(), strings.Fields(c.args)...)
		if err != nil || out != c.says || errOut != "" {
			t.Errorf("%s: %v\n%s%s", c.args, err, out, errOut)
		}
		if got, err := os.ReadFile(c.file); err != nil || !bytes.Equal(got, js.HookTypes) {
			t.Errorf("%s: %v, %d bytes", c.args, err, len(got))
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 4 {
		t.Errorf("%v, %v", files, err)
	}
	if out, _, err := runCommand(t, newHooksCommand(), "types", "-out", "-"); err != nil || out != string(js.HookTypes) {
		t.Errorf("%v, %d bytes", err, len(out))
	}
}
