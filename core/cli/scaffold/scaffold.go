// Package scaffold writes the beginnings of plugins: a folder that builds and
// whose test passes.
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/muster-gg/muster/sdk/hook"
)

// templates are the files of a plugin, and in points what differs from point to
// point.
//
//go:embed templates
var templates embed.FS

// Plugin says what to write.
type Plugin struct {
	// Name is the plugin's name and that of its folder: [a-z0-9][a-z0-9_-]{0,31}.
	Name string
	// Point is what it serves.
	Point hook.Point
	// Module is the path of its Go module; empty: example.com/Name.
	Module string
	// Muster is where its go.mod finds Muster.
	Muster Muster
}

var name = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

// Points are those that there is a beginning for.
func Points() []string {
	var all []string
	for _, p := range hook.Points() {
		if _, err := fs.Stat(templates, pointFile(p)); err == nil {
			all = append(all, string(p))
		}
	}
	return all
}

func pointFile(p hook.Point) string { return "templates/points/" + string(p) + ".tmpl" }

// Write makes the folder dir, which must not exist or be empty. It writes all
// files or, on an error, leaves none.
func (p Plugin) Write(dir string) error {
	if !name.MatchString(p.Name) {
		return fmt.Errorf(`%q cannot be the name of a plugin: it has 1 to 32 of a-z, 0-9, "_", "-", and begins with a letter or digit`, p.Name)
	}
	if !slices.Contains(Points(), string(p.Point)) {
		return fmt.Errorf("there is no beginning of a plugin for the point %q; there is one for %s", p.Point, strings.Join(Points(), ", "))
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is there already and not empty", dir)
	}
	files, err := p.files(dir)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return errors.Join(err, remove(dir, files))
		}
	}
	return nil
}

func remove(dir string, files map[string][]byte) error {
	var errs []error
	for name := range files {
		if err := os.Remove(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, os.Remove(dir))...)
}

// view is what the templates see.
type view struct {
	Plugin
	// Type is the Go type of the plugin.
	Type string
	Use  string
}

func (p Plugin) files(dir string) (map[string][]byte, error) {
	mod, sum, err := p.Muster.module(dir)
	if err != nil {
		return nil, err
	}
	if p.Module == "" {
		p.Module = "example.com/" + p.Name
	}
	files := map[string][]byte{
		"go.mod": []byte("module " + p.Module + "\n\n" + mod),
	}
	if len(sum) > 0 {
		files["go.sum"] = sum
	}
	t, err := template.New("").Funcs(template.FuncMap{"indent": indent}).ParseFS(templates, "templates/*.tmpl", pointFile(p.Point))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"main.go", "main_test.go", "README.md"} {
		var b bytes.Buffer
		if err := t.ExecuteTemplate(&b, name+".tmpl", view{Plugin: p, Type: identifier(p.Name), Use: p.Use()}); err != nil {
			return nil, err
		}
		text := b.Bytes()
		if filepath.Ext(name) == ".go" {
			if text, err = format.Source(text); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		files[name] = text
	}
	return files, nil
}

// indent makes a code block of Markdown.
func indent(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") }

// Use is what a game's block in config.hcl says to use the plugin.
func (p Plugin) Use() string {
	switch p.Point {
	case hook.PointAuthenticate:
		return fmt.Sprintf("  auth = [\"anonymous\", %q]", p.Name)
	case hook.PointAllocate:
		return fmt.Sprintf("  allocate \"plugin\" {\n    use = %q\n  }", p.Name)
	}
	return fmt.Sprintf("  hooks \"plugin\" {\n    use    = %q\n    points = [%q]\n  }", p.Name, p.Point)
}

// identifier turns a name into that of an unexported Go type.
func identifier(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' })
	for i := 1; i < len(words); i++ {
		words[i] = strings.ToUpper(words[i][:1]) + words[i][1:]
	}
	id := strings.Join(words, "")
	if taken(id) || id[0] >= '0' && id[0] <= '9' {
		return "my" + strings.ToUpper(id[:1]) + id[1:]
	}
	return id
}
