package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/muster-gg/muster/sdk/js"
)

func TestHooksTSConfig(t *testing.T) {
	dir := t.TempDir()
	types, config := filepath.Join(dir, "muster.d.ts"), filepath.Join(dir, "tsconfig.json")
	run := func(want string) {
		t.Helper()
		var out, errOut bytes.Buffer
		if code := Main([]string{"hooks", "types", "-out", dir}, "1.2.3", &out, &errOut); code != 0 || out.String() != want {
			t.Errorf("%d: %s%s, want %s", code, out.String(), errOut.String(), want)
		}
	}
	read := func(file string) []byte {
		t.Helper()
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}

	kit := filepath.Join(dir, "muster-test.d.ts")
	run(types + ": written\n" + kit + ": written\n" + config + ": written, for editors and tsc\n")
	if !bytes.Equal(read(types), js.HookTypes) {
		t.Error("those are not the types")
	}
	var got struct {
		CompilerOptions map[string]any
		Include         []string
	}
	if err := json.Unmarshal(read(config), &got); err != nil || got.CompilerOptions["strict"] != true || !slices.Equal(got.Include, []string{"**/*.ts"}) {
		t.Errorf("%v: %s", err, read(config))
	}

	// The types are renewed, the config is its author's.
	for file, text := range map[string]string{types: "old", config: "mine"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(types + ": written\n" + kit + " is up to date\n")
	run(types + " is up to date\n" + kit + " is up to date\n")
	if !bytes.Equal(read(types), js.HookTypes) || !bytes.Equal(read(kit), js.TestTypes) || string(read(config)) != "mine" {
		t.Errorf("%.40s, %s", read(types), read(config))
	}
}
