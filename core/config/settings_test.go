package config

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// testSchema is what the plugin of the settings tests says.
func testSchema() []Setting {
	return []Setting{
		{Name: "application_id", Type: "string", Required: true, Doc: "The application whose tokens are accepted"},
		{Name: "pin", Type: "string", Secret: true, Doc: "A number that nobody else knows."},
		{Name: "preset", Type: "string", OneOf: []string{"google", "apple", "epic"}},
		{Name: "rate", Type: "number", Default: 2.5},
		{Name: "strict", Type: "bool"},
		{Name: "timeout", Type: "duration", Default: "5s"},
		{Name: "scopes", Type: "list"},
		{Name: "ranks", Type: "map"},
		{Name: "api_url", Type: "string", Default: "https://api.example.com"},
	}
}

func pluginWith(t *testing.T, name, settings string) Plugin {
	t.Helper()
	src := "plugin \"auth\" {\n  command = [\"x\"]\n" + settings + "}\ngame \"arena\" {\n  auth = [\"auth\"]\n  allocate \"local\" {\n    command = [\"x\"]\n  }\n}\n"
	c, found := Parse(name, []byte(src), testOptions())
	if len(found) > 0 {
		t.Fatal(found)
	}
	return c.Plugins[0]
}

func TestSettings(t *testing.T) {
	p := pluginWith(t, "config.hcl", `  config {
    application_id = env("GAMEFLOW_GAME_ID")
    pin            = "hush-1234"
    preset         = "apple"
    rate           = env("NUMBER")
    strict         = env("YES")
    timeout        = "1m30s"
    scopes         = ["identify", "identify", env("EMPTY")]
    ranks          = { gold = "1", "silver 2" = "2" }
  }
`)
	got, found := p.Settings.Check(testSchema())
	want := map[string]any{
		"application_id": "game-1", "pin": "hush-1234", "preset": "apple", "rate": 6.0, "strict": true, "timeout": "1m30s",
		"scopes": []any{"identify", "identify", ""}, "ranks": map[string]any{"gold": "1", "silver 2": "2"}, "api_url": "https://api.example.com",
	}
	if len(found) > 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n%#v", found, got)
	}

	least := pluginWith(t, "config.hcl", "  config {\n    application_id = \"x\"\n  }\n")
	got, found = least.Settings.Check(testSchema())
	want = map[string]any{
		"application_id": "x", "pin": "", "preset": "", "rate": 2.5, "strict": false, "timeout": "5s",
		"scopes": []any{}, "ranks": map[string]any{}, "api_url": "https://api.example.com",
	}
	if len(found) > 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n%#v", found, got)
	}

	for _, s := range []*PluginSettings{nil, {}, pluginWith(t, "config.hcl", "").Settings} {
		if got, found := s.Check(nil); len(found) > 0 || len(got) != 0 {
			t.Errorf("%v, %v", got, found)
		}
		if d := s.Problem("", "no"); d.Line != 1 || d.Severity != Error {
			t.Errorf("%+v", d)
		}
	}
}

// TestBadSettings reads testdata/settings/*.hcl, each the inside of a plugin
// block: the .golden beside it has what a person is told after the plugin has
// sent testSchema.
func TestBadSettings(t *testing.T) {
	each(t, "testdata/settings/*.hcl", 5, func(t *testing.T, name string, src []byte) []byte {
		_, found := pluginWith(t, name, string(src)).Settings.Check(testSchema())
		if !found.HasErrors() {
			t.Fatal("not bad")
		}
		var b bytes.Buffer
		if err := Format(&b, found, false); err != nil {
			t.Fatal(err)
		}
		checkDiagnostics(t, found, b.String())
		return b.Bytes()
	})
}

func TestPluginWithoutSettings(t *testing.T) {
	_, found := pluginWith(t, "config.hcl", "  config {\n    url = \"x\"\n  }\n").Settings.Check(nil)
	if len(found) != 1 || found[0].Line != 4 || found[0].Column != 5 || !strings.Contains(found[0].Error(), "no settings") {
		t.Error(found)
	}
	_, found = pluginWith(t, "config.hcl", "  config {\n    url = \"x\"\n  }\n").Settings.Check([]Setting{{Name: "url", Type: "regex"}})
	if len(found) != 1 || !strings.Contains(found[0].Text, `a "regex": this version of Muster does not know that type`) {
		t.Error(found)
	}
}

// TestProblem: what a plugin says of its settings stands where they do, without
// the secrets that it repeats.
func TestProblem(t *testing.T) {
	p := pluginWith(t, "config.hcl", `  config {
    application_id = "app-1"
    pin            = "hush-1234"
    scopes         = [env("NONSENSE")]
  }
`)
	if _, found := p.Settings.Check(testSchema()); len(found) > 0 {
		t.Fatal(found)
	}
	for _, c := range []struct{ name, text, want string }{
		{"application_id", "is not an application", `config.hcl:4:22: error: application_id: "app-1" is not an application.`},
		{"application_id", "is refused with hush-1234 and hush nonsense\n", `config.hcl:4:22: error: application_id: "app-1" is refused with (secret) and (secret).`},
		{"pin", "is wrong.", `config.hcl:5:22: error: pin: "*********" is wrong.`},
		{"api_url", "is not a URL", `config.hcl:3:3: error: api_url is not a URL.`},
		{"", "the issuer cannot be reached", `config.hcl:3:3: error: config of plugin "auth": the issuer cannot be reached.`},
	} {
		d := p.Settings.Problem(c.name, c.text)
		if d.Error() != c.want || strings.Contains(d.Source, "hush") {
			t.Errorf("%s\n%s", d.Error(), d.Source)
		}
	}
	if d := p.Problem("did not start: hush-1234 is taken"); d.Error() != `config.hcl:1:1: error: plugin "auth": did not start: (secret) is taken.` {
		t.Error(d.Error())
	}
	bare := pluginWith(t, "config.hcl", "")
	if d := bare.Settings.Problem("", "needs settings"); d.Line != 1 || d.Source != `plugin "auth" {` {
		t.Errorf("%+v", d)
	}
}

// TestSettingsOnALineOfTheirOwn: nothing of a schema is known before the plugin
// runs, and yet no broken file shows what may be its secret.
func TestSettingsOnALineOfTheirOwn(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "config.hcl")
	for _, line := range []string{`pin = "hush`, `pin = hush"`, `pin = upper("hush")`, `pin = hush`, `pin = "a${hush}"`, `pin = ["hush", x]`, `pin "hush" {`, `pin = <<X` + "\nhush"} {
		src := fmt.Sprintf("plugin \"auth\" {\n  command = [\"x\"]\n  config {\n    %s\n  }\n}\ngame \"arena\" {\n}\n", line)
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		_, found := Load(path, Options{Files: IgnoreFiles})
		var b bytes.Buffer
		if err := Format(&b, found, false); err != nil || !found.HasErrors() || strings.Contains(b.String(), "hush") {
			t.Errorf("%s: %v\n%s", line, err, b.String())
		}
	}
}
