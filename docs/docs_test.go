// Package docs_test keeps the examples of the guides true: those in fences are
// whole, and are read, loaded or built as they stand.
package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/scripttest"
)

var fence = regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$")

// eachExample runs check for every example in one language.
func eachExample(t *testing.T, language string, check func(t *testing.T, text string)) {
	t.Helper()
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, page := range append(pages, "../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range fence.FindAllSubmatchIndex(text, -1) {
			if string(text[at[2]:at[3]]) != language {
				continue
			}
			found++
			line := strings.Count(string(text[:at[4]]), "\n") + 1
			t.Run(filepath.Base(page)+":"+strconv.Itoa(line), func(t *testing.T) { check(t, string(text[at[4]:at[5]])) })
		}
	}
	if found == 0 {
		t.Errorf("no page has an example in %s", language)
	}
}

func TestConfigsAreRead(t *testing.T) {
	eachExample(t, "hcl", func(t *testing.T, text string) {
		anything := func(string) (string, bool) { return "anything", true }
		_, found := config.Parse("config.hcl", []byte(text), config.Options{Files: config.IgnoreFiles, LookupEnv: anything})
		for _, d := range found {
			t.Error(d.Text)
		}
	})
}

func TestScriptsLoad(t *testing.T) {
	eachExample(t, "ts", func(t *testing.T, text string) {
		if strings.Contains(text, `"muster/test"`) {
			return // TestTestsPass
		}
		entry := write(t, "rules.ts", text)
		v, err := script.Load(t.Context(), script.Options{Game: "mygame", Entry: entry})
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestTestsPass runs the tests of the guide against the script that it begins with.
func TestTestsPass(t *testing.T) {
	script := ""
	eachExample(t, "ts", func(t *testing.T, text string) {
		if !strings.Contains(text, `"muster/test"`) {
			if script == "" && strings.Contains(text, "export const validateStart") {
				script = text
			}
			return
		}
		dir := filepath.Dir(write(t, "rules.test.ts", text))
		if err := os.WriteFile(filepath.Join(dir, "rules.ts"), []byte(script), 0o600); err != nil {
			t.Fatal(err)
		}
		report, err := scripttest.Run(t.Context(), scripttest.Options{Dir: dir})
		if err != nil || report.Failed() {
			t.Fatalf("%v\n%s", err, report.Failures())
		}
	})
}

func TestPluginsBuild(t *testing.T) {
	eachExample(t, "go", func(t *testing.T, text string) {
		source := write(t, "main.go", text)
		out, err := exec.CommandContext(t.Context(), "go", "vet", source).CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
