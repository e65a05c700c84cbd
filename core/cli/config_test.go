package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func runConfig(t *testing.T, args ...string) (out, errOut string, err error) {
	t.Helper()
	return runCommand(t, newConfigCommand(checks{}), args...)
}

func runCommand(t *testing.T, cmd *cobra.Command, args ...string) (out, errOut string, err error) {
	t.Helper()
	var o, e bytes.Buffer
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetOut(&o)
	cmd.SetErr(&e)
	cmd.SetArgs(doubleDashes(args))
	err = cmd.ExecuteContext(t.Context())
	return o.String(), e.String(), err
}

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.hcl")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const twoGames = `game "arena" {
  allocate "local" {
    command = ["sh"]
  }
}
game "duel" {
  allocate "local" {
    command = ["%s"]
    ports   = "22000-22009"
  }
}
`

func TestConfigCheck(t *testing.T) {
	path := writeConfig(t, strings.Replace(twoGames, "%s", "sh", 1))
	for _, args := range [][]string{{"check", "-config", path}, {"check", "--config=" + path, "-offline"}} {
		out, errOut, err := runConfig(t, args...)
		if want := path + ": ok — 2 games: arena, duel\n"; err != nil || out != want || errOut != "" {
			t.Errorf("%v: %v\n%s%s", args, err, out, errOut)
		}
	}
	t.Chdir(filepath.Dir(path))
	if out, _, err := runConfig(t, "check"); err != nil || !strings.HasPrefix(out, "config.hcl: ok") {
		t.Errorf("the default file: %v\n%s", err, out)
	}
}

func TestConfigCheckWarns(t *testing.T) {
	path := writeConfig(t, strings.Replace(twoGames, "%s", "bin/none", 1))
	out, errOut, err := runConfig(t, "check", "-config", path)
	if err != nil || !strings.HasSuffix(out, ": ok — 2 games: arena, duel (1 warning)\n") {
		t.Errorf("%v\n%s", err, out)
	}
	if !strings.HasPrefix(errOut, path+":8:15: warning: ") || !strings.Contains(errOut, `["bin/none"]`) {
		t.Errorf("%s", errOut)
	}
}

func TestConfigCheckFails(t *testing.T) {
	path := writeConfig(t, "gam \"arena\" {\n}\n")
	out, errOut, err := runConfig(t, "check", "-config", path)
	if !errors.Is(err, errShown) || out != "" {
		t.Errorf("%v\n%s", err, out)
	}
	for _, want := range []string{path + `:1:1: error: There is no "gam"`, "did you mean game?", "not ok — 2 errors"} {
		if !strings.Contains(errOut, want) {
			t.Errorf("%q is not in\n%s", want, errOut)
		}
	}
	if _, errOut, err = runConfig(t, "check", "-config", filepath.Join(t.TempDir(), "none.hcl")); !errors.Is(err, errShown) || !strings.Contains(errOut, "cannot be read") {
		t.Errorf("%v\n%s", err, errOut)
	}
	if _, _, err = runConfig(t, "check", "extra"); err == nil || errors.Is(err, errShown) {
		t.Errorf("an argument too many: %v", err)
	}
}

// TestConfigCheckScripts: scripts are bundled and loaded, and what is strange about
// them is told, with what they say of themselves.
func TestConfigCheckScripts(t *testing.T) {
	path := writeConfig(t, strings.Replace(strings.Replace(twoGames, "%s", "sh", 1), "game \"duel\" {", "game \"duel\" {\n  hooks \"script\" {\n    entry = \"rules.ts\"\n  }", 1))
	write := func(source string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), "rules.ts"), []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("export const rpc = { a: () => { return\n1; } };\nexport const beforeChatt = () => {};\nconsole.warn('old\\x1b[31m\\nrules');")
	said := muster(t, 0, "config", "check", "-config", path)
	has(t, said, ": ok — 2 games: arena, duel; 1 script (3 warnings)\n",
		"game \"duel\": rules.ts:1:39: warning: The following expression is not returned", "\n    export const rpc = { a: () => { return\n",
		"\n\ngame \"duel\": rules.ts: warning: export beforeChatt serves no extension point, did you mean beforeChat?\n",
		"\n\ngame \"duel\": rules.ts: warning: old [31m rules\n")
	write("export const rpc = {};\nfor (;;) {}")
	has(t, muster(t, 1, "config", "check", "-config", path), "game \"duel\": rules.ts:", "the code outside of functions does not come to an end", "not ok — 1 error\n")
	write("export const rpc = {};" + strings.Repeat("a:;", 690000))
	has(t, muster(t, 1, "config", "check", "-config", path), "game \"duel\": rules.ts: error: The bundler ", "not ok — 1 error\n")
}
