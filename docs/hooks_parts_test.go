package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
)

// TestGuideMistakes: the guide shows what is said of its scripts with a mistake, when
// they are loaded or else called.
func TestGuideMistakes(t *testing.T) {
	found := 0
	for _, s := range guide(t) {
		for _, b := range s.files("ts") {
			if !b.is("mistake") {
				continue
			}
			found++
			entry := filepath.Join(folder(t, b), b.file)
			v, err := script.Load(t.Context(), script.Options{Game: "mygame", Entry: entry})
			if err == nil {
				err = v.Impl().ValidateStart(t.Context(), &hook.Lobby{Teams: []*hook.Team{{Name: "A"}}})
				if err := v.Close(t.Context()); err != nil {
					t.Error(err)
				}
			}
			if err == nil || !slices.ContainsFunc(s.blocks, func(b block) bool { return b.language == "text" && strings.Contains(b.text, err.Error()) }) {
				t.Errorf("%s: the section has no block with\n%v", s.title, err)
			}
		}
	}
	if found == 0 {
		t.Error("the guide has no mistake")
	}
}

var link = regexp.MustCompile(`\]\(([^):]+)\)`)

// TestGuideLinks: what the guide links to is there.
func TestGuideLinks(t *testing.T) {
	text, err := os.ReadFile("hooks.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range link.FindAllStringSubmatch(fenced.ReplaceAllString(string(text), ""), -1) {
		page, part, _ := strings.Cut(m[1], "#")
		target := text
		if page != "" {
			if target, err = os.ReadFile(page); err != nil {
				t.Error(err)
				continue
			}
		}
		if part != "" && !slices.ContainsFunc(heading.FindAllStringSubmatch(string(target), -1), func(h []string) bool { return anchor(h[1]) == part }) {
			t.Errorf("%s leads nowhere", m[1])
		}
	}
}

// anchor is what a heading is linked to by.
func anchor(title string) string {
	return strings.ReplaceAll(strings.ToLower(strings.Map(func(r rune) rune {
		if strings.ContainsRune(".,?!:`\"()", r) {
			return -1
		}
		return r
	}, title)), " ", "-")
}

// TestGuideConfigs: fences of HCL with "game" behind it are the inside of a game.
func TestGuideConfigs(t *testing.T) {
	found := 0
	for _, s := range guide(t) {
		for _, b := range s.blocks {
			if b.language != "hcl" || !b.is("game") {
				continue
			}
			found++
			text := b.text
			if !strings.Contains(text, `allocate "local"`) {
				text += "allocate \"local\" {\n  command = [\"x\"]\n}\n"
			}
			_, diags := config.Parse("config.hcl", []byte("game \"mygame\" {\n"+text+"}\n"), config.Options{Files: config.IgnoreFiles})
			for _, d := range diags {
				t.Errorf("%s: %s", s.title, d.Text)
			}
		}
	}
	if found == 0 {
		t.Error("the guide has no config")
	}
}

// TestGuidePlugin: the rule in Go passes its test.
func TestGuidePlugin(t *testing.T) {
	for _, s := range guide(t) {
		files := s.files("go")
		if s.title != "The same rule as a plugin" {
			continue
		}
		args := []string{"test"}
		dir := folder(t, files...)
		for _, b := range files {
			args = append(args, filepath.Join(dir, b.file))
		}
		out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), "ok") || strings.Contains(string(out), "no tests") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	t.Error("the guide has no rule in Go")
}
