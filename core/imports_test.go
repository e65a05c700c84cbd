package core_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/muster-gg/muster/"

// rooms are the layers of the house, highest first: a package may import its own
// layer and those below. A room's subpackages count as the room.
var rooms = [][]string{
	{"core/cli"},
	{"core/server"},
	{"core/transport", "core/console"},
	{"core/lobby", "core/match", "core/matchmaking", "core/latency", "core/rating", "core/identity", "core/session"},
	{"core/hooks", "core/broadcast", "core/allocation"},
	{"core/state", "core/store"},
	{"core/wire", "sdk/hook"},
}

// common rooms may be imported by everything in core.
var common = []string{"core/fault", "core/lifecycle", "core/telemetry"}

// never names imports that the layers alone would allow.
var never = []struct {
	from, to []string
	but      []string
	why      string
}{
	{[]string{"core/lobby", "core/match", "core/matchmaking", "core/session"}, []string{"core/wire"}, nil, "they know nothing of the client protocol"},
	{[]string{"core"}, []string{"core/config"}, []string{"core/config", "core/cli", "core/server"}, "only cli and server see the config"},
	{[]string{"core"}, []string{"runtime", "plugins"}, []string{"core/server", "core/cli"}, "core knows sdk/hook, never who hosts a hook"},
	{[]string{"sdk"}, []string{"core", "runtime", "plugins", "sample-game"}, nil, "sdk is what people outside import"},
	{[]string{"runtime", "plugins"}, []string{"core", "sample-game"}, nil, "they import sdk alone"},
	{[]string{"sample-game"}, []string{"core", "runtime", "plugins"}, []string{"sample-game/platform"}, "the sample is written as a user would"},
	{[]string{"core/fault", "core/lifecycle", "core/telemetry", "core/config"}, []string{"core/cli", "core/server", "core/transport", "core/lobby", "core/match", "core/identity", "core/session", "core/hooks", "core/broadcast", "core/allocation", "core/state", "core/store", "core/wire"}, nil, "everything stands on them"},
}

func in(pkg string, places []string) bool {
	return slices.ContainsFunc(places, func(p string) bool { return pkg == p || strings.HasPrefix(pkg, p+"/") })
}

func layer(pkg string) int {
	return slices.IndexFunc(rooms, func(l []string) bool { return in(pkg, l) })
}

// forbidden says why from must not import to, "" if it may.
func forbidden(from, to string) string {
	for _, rule := range never {
		if in(from, rule.from) && in(to, rule.to) && !in(from, rule.but) {
			return rule.why
		}
	}
	if in(to, common) {
		return ""
	}
	a, b := layer(from), layer(to)
	if a >= 0 && b >= 0 && b < a {
		return fmt.Sprintf("imports run downward, and %s is above %s", strings.Join(rooms[b], ", "), strings.Join(rooms[a], ", "))
	}
	return ""
}

// TestImportsRunDownward holds every package of the module against the rules of
// the house. What tests import is their own affair.
func TestImportsRunDownward(t *testing.T) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("%v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	seen := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		from, ours := strings.CutPrefix(pkg.ImportPath, module)
		if !ours {
			continue
		}
		seen++
		for _, imp := range pkg.Imports {
			if to, ours := strings.CutPrefix(imp, module); ours {
				if why := forbidden(from, to); why != "" {
					t.Errorf("%s imports %s: %s", from, to, why)
				}
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d packages were looked at", seen)
	}
}

func TestRulesCanBreak(t *testing.T) {
	for _, c := range []struct {
		from, to string
		may      bool
	}{
		{"core/cli", "core/server", true}, {"core/server", "core/cli", false},
		{"core/transport", "core/lobby", true}, {"core/lobby", "core/transport", false},
		{"core/match", "core/lobby", true}, {"core/lobby", "core/wire", false}, {"core/session", "core/wire", false},
		{"core/transport", "core/wire", true}, {"core/state/memory", "core/state", true}, {"core/state", "core/lobby", false},
		{"core/store/sqlite", "core/broadcast", false}, {"core/lobby", "core/config", false}, {"core/server", "core/config", true},
		{"core/hooks", "sdk/hook", true}, {"core/hooks", "runtime/native", false}, {"core/server", "runtime/native", true},
		{"sdk/client", "core/wire", false}, {"runtime/native", "sdk/hook", true}, {"runtime/native", "core/fault", false},
		{"sample-game/server", "sdk/gameserver", true}, {"sample-game/server", "core/fault", false},
		{"sample-game/platform", "core/allocation", true},
		{"core/wire", "core/fault", true}, {"core/fault", "core/wire", false}, {"core/telemetry", "core/fault", true},
	} {
		if why := forbidden(c.from, c.to); (why == "") != c.may {
			t.Errorf("%s → %s: may %v, but %q", c.from, c.to, c.may, why)
		}
	}
}
