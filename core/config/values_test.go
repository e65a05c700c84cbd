package config

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAddresses(t *testing.T) {
	parsers := map[string]func(string) (string, *misfit){"listen": listen, "player": playerAddress, "url": webURL, "origin": origin, "fetch": fetchHost}
	for _, c := range []struct{ parser, in, out string }{
		{"listen", ":0", ":0"}, {"listen", "[::1]:80", "[::1]:80"}, {"listen", "localhost:65535", "localhost:65535"},
		{"listen", "", ""}, {"listen", ":", ""}, {"listen", ":http", ""}, {"listen", ":+80", ""}, {"listen", "::1:80", ""}, {"listen", ":080", ""},
		{"listen", "1.2.3:80", ""}, {"listen", "a b:80", ""}, {"listen", "-a:80", ""},
		{"player", "203.0.113.7", "203.0.113.7"}, {"player", "2001:db8::1", "2001:db8::1"}, {"player", "play.example.com", "play.example.com"},
		{"player", "[2001:db8::1]", ""}, {"player", "::", ""}, {"player", "fe80::1%eth0", ""}, {"player", "224.0.0.1", ""}, {"player", "", ""}, {"player", "1.2.3", ""},
		{"url", "http://localhost:0", "http://localhost:0"}, {"url", "HTTPS://Play.Example.com/a/", "https://play.example.com/a"}, {"url", "https://[::1]:8443", "https://[::1]:8443"},
		{"url", "ftp://x", ""}, {"url", "https://", ""}, {"url", "https://x:", ""}, {"url", "https://x:99999", ""}, {"url", "https://a b", ""}, {"url", "", ""}, {"url", "/x", ""},
		{"url", "https://u@x", ""}, {"url", "https://x?", ""}, {"url", "https://x#y", ""}, {"url", "javascript:alert(1)", ""},
		{"origin", "https://play.example.com:443", "https://play.example.com"}, {"origin", "http://localhost:80", "http://localhost"}, {"origin", "http://localhost:3000", "http://localhost:3000"},
		{"fetch", "api.example.com", "api.example.com"}, {"fetch", "*.Example.com", "*.example.com"}, {"fetch", "API.example.com:8080", "api.example.com:8080"},
		{"fetch", "*.example.com:443", "*.example.com:443"}, {"fetch", "localhost", "localhost"}, {"fetch", "10.1.2.3", "10.1.2.3"}, {"fetch", "10.1.2.3:80", "10.1.2.3:80"},
		{"fetch", "2001:DB8::1", "2001:db8::1"}, {"fetch", "[2001:db8::1]:443", "[2001:db8::1]:443"},
		{"fetch", "", ""}, {"fetch", "*", ""}, {"fetch", "*.", ""}, {"fetch", "*:80", ""}, {"fetch", "a.*", ""}, {"fetch", "**.a.com", ""}, {"fetch", "*.1.2.3", ""}, {"fetch", "*.10.1.2.3", ""},
		{"fetch", "https://a.com", ""}, {"fetch", "a.com/x", ""}, {"fetch", "a.com:0", ""}, {"fetch", "a.com:", ""}, {"fetch", "a.com:080", ""}, {"fetch", "a.com:99999", ""},
		{"fetch", "a.com.", ""}, {"fetch", "user@a.com", ""}, {"fetch", "fe80::1%eth0", ""}, {"fetch", "::", ""}, {"fetch", "[::1]", ""}, {"fetch", "10.0.0.0/8", ""}, {"fetch", "a b", ""}, {"fetch", "0x7f000001", ""}, {"fetch", "a.0X7f:80", ""},
		{"origin", "https://x/y", ""}, {"origin", "*", ""}, {"origin", "null", ""},
	} {
		got, bad := parsers[c.parser](c.in)
		if got != c.out || (bad == nil) != (c.out != "") {
			t.Errorf("%s %q: %q, %+v", c.parser, c.in, got, bad)
		}
		if bad != nil && c.in != "" && strings.Contains(bad.is, c.in) && len(c.in) > 3 {
			t.Errorf("%s %q: the value is in the words: %s", c.parser, c.in, bad.is)
		}
	}
}

func TestPublicURLFor(t *testing.T) {
	for _, c := range []struct {
		listen string
		tls    bool
		want   string
	}{
		{":7350", false, "http://localhost:7350"}, {"0.0.0.0:80", false, "http://localhost"}, {"[::]:443", true, "https://localhost"},
		{"[::1]:80", false, "http://[::1]"}, {"127.0.0.1:443", false, "http://127.0.0.1:443"}, {"play.example.com:8443", true, "https://play.example.com:8443"},
	} {
		if got := PublicURLFor(c.listen, c.tls); got != c.want {
			t.Errorf("%s: %s", c.listen, got)
		}
	}
}

func TestNearest(t *testing.T) {
	words := []string{"listen", "admin_listen", "max_lobbies", "min_players", "reconnect_grace", "web"}
	for word, want := range map[string]string{
		"listn": "listen", "Listen": "listen", "maxLobbies": "max_lobbies", "max-lobbies": "max_lobbies", "MIN_PLAYERS": "min_players",
		"reconnect": "reconnect_grace", "reconnect_grace_time": "reconnect_grace", "wbe": "", "weeb": "web", "colour": "", "": "", "x": "",
	} {
		if got := nearest(word, words); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}

func TestHints(t *testing.T) {
	for in, want := range map[string]string{
		"30": `"30s"`, "30 seconds": `"30s"`, "5 minutes": `"5m"`, "2 Hours": `"2h"`, "3d": `"72h"`, "3 days": `"72h"`, "10 ms": `"10ms"`,
		"10 milliseconds": `"10ms"`, "soon": "", "": "", "99999999999999999999": "", "-5": "",
	} {
		if got := durationHint(in); got != want {
			t.Errorf("duration %q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"512MB": `"512MiB"`, "2 g": `"2GiB"`, "1kb": `"1KiB"`, "10b": `"10B"`, "512": "", "lots": ""} {
		if got := sizeHint(in); got != want {
			t.Errorf("size %q: %q, want %q", in, got, want)
		}
	}
}

// TestRoundTrips: what is written for a value reads as that value.
func TestRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64().Draw(t, "duration"))
		if back, err := time.ParseDuration(short(d)); err != nil || back != d {
			t.Fatalf("%d: %s, %v, %v", d, short(d), back, err)
		}
		first := rapid.IntRange(1, 65535).Draw(t, "first")
		p := PortRange{first, rapid.IntRange(first, 65535).Draw(t, "last")}
		if back, bad := portRange(p.String()); bad != nil || back != p || p.Count() < 1 {
			t.Fatalf("%v: %v, %+v", p, back, bad)
		}
		q := PortRange{1, first}
		if p.overlaps(q) != q.overlaps(p) || !p.overlaps(q) || first > 1 && p.overlaps(PortRange{1, first - 1}) {
			t.Fatalf("%v, %v", p, q)
		}
	})
}

func TestSizes(t *testing.T) {
	for in, want := range map[string]int64{`"0"`: 0, `0`: 0, `"1B"`: 1, `"2KiB"`: 2048, `"256MiB"`: 256 << 20, `"3GiB"`: 3 << 30, `"1TiB"`: 1 << 40,
		`"9000000TiB"`: -1, `"1.5GiB"`: -1, `"-1MiB"`: -1, `""`: -1, `5`: -1, `true`: -1, `"256MB"`: -1} {
		src := `game "a" {
  allocate "local" {
    command      = ["x"]
    memory_limit = ` + in + "\n  }\n}\n"
		c, found := Parse("x.hcl", []byte(src), testOptions())
		low := strings.Contains(found.Error(), "too low for a game server")
		switch {
		case want < 0:
			if !found.HasErrors() || low {
				t.Errorf("%s: %v", in, found)
			}
		case want > 0 && want < leastLocalMemory:
			if !low {
				t.Errorf("%s: %v", in, found)
			}
		case found.HasErrors():
			t.Errorf("%s: %v", in, found)
		default:
			if got := c.Games[0].Allocate[0].Local.MemoryLimit; int64(got) != want {
				t.Errorf("%s is %d bytes", in, got)
			}
		}
	}
}
