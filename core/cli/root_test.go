package cli

import (
	"bytes"
	"strings"
	"testing"
)

func TestCommandLine(t *testing.T) {
	t.Chdir(t.TempDir()) // where there is no config file
	for _, tc := range []struct {
		args string
		code int
		says string
	}{
		{"", 0, "Available Commands"},
		{"--help", 0, "Available Commands"},
		{"config", 0, "check"},
		{"serve --help", 0, "-config"},
		{"serve --help", 0, "GAMEFLOW_GAME_MODE"},
		{"serve -env -config x.hcl", 1, "muster: if any flags in the group [config env] are set none of the others can be"},
		{"config check --help", 0, "-offline"},
		{"plugin", 0, "reload"},
		{"plugin new --help", 0, "validate_start"},
		{"plugin list --help", 0, "-admin"},
		{"plugin info --help", 0, "-game"},
		{"plugin check --help", 0, "-config"},
		{"plugin reload --help", 0, "the old one goes on"},
		{"hooks", 0, "types"},
		{"hooks bench --help", 0, "-calls"},
		{"hooks bench a b", 2, "bench takes one argument at most"},
		{"hooks bench -n 0", 2, "1 or more"},
		{"hooks bench none.ts", 1, "none.ts: "},
		{"hooks bench", 1, "config.hcl: error: This config file cannot be read"},
		{"hooks new --help", 0, "-dir"},
		{"hooks new", 2, "new takes one argument, the script's name; it was given 0"},
		{"hooks new Rules", 1, "cannot be the name of a script"},
		{"hooks test --help", 0, "-run"},
		{"hooks test", 1, "there are no tests in ."},
		{"hooks test none", 1, "muster: the tests of "},
		{"hooks test -run (", 1, "-run is no regular expression"},
		{"hooks test -config x.hcl", 1, "x.hcl: error: This config file cannot be read"},
		{"hooks types --help", 0, "-out"},
		{"hooks types --help", 0, "tsconfig.json"},
		{"hooks types -out -", 0, "declare module \"muster\""},
		{"plugin lst", 2, "did you mean \"list\"?\nSee: muster plugin --help\n"},
		{"plugin new", 2, "muster: new takes one argument, the plugin's name; it was given 0\nSee: muster plugin new --help\n"},
		{"plugin info a b", 2, "info takes one argument, the plugin's name; it was given 2"},
		{"plugin check a b", 2, "check takes one argument at most"},
		{"plugin list a", 2, "list takes no arguments, only flags"},
		{"plugin list -admin ftp://x", 2, "http://127.0.0.1:7351"},
		{"plugin new Rules", 1, "cannot be the name of a plugin"},
		{"plugin new rules -point teams", 1, "there is one for allocate, authenticate"},
		{"plugin new rules", 1, "this muster (1.2.3) is no release"},
		{"plugin new rules -replace .", 1, "that is no checkout of Muster"},
		{"plugin list", 1, "Or say where the server is: -admin URL"},
		{"plugin check", 1, "config.hcl: error: This config file cannot be read"},
		{"hooks types -out none/muster.d.ts", 1, "muster: the types cannot be written"},
		{"version", 0, "muster 1.2.3\n"},
		{"-version", 0, "muster 1.2.3\n"},
		{"--version", 0, "muster 1.2.3\n"},
		{"srve", 2, "muster: unknown command \"srve\", did you mean \"serve\"?\nSee: muster --help\n"},
		{"zzz", 2, "muster: unknown command \"zzz\"\nSee: muster --help\n"},
		{"config chek", 2, "did you mean \"check\"?\nSee: muster config --help\n"},
		{"serve here.hcl", 2, "serve takes no arguments, only flags\nSee: muster serve --help\n"},
		{"serve -frob", 2, "unknown flag: --frob\nSee: muster serve --help\n"},
		{"serve -config", 2, "flag needs an argument: --config\nSee: muster serve --help\n"},
		{"serve", 1, "config.hcl: error: This config file cannot be read: no such file or directory.\n        Start in the folder that has one, or name it: -config FILE.\n"},
		{"serve -config x.hcl", 1, "x.hcl: error: This config file cannot be read"},
		{"serve --config=x.hcl", 1, "x.hcl: error: This config file cannot be read"},
		{"serve -c x.hcl", 1, "x.hcl: error: This config file cannot be read"},
		{"config check -config x.hcl", 1, "x.hcl: not ok"},
	} {
		var out, errOut bytes.Buffer
		code := Main(strings.Fields(tc.args), "1.2.3", &out, &errOut)
		said, other := out.String(), errOut.String()
		if tc.code != 0 {
			said, other = other, said
		}
		if code != tc.code || !strings.Contains(said, tc.says) || other != "" {
			t.Errorf("muster %s: status %d\n%s%s", tc.args, code, said, other)
		}
	}
}
