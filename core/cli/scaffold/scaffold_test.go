package scaffold

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-gg/muster/sdk/hook"
)

// checkout is Muster's source, seen from this package.
const checkout = "../../.."

// goTool runs the go command in dir with what is on this machine alone.
func goTool(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=readonly", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func goAvailable(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command here")
	}
}

// TestBuilds makes a plugin as a user does, builds it and runs its test, with no
// network.
func TestBuilds(t *testing.T) {
	goAvailable(t)
	dir := filepath.Join(t.TempDir(), "fair-start")
	p := Plugin{Name: "fair-start", Point: hook.PointValidateStart, Module: "git.example.com/us/fair-start", Muster: Muster{Source: checkout}}
	if err := p.Write(dir); err != nil {
		t.Fatal(err)
	}
	goTool(t, dir, "vet", "./...")
	goTool(t, dir, "test", "./...")
	binary := filepath.Join(t.TempDir(), "fair-start")
	goTool(t, dir, "build", "-o", binary, ".")
	// Run by hand, it says what it is.
	out, err := exec.CommandContext(t.Context(), binary).CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("fair-start 0.1.0 is a plugin of Muster")) || !bytes.Contains(out, []byte("least_players")) {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestEveryPoint puts the beginnings for all points into one module and runs
// their tests together.
func TestEveryPoint(t *testing.T) {
	if len(Points()) != len(hook.Points())-2 {
		t.Errorf("beginnings for %v", Points())
	}
	goAvailable(t)
	root := t.TempDir()
	for _, point := range Points() {
		name := strings.ReplaceAll(point, "_", "-")
		dir := filepath.Join(root, name)
		if err := (Plugin{Name: name, Point: hook.Point(point), Muster: Muster{Source: checkout}}).Write(dir); err != nil {
			t.Fatal(err)
		}
		checkMain(t, filepath.Join(dir, "main.go"))
		for _, file := range []string{"go.mod", "go.sum"} {
			if err := os.Rename(filepath.Join(dir, file), filepath.Join(root, file)); err != nil {
				t.Fatal(err)
			}
		}
	}
	goTool(t, root, "vet", "./...")
	goTool(t, root, "test", "./...")
}

// checkMain holds that a plugin fits on a screen.
func checkMain(t *testing.T, path string) {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(src, []byte("\n")); n > 40 {
		t.Errorf("%s has %d lines", path, n)
	}
	for _, line := range strings.Split(string(src), "\n") {
		if len(line) > 140 {
			t.Errorf("%s: a long line: %s", path, line)
		}
	}
}

func TestModule(t *testing.T) {
	parent := t.TempDir()
	other := filepath.Join(parent, "other")
	inside := filepath.Join(parent, "muster")
	for dir, mod := range map[string]string{
		other:  "module example.com/other\n",
		inside: "module github.com/muster-gg/muster\n\ngo 1.99\n\nrequire a.example/a v1.0.0 // why\n\nrequire (\n\tb.example/b v2.0.0 // indirect\n)\n\nreplace (\n\tc.example/c v1 => ../c\n)\n",
	} {
		if err := os.MkdirAll(filepath.Join(dir, "deep"), 0o700); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"go.mod": mod, "go.sum": "sums\n"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := FindSource(filepath.Join(inside, "deep")); got != inside {
		t.Errorf("found %q", got)
	}
	if got := FindSource(filepath.Join(other, "deep")); got != "" {
		t.Errorf("found %q", got)
	}
	const all = "go 1.99\n\nrequire github.com/muster-gg/muster v0.0.0\n\nreplace github.com/muster-gg/muster => %s\n\n" +
		"require (\n\ta.example/a v1.0.0 // indirect\n\tb.example/b v2.0.0 // indirect\n)\n"
	for _, c := range []struct {
		muster    Muster
		dir, want string
	}{
		{Muster{Source: inside}, filepath.Join(inside, "deep", "p"), fmt.Sprintf(all, "../..")},
		{Muster{Source: inside}, filepath.Join(parent, "p"), fmt.Sprintf(all, inside)},
		{Muster{Version: "v1.2.3"}, parent, "go " + goVersion + "\n\nrequire github.com/muster-gg/muster v1.2.3\n"},
		{Muster{Version: "v1.2.3-rc.1"}, parent, "go " + goVersion + "\n\nrequire github.com/muster-gg/muster v1.2.3-rc.1\n"},
		{Muster{Version: "dev"}, parent, ""},
		{Muster{Version: "v1.2.3-4-gabcdef"}, parent, ""},
		{Muster{Version: "v1.2.3-dirty"}, parent, ""},
		{Muster{Source: other}, parent, ""},
		{Muster{Source: filepath.Join(parent, "none")}, parent, ""},
	} {
		got, sum, err := c.muster.module(c.dir)
		if got != c.want || (err == nil) != (c.want != "") || (len(sum) > 0) != (err == nil && c.muster.Source != "") {
			t.Errorf("%+v: %v\n%s", c.muster, err, got)
		}
	}
	mod, err := os.ReadFile(filepath.Join(checkout, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if version, required := requirements(mod); version != goVersion || len(required) < 20 {
		t.Errorf("Muster's own go.mod: go %s, %d modules", version, len(required))
	}
}

func TestWriteRefuses(t *testing.T) {
	good := Plugin{Name: "rules", Point: hook.PointValidateStart, Muster: Muster{Version: "v1.2.3"}}
	for want, change := range map[string]func(*Plugin){
		"cannot be the name":     func(p *Plugin) { p.Name = "../rules" },
		"no beginning":           func(p *Plugin) { p.Point = hook.PointMakeMatches },
		"for the point \"nope\"": func(p *Plugin) { p.Point = "nope" },
		"is no release":          func(p *Plugin) { p.Muster.Version = "dev" },
	} {
		p, dir := good, filepath.Join(t.TempDir(), "x")
		change(&p)
		if err := p.Write(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s: something was written", want)
		}
	}
	dir := t.TempDir()
	if err := good.Write(dir); err != nil {
		t.Error(err)
	}
	if err := good.Write(dir); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("over what is there: %v", err)
	}
}

// TestNames: every name makes code that parses.
func TestNames(t *testing.T) {
	for name, want := range map[string]string{"rules": "rules", "fair-start": "fairStart", "a_b-c": "aBC", "2v2": "my2v2", "plugin": "myPlugin", "type": "myType", "hook": "myHook", "a-": "a", "x--y": "xY"} {
		if got := identifier(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		dir := filepath.Join(t.TempDir(), "x")
		if err := (Plugin{Name: name, Point: hook.PointRpc, Muster: Muster{Version: "v1.2.3"}}).Write(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, "main.go"), nil, 0); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
