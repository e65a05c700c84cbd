package scaffold

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Module is Muster's own.
const Module = "github.com/muster-gg/muster"

// goVersion is that of a released Muster's go.mod.
const goVersion = "1.26.0"

// Muster is the module that a plugin builds against: a released version, or a
// folder with Muster's source.
type Muster struct {
	// Version is the running one, v1.2.3. Ignored with Source.
	Version string
	// Source is the folder of a checkout; empty: none.
	Source string
}

var release = regexp.MustCompile(`^v\d+\.\d+\.\d+(-(alpha|beta|rc)[.\d]*)?$`)

// FindSource looks for a checkout of Muster that dir is in; empty: there is none.
func FindSource(dir string) string {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return ""
	}
	for {
		if checkSource(dir) == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

var moduleLine = regexp.MustCompile(`(?m)^module\s+"?([^\s"]+)"?`)

func checkSource(dir string) error {
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return err
	}
	if m := moduleLine.FindSubmatch(mod); m == nil || string(m[1]) != Module {
		return fmt.Errorf("%s holds another module than %s", dir, Module)
	}
	return nil
}

// module returns what follows the module line in the go.mod of a plugin in dir,
// and its go.sum. With source at hand both are complete, so that the plugin
// builds with no network; else "go mod tidy" completes them.
func (m Muster) module(dir string) (mod string, sum []byte, err error) {
	if m.Source == "" {
		if !release.MatchString(m.Version) {
			return "", nil, fmt.Errorf("this muster (%s) is no release that a plugin could name: start in a checkout of Muster, or say where one is by -replace DIR", m.Version)
		}
		return fmt.Sprintf("go %s\n\nrequire %s %s\n", goVersion, Module, m.Version), nil, nil
	}
	if err := checkSource(m.Source); err != nil {
		return "", nil, fmt.Errorf("that is no checkout of Muster: %w", err)
	}
	source, err := m.pathFrom(dir)
	if err != nil {
		return "", nil, err
	}
	theirs, err := os.ReadFile(filepath.Join(m.Source, "go.mod"))
	if err != nil {
		return "", nil, err
	}
	if sum, err = os.ReadFile(filepath.Join(m.Source, "go.sum")); err != nil {
		return "", nil, err
	}
	version, indirect := requirements(theirs)
	var b strings.Builder
	fmt.Fprintf(&b, "go %s\n\nrequire %s v0.0.0\n\nreplace %s => %s\n\nrequire (\n", version, Module, Module, source)
	for _, r := range indirect {
		fmt.Fprintf(&b, "\t%s // indirect\n", r)
	}
	b.WriteString(")\n")
	return b.String(), sum, nil
}

// pathFrom is where the source is, seen from dir: a relative path if dir is in it,
// so that both may move together.
func (m Muster) pathFrom(dir string) (string, error) {
	dir, errDir := filepath.Abs(dir)
	source, errSource := filepath.Abs(m.Source)
	if err := errors.Join(errDir, errSource); err != nil {
		return "", err
	}
	path := source
	if up, err := filepath.Rel(dir, source); err == nil && strings.Trim(filepath.ToSlash(up), "./") == "" {
		path = up
	}
	if path = filepath.ToSlash(path); strings.ContainsAny(path, " \"'`,()") {
		return fmt.Sprintf("%q", path), nil
	}
	return path, nil
}

// requirements reads the language version and the required modules of a go.mod.
func requirements(mod []byte) (version string, required []string) {
	version = goVersion
	inside := false
	for lines := bufio.NewScanner(bytes.NewReader(mod)); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "//")
		words := strings.Fields(line)
		switch {
		case len(words) == 2 && words[0] == "go":
			version = words[1]
		case slices.Equal(words, []string{"require", "("}):
			inside = true
		case slices.Equal(words, []string{")"}):
			inside = false
		case len(words) == 3 && words[0] == "require":
			required = append(required, words[1]+" "+words[2])
		case inside && len(words) == 2:
			required = append(required, words[0]+" "+words[1])
		}
	}
	return version, required
}

// taken reports whether a name has a meaning in the scaffold's files.
func taken(name string) bool {
	return token.IsKeyword(name) || slices.Contains([]string{
		"main", "init", "plugin", "hook", "context", "plugintest", "testing", "strings", "fmt", "string", "error", "any", "nil", "true", "false",
		"len", "range", "int", "int32", "bool", "append", "structpb", "net", "strconv", "json", "t",
	}, name)
}
