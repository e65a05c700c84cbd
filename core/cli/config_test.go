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
