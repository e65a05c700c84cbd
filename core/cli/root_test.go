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
		{"config check --help", 0, "-offline"},
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
