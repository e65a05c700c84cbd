package gameserver

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const godotFile = "../godot/muster_ticket.gd"

// passes runs a program that checks the shared vectors.
func passes(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	if out := runs(t, dir, name, args...); !strings.Contains(out, "failed: 0") {
		t.Errorf("%s says:\n%s", name, out)
	}
}

// runs runs a program to its good end and returns what it printed.
func runs(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// needs finds a program; a test whose program is not here is skipped.
func needs(t *testing.T, program, where string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not on PATH, what it would run was not run. Get it at %s", program, where)
	}
	return path
}

func vectorPath(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCSharpVectors: Mono stands for the oldest C# that reads the file, Unity's.
func TestCSharpVectors(t *testing.T) {
	t.Run("mono", func(t *testing.T) {
		if os.Getenv("CI") != "true" { // there .ci/install-deps.sh has installed it
			needs(t, "mcs", "https://www.mono-project.com (Debian: mono-mcs)")
			needs(t, "mono", "https://www.mono-project.com (Debian: mono-runtime)")
		}
		program := filepath.Join(t.TempDir(), "vectors.exe")
		runs(t, "../csharp", "mcs", "-warn:4", "-warnaserror", "-out:"+program, "MusterTicket.cs", "vectors/Program.cs")
		passes(t, "../csharp", "mono", program, vectorPath(t))
	})
	t.Run("dotnet", func(t *testing.T) {
		dotnet := needs(t, "dotnet", "https://dotnet.microsoft.com/download (SDK 8 or later)")
		dir := t.TempDir() // it builds beside its sources
		if err := os.CopyFS(dir, os.DirFS("../csharp")); err != nil {
			t.Fatal(err)
		}
		passes(t, dir, dotnet, "run", "--project", "vectors", "--", vectorPath(t))
	})
}

func TestGodotVectors(t *testing.T) {
	godot := needs(t, "godot", "https://godotengine.org/download (4.x)")
	passes(t, "../godot", godot, "--headless", "--path", ".", "--script", "vectors.gd", "--", vectorPath(t))
}

// godotRules are what the vectors hold, and the line of the file that sees to it.
// It is a reader's check for where there is no Godot, no proof: it says that a rule
// was dropped, not that it works.
var godotRules = []struct{ vectors, line string }{
	{"key with padding", `rstrip\("="\)`},
	{"empty key|short key|key is not base64url|no match in the payload|no game in the payload", `_key\.size\(\) != KEY_BYTES or _game == "" or _match_id == ""`},
	{"longer than 4 KiB", `ticket\.length\(\) > MAX_TICKET`},
	{"empty|two dots|two parts|four parts", `parts\.size\(\) != 3`},
	{"good|wrong key", `constant_time_compare\(hmac\.finish\(\), signature\)`},
	{"good|wrong key", `hmac\.start\(HashingContext\.HASH_SHA256, _key\)`},
	{"good|wrong key", `if not genuine `},
	{"no signature|signature cut short", `signature\.is_empty\(\)`},
	{"padding in the signature|white space around|bearer prefix", `ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_`},
	{"stray bits in the signature", `raw_to_base64\(bytes\) == padded`},
	{"algorithm none, signed|algorithm none, unsigned|algorithm in small letters|no algorithm|public key algorithm|algorithm HS384|algorithm HS512|header fields that are not known|no type in the header", `"alg"\) != "HS256"`},
	{"critical extension", `header\.has\("crit"\)`},
	{"claims are a list|claims are no JSON|claims that are not known", `json\.data is Dictionary`},
	{"of another match, with this key|of another match, with its key", `match_id != _match_id:\s+return _refused\("ticket_other_match"\)`},
	{"no match|match is not text", `match_id != _match_id or account_id`},
	{"other issuer|no issuer", `issuer != "muster"`},
	{"no subject|empty subject|subject is not text", `account_id == ""`},
	{"audience is a string|one of several audiences|other audience|audience in other letters|no audience|empty audience", `not _is_for_game\(claims\)`},
	{"not valid yet", `not \(_number\(claims, "nbf"\) <= now\)`},
	{"no expiry|expiry is null", `not is_finite\(expires_at\)`},
	{"expired this moment|expired long ago|last second|clock behind the signer's", `now >= expires_at\b`},
}

func TestGodotKeepsTheRules(t *testing.T) {
	godot, err := os.ReadFile(godotFile)
	if err != nil {
		t.Fatal(err)
	}
	var covered []string
	for _, r := range godotRules {
		covered = append(covered, strings.Split(r.vectors, "|")...)
		if !regexp.MustCompile(r.line).Match(godot) {
			t.Errorf("%s has no %s, for %q", godotFile, r.line, r.vectors)
		}
	}
	raw, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		if !slices.Contains(covered, v.Name) {
			t.Errorf("no rule is named for the vector %q: look at the file, then add it", v.Name)
		}
	}
	for _, code := range []string{"ticket_invalid", "ticket_expired", "ticket_other_match", "no_ticket_key"} {
		if !strings.Contains(string(godot), `_refused("`+code+`")`) {
			t.Errorf("%s is not in %s", code, godotFile)
		}
	}
}
