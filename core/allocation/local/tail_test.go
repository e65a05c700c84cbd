//go:build linux

package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTail(t *testing.T) {
	o := options(t, "serve")
	f, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(f.logDir(), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"m-1.log": "one\ntwo\nthree\n", "m-2.log": "three\nfour\n", "m-2.log.1": "one\ntwo\n",
		"m-3.log": "one line that is longer than what is asked for\n", "m-4.log": "", "note.txt": "secret",
	} {
		if err := os.WriteFile(filepath.Join(f.logDir(), name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		id   string
		most int64
		want string
	}{
		{"m-1", 100, "one\ntwo\nthree\n"},
		{"m-1", 14, "one\ntwo\nthree\n"},
		{"m-1", 12, "two\nthree\n"},
		{"m-1", 9, "three\n"},
		{"m-2", 100, "one\ntwo\nthree\nfour\n"},
		{"m-2", 16, "two\nthree\nfour\n"},
		{"m-2", 8, "four\n"},
		{"m-3", 10, "asked for\n"},
		{"m-4", 100, ""},
	} {
		if got, err := f.Tail(c.id, c.most); string(got) != c.want || err != nil {
			t.Errorf("%s, %d bytes: %q, %v", c.id, c.most, got, err)
		}
	}
	for _, id := range []string{"m-5", "", "../arena/m-1", "note.txt", "warm.x", "warm.0123456789abcdef", "/etc/passwd"} {
		if got, err := f.Tail(id, 100); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %q, %v", id, got, err)
		}
	}
}

// TestServersAndTheirLogs follows a warm server from before its match to after it.
func TestServersAndTheirLogs(t *testing.T) {
	o := options(t, "serve")
	o.Warm, o.Max, o.MaxPlayers = 1, 1, 4
	f, obs := startFleet(t, o)
	wantWaiting(t, f, 1)
	list := f.Servers()
	if len(list) != 1 || list[0].MatchID != "" || list[0].State != "Ready" || list[0].PID == 0 || list[0].Ports["default"] == 0 {
		t.Fatalf("servers are %+v", list)
	}
	id := list[0].ID
	wantTail := func(of, want string) {
		t.Helper()
		// What a server writes passes through a pipe.
		eventually(t, fmt.Sprintf("the log of %s has %q", of, want), func() bool {
			got, err := f.Tail(of, 1<<10)
			return strings.Contains(string(got), want) && err == nil
		})
	}
	wantTail(id, "game server in mode serve")
	s := allocate(t, f, "m")
	order(t, s, "POST", "/sidecar/v1beta1/lists/players:addValue", `{"value":"ann"}`)
	list = f.Servers()
	if len(list) != 1 || list[0].ID != id || list[0].MatchID != "m" || list[0].State != "Allocated" || list[0].Players != 1 || list[0].Ending {
		t.Errorf("servers are %+v", list)
	}
	wantTail(id, "game server in mode serve")
	wantTail("m", "game server in mode serve")
	order(t, s, "GET", "/exit/0", "")
	obs.wantEnd(t, "arena m clean")
	eventually(t, "another one waits", func() bool { return f.Stats().Waiting == 1 })
	wantTail("m", "game server in mode serve")
	if _, err := f.Tail(id, 1<<10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the log of a warm server that had a match: %v", err)
	}
}
