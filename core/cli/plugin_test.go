package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// fakeAdmin is the admin listener of a server with these plugins.
func fakeAdmin(t *testing.T, all []pluginEntry) *httptest.Server {
	t.Helper()
	write := func(w http.ResponseWriter, status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(v); err != nil {
			t.Error(err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /plugins", func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, all) })
	mux.HandleFunc("POST /plugins/{name}/reload", func(w http.ResponseWriter, r *http.Request) {
		for _, p := range all {
			if p.Name == r.PathValue("name") && p.Game == r.URL.Query().Get("game") {
				if p.Name == "broken" {
					write(w, http.StatusConflict, map[string]string{"error": "it does not start:\nexit \x1b[31m1", "code": "plugin_failed"})
					return
				}
				p.PID, p.Version = p.PID+1, "1.3.0"
				write(w, http.StatusOK, p)
				return
			}
		}
		write(w, http.StatusNotFound, map[string]string{"error": "there is no such plugin", "code": "not_found"})
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func somePlugins() []pluginEntry {
	started := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	all := []pluginEntry{
		{Name: "discord", Program: "auth-discord", Version: "1.2.0", Points: []string{"authenticate"}, State: "running", PID: 101, StartedAt: started, Checksum: "ab12", Command: []string{"/bin/auth-discord", "-v"}},
		{Name: "skill", Program: "balance-skill", Version: "1.0.0", Points: []string{"balance_teams", "events"}, State: "running", PID: 102, StartedAt: started},
		{Name: "skill", Game: "duel", Program: "balance-skill", Version: "2.0.0", State: "running", PID: 103, StartedAt: started},
		{Name: "broken", Game: "arena", State: "quarantined", Restarts: 5, LastError: "panic:\n\x1b[31mnil map"},
	}
	discord, broken := &all[0].Memory, &all[3].Memory
	discord.Limit, discord.Kept, discord.Used, discord.Ended = 256<<20, "the kernel", 50<<20, 2
	broken.Limit = 64 << 20
	return all
}

func runPlugin(t *testing.T, args ...string) (out, errOut string, err error) {
	t.Helper()
	return runCommand(t, newPluginCommand("v1.2.3", checks{}), args...)
}

func TestPluginList(t *testing.T) {
	s := fakeAdmin(t, somePlugins())
	const want = `NAME     GAME   PROGRAM              STATE        PID  RESTARTS  POINTS
discord  -      auth-discord 1.2.0   running      101  0         authenticate
skill    -      balance-skill 1.0.0  running      102  0         balance_teams, events
skill    duel   balance-skill 2.0.0  running      103  0         -
broken   arena  -                    quarantined  0    5         -

arena/broken: panic:  [31mnil map
`
	host := strings.TrimPrefix(s.URL, "http://")
	file := writeConfig(t, fmt.Sprintf("server {\n  admin_listen = %q\n}\nauth {\n  secret = env(\"NOT_SET_HERE\")\n}\n", host))
	for _, args := range [][]string{{"list", "-admin", s.URL}, {"list", "-admin", s.URL + "/"}, {"list", "-admin", host}, {"list", "-config", file}} {
		if out, errOut, err := runPlugin(t, args...); err != nil || out != want || errOut != "" {
			t.Errorf("%v: %v\n%s%s", args, err, out, errOut)
		}
	}
	// A server that listens everywhere is reached on this machine.
	_, port, err := net.SplitHostPort(host)
	if err != nil {
		t.Fatal(err)
	}
	everywhere := writeConfig(t, fmt.Sprintf("server {\n  admin_listen = \":%s\"\n}\n", port))
	if out, _, err := runPlugin(t, "list", "-config", everywhere); err != nil || out != want {
		t.Errorf("%v\n%s", err, out)
	}
	if out, _, err := runPlugin(t, "list", "-admin", fakeAdmin(t, nil).URL); err != nil || out != "The server has no plugins.\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestPluginInfo(t *testing.T) {
	s := fakeAdmin(t, somePlugins())
	out, _, err := runPlugin(t, "info", "discord", "-admin", s.URL)
	for _, want := range []string{
		"plugin    discord\n", "games     all that have none of this name\n", "program   auth-discord 1.2.0\n", "serves    authenticate\n",
		"state     running since 2026-01-02 ", "process   101\n", "command   /bin/auth-discord -v\n", "sha256    ab12\n",
		"memory    memory_limit 256 MiB, kept by the kernel; uses 50 MiB; ended for it 2 times\n",
	} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s%v", want, out, err)
		}
	}
	out, _, err = runPlugin(t, "info", "skill", "-game", "duel", "-admin", s.URL)
	if err != nil || !strings.Contains(out, "duel alone\n") || !strings.Contains(out, "balance-skill 2.0.0") {
		t.Errorf("%v\n%s", err, out)
	}
	out, _, err = runPlugin(t, "info", "broken", "-admin", s.URL)
	if err != nil || !strings.Contains(out, "last error  panic:  [31mnil map\n") || !strings.Contains(out, "memory      memory_limit 64 MiB, not kept on this system\n") || strings.Contains(out, "since") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestPluginReload(t *testing.T) {
	s := fakeAdmin(t, somePlugins())
	for _, c := range []struct{ args, out, fails string }{
		{"reload discord", "discord: reloaded — auth-discord 1.3.0, process 102 (before: auth-discord 1.2.0, process 101)\n", ""},
		{"reload skill -game duel", "duel/skill: reloaded — balance-skill 1.3.0, process 104 (before: balance-skill 2.0.0, process 103)\n", ""},
		{"reload skill", "", `there are several plugins "skill", say which: -game "" or -game "duel"`},
		{"reload skill -game=", "skill: reloaded — balance-skill 1.3.0, process 103 (before: balance-skill 1.0.0, process 102)\n", ""},
		{"reload skil", "", "the server has no such plugin; it has arena/broken, discord, duel/skill, skill"},
		{"reload discord -game duel", "", "the server has no such plugin"},
		{"reload broken", "", "arena/broken was not reloaded: it does not start:\nexit  [31m1"},
	} {
		out, errOut, err := runPlugin(t, append(strings.Fields(c.args), "-admin", s.URL)...)
		if out != c.out || errOut != "" || (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s: %v\n%s%s", c.args, err, out, errOut)
		}
	}
	if _, _, err := runPlugin(t, "reload", "discord", "-admin", fakeAdmin(t, nil).URL); err == nil || err.Error() != "the server has no plugins" {
		t.Error(err)
	}
}

// TestNoServer: where no server is, or something else, the command says so and
// what to do.
func TestNoServer(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }))
	defer other.Close()
	moved := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer moved.Close()
	old := httptest.NewServer(http.NotFoundHandler())
	defer old.Close()
	noPort := writeConfig(t, "server {\n  admin_listen = \"127.0.0.1:0\"\n}\n")
	atGone := writeConfig(t, fmt.Sprintf("server {\n  admin_listen = %q\n}\n", strings.TrimPrefix(gone.URL, "http://")))
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-admin", gone.URL}, "no server runs at " + gone.URL + " (-admin)\nStart one by \"muster serve\""},
		{[]string{"-config", atGone}, "no server runs at " + gone.URL + " (admin_listen of " + atGone + ")"},
		{[]string{"-admin", other.URL}, "is no admin listener of a Muster that knows plugins: no JSON of ours"},
		{[]string{"-admin", moved.URL}, "knows plugins: status 302"},
		{[]string{"-admin", old.URL}, "knows plugins: status 404"},
		{[]string{"-admin", "http://no-such-host.invalid:1"}, "no server can be reached at http://no-such-host.invalid:1"},
		{[]string{"-config", noPort}, "is any free port: say which one the server took, by -admin URL"},
	} {
		out, _, err := runPlugin(t, append([]string{"list"}, c.args...)...)
		if err == nil || !strings.Contains(err.Error(), c.want) || out != "" {
			t.Errorf("%v: %v\n%s", c.args, err, out)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := &adminClient{base: old.URL, http: http.DefaultClient}
	if _, err := c.plugins(ctx); err == nil || err.Error() != "stopped before the server answered" {
		t.Error(err)
	}
}
