package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-gg/muster/core/config"
)

const envSecret = "0123456789abcdef-the-secret"

// environment is one of the template's with some variables changed; "-" takes one away.
func environment(changes map[string]string) func(string) (string, bool) {
	all := map[string]string{
		config.EnvPort: "3111", config.EnvSecret: envSecret, config.EnvGameID: "g1", config.EnvAPIKey: "the-key-of-g1",
		config.EnvAPIURL: "http://127.0.0.1:9/v1", config.EnvRegion: "eu-central", config.EnvPublicURL: "https://play.example.com",
	}
	for name, v := range changes {
		all[name] = v
		if v == "-" {
			delete(all, name)
		}
	}
	return func(name string) (string, bool) { v, set := all[name]; return v, set }
}

func fromEnv(t *testing.T, changes map[string]string, discord string) (*config.Config, config.Diagnostics) {
	t.Helper()
	return config.NewEnvFile(config.EnvOptions{LookupEnv: environment(changes), Dir: t.TempDir(), Discord: discord}).Load()
}

func TestTheTemplatesEnvironmentIsAConfig(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c, found := fromEnv(t, map[string]string{config.EnvDiscord: "1234"}, program)
	if len(found) > 0 {
		t.Fatal(found)
	}
	g := c.Games[0]
	if c.Server.Listen != ":3111" || c.Server.PublicURL != "https://play.example.com" || c.Server.Mode != config.Development ||
		c.Server.DefaultGame != config.EnvGame || filepath.Base(c.Server.DataDir) != "data" || c.Auth.Secret.Reveal() != envSecret {
		t.Errorf("server %+v", c.Server)
	}
	if !slices.Equal(g.Auth, []string{"anonymous", "discord"}) || len(g.Plugins) != 1 || g.Plugins[0].Command[0] != program {
		t.Errorf("sign-in %v %v", g.Auth, g.Plugins)
	}
	if l := g.Lobby; len(l.Teams) != 2 || l.Teams[0] != (config.Team{Name: "A", Size: 4}) || l.Teams[1] != (config.Team{Name: "B", Size: 4}) || l.MinPlayers != 1 {
		t.Errorf("lobby %+v", l)
	}
	if gf := g.Allocate[0].Gameflow; gf == nil || gf.GameID != "g1" || gf.APIKey.Reveal() != "the-key-of-g1" || gf.URL != "http://127.0.0.1:9/v1" || gf.Region != "eu-central" {
		t.Errorf("gameflow %+v", gf)
	}
}

// TestAnEmptyEnvironmentIsEnough starts what the template starts without any variable.
func TestAnEmptyEnvironmentIsEnough(t *testing.T) {
	none := func(string) (string, bool) { return "", false }
	c, found := config.NewEnvFile(config.EnvOptions{LookupEnv: none, Dir: t.TempDir()}).Load()
	if c == nil {
		t.Fatal(found)
	}
	if c.Server.Listen != ":3000" || !c.Auth.Secret.Empty() || len(c.Games[0].Allocate) != 0 {
		t.Errorf("%+v", c)
	}
	for _, name := range []string{config.EnvSecret, config.EnvGameID, config.EnvDiscord} {
		if !slices.ContainsFunc(found, func(d config.Diagnostic) bool { return d.File == name && d.Severity == config.Warning }) {
			t.Errorf("nothing is said of %s: %v", name, found)
		}
	}
}

func TestBadVariablesAreNamed(t *testing.T) {
	for name, tc := range map[string]struct {
		variable, value, says string
		warning               bool
	}{
		"port a word":        {config.EnvPort, "http", "Its value is not a port. It is a number up to 65535", false},
		"port too high":      {config.EnvPort, "70000", "not a port", false},
		"port below":         {config.EnvPort, "-1", "not a port", false},
		"port an address":    {config.EnvPort, ":3000", "not a port", false},
		"port of the admin":  {config.EnvPort, "7351", "both want port 7351. The port of MUSTER_ADMIN_LISTEN is another one", false},
		"short secret":       {config.EnvSecret, "too-short", "Its value has 9 bytes, too few for a secret. Give at least 16 bytes", false},
		"no game":            {config.EnvGameID, "-", "It is not set. GameFlow asks for both", false},
		"empty game":         {config.EnvGameID, "", "It is not set.", false},
		"game of two words":  {config.EnvGameID, "g 1", "Its value is not one word", false},
		"no key":             {config.EnvAPIKey, "-", "It is not set. GameFlow asks for both", false},
		"key of two words":   {config.EnvAPIKey, "the key", "Its value is not one word", false},
		"URL without scheme": {config.EnvAPIURL, "api.gameflow.gg/v1", `Its value is not an http or https address. It is written as "https://api.gameflow.gg/v1".`, false},
		"URL with a user":    {config.EnvAPIURL, "https://me:hidden@api.gameflow.gg", "Its value has a user in it", false},
		"URL with a query":   {config.EnvAPIURL, "https://api.gameflow.gg/v1?a=b", "Its value has a part after", false},
		"region":             {config.EnvRegion, "us east", "Its value is not one word", false},
		"public URL":         {config.EnvPublicURL, "play.example.com", "Its value is not an http or https address", false},
		"admin":              {config.EnvAdmin, "nowhere", "Its value is not an address to listen on", false},
		"host":               {config.EnvHost, "not a host", "Its value has a host that is neither an IP address nor a name. It is the address of this machine", false},
		"no Discord program": {config.EnvDiscord, "1234", "Players cannot sign in with Discord: the program /none/auth-discord does not exist.", true},
	} {
		t.Run(name, func(t *testing.T) {
			c, found := fromEnv(t, map[string]string{tc.variable: tc.value}, "/none/auth-discord")
			if (c == nil) == tc.warning {
				t.Errorf("config %v", c != nil)
			}
			want := config.Error
			if tc.warning {
				want = config.Warning
			}
			at := slices.IndexFunc(found, func(d config.Diagnostic) bool { return d.File == tc.variable && d.Severity == want })
			if at < 0 {
				t.Fatalf("%s is not named: %v", tc.variable, found)
			}
			if said := found[at].Error(); !strings.Contains(said, tc.says) || strings.Contains(said, "env(") {
				t.Errorf("said %s", said)
			}
			if len(found.Errors()) > 1 {
				t.Errorf("one mistake, several errors: %v", found.Errors())
			}
			for _, d := range found {
				if d.Line != 0 || d.Source != "" || strings.Contains(d.Error(), "hidden") || strings.Contains(d.Error(), tc.value+" ") && tc.variable == config.EnvAPIKey {
					t.Errorf("a line or a value is told: %+v", d)
				}
			}
		})
	}
}

// TestLaterDiagnosticsNameTheVariable: a plugin's complaint about its settings.
func TestLaterDiagnosticsNameTheVariable(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f := config.NewEnvFile(config.EnvOptions{LookupEnv: environment(map[string]string{config.EnvDiscord: "words"}), Dir: t.TempDir(), Discord: program})
	c, found := f.Load()
	if c == nil {
		t.Fatal(found)
	}
	_, wrong := c.Games[0].Plugins[0].Settings.Check([]config.Setting{{Name: "application_id", Type: "number", Required: true}})
	told := f.Tell(wrong)
	if len(told) != 1 || told[0].File != config.EnvDiscord || told[0].Line != 0 || strings.Contains(told[0].Error(), "words") {
		t.Errorf("told %v", told)
	}
}
