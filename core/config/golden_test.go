package config

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what came out as the golden files")

// testEnv is the environment of the files in testdata.
var testEnv = map[string]string{
	"MUSTER_SECRET":    "hushhushhushhushhushhushhushhush0123",
	"SHORT_SECRET":     "hush-hush",
	"GAMEFLOW_GAME_ID": "game-1",
	"GAMEFLOW_API_KEY": "hush-key",
	"LISTEN":           "0.0.0.0:9000",
	"NUMBER":           "6",
	"YES":              "true",
	"EMPTY":            "",
	"NONSENSE":         "hush nonsense",
}

func testOptions() Options {
	return Options{
		LookupEnv: func(name string) (string, bool) { v, set := testEnv[name]; return v, set },
		Dir:       "/srv/muster",
		Files:     IgnoreFiles,
	}
}

// TestGood reads testdata/good/*.hcl: the values, and warnings if there are any,
// are in the .golden beside it.
func TestGood(t *testing.T) {
	each(t, "testdata/good/*.hcl", 10, func(t *testing.T, name string, src []byte) []byte {
		c, found := Parse(name, src, testOptions())
		if found.HasErrors() || c == nil {
			t.Fatalf("not good:\n%v", found)
		}
		var b bytes.Buffer
		for _, s := range flatten(c) {
			if !s.block {
				fmt.Fprintf(&b, "%s = %s\n", s.path, s.shown)
			}
		}
		if len(found) > 0 {
			b.WriteString("\n")
		}
		if err := Format(&b, found, false); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	})
}

// TestBad reads testdata/bad/*.hcl: the .golden beside it has what a person is
// told, word for word.
func TestBad(t *testing.T) {
	each(t, "testdata/bad/*.hcl", 40, func(t *testing.T, name string, src []byte) []byte {
		c, found := Parse(name, src, testOptions())
		if !found.HasErrors() || c != nil {
			t.Fatalf("not bad: %v", found)
		}
		var b bytes.Buffer
		if err := Format(&b, found, false); err != nil {
			t.Fatal(err)
		}
		checkDiagnostics(t, found, b.String())
		return b.Bytes()
	})
}

// checkDiagnostics holds for the diagnostics of any file.
func checkDiagnostics(t *testing.T, found Diagnostics, shown string) {
	t.Helper()
	for i, d := range found {
		if d.Line < 1 || d.Column < 1 || d.EndColumn <= d.Column || d.File == "" || d.Text == "" {
			t.Errorf("without a place or words: %+v", d)
		}
		if i > 0 && d.Line < found[i-1].Line {
			t.Errorf("out of order: %v", d)
		}
	}
	// In testdata every secret has this in it, and no name does.
	if strings.Contains(shown, "hush") || strings.Contains(found.Error(), "hush") {
		t.Errorf("a secret is shown:\n%s", shown)
	}
}

func each(t *testing.T, pattern string, least int, run func(t *testing.T, name string, src []byte) []byte) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) < least {
		t.Fatalf("%d files of %s, %d expected; %v", len(files), pattern, least, err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(strings.TrimSuffix(name, ".hcl"), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := run(t, name, src)
			golden(t, strings.TrimSuffix(file, ".hcl")+".golden", got)
		})
	}
}

// golden holds what came out against a file.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("differs from %s (go test -update writes it).\n--- got\n%s\n--- want\n%s", file, got, want)
	}
}
