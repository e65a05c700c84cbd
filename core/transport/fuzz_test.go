package transport

import (
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-gg/muster/core/lobby"
)

func FuzzMatch(f *testing.F) {
	for _, p := range []string{
		"/", "/games/arena/play/../x", "/games/", "/games/arena", "/auth/anonymous", "/matches/a/result", "/matches//result", "/play/a/b", "/_ws", "",
		"/games/arena/games/arena/lobbies", "/rpc/a", "/rpc//", "/accounts/me/identities/x", "/accounts/me/identities//", "/accounts/me/export",
	} {
		f.Add("GET", p)
		f.Add("POST", p)
		f.Add("DELETE", p)
	}
	g := &game{Game: Game{Name: "arena"}}
	s := &Server{games: map[string]*game{"arena": g}, defaultGame: g}
	open := []string{"/auth/{provider}", "/matches/{matchId}/result", "/rpc/{name}", "/accounts/me/identities/{provider}"}
	f.Fuzz(func(t *testing.T, method, path string) {
		m := s.match(method, path)
		if m.handler == nil {
			return
		}
		if m.route == "" || len(m.route) > 40 {
			t.Errorf("route %q", m.route)
		}
		if slices.Contains(open, m.route) && (m.rest == "" || strings.Contains(m.rest, "/")) {
			t.Errorf("%s %s leaves %q", method, path, m.rest)
		}
	})
}

func FuzzWebPath(f *testing.F) {
	for _, p := range []string{"", "a/../b", "../x", ".env", "a/.b", "a\\b", "/etc", "a//b", "a/", "C:x", "a\x00"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, rest string) {
		name, ok := webPath(rest)
		if !ok {
			return
		}
		if !filepath.IsLocal(filepath.FromSlash(name)) || strings.HasPrefix(name, ".") || strings.Contains(name, "/.") || strings.ContainsAny(name, "\\\x00:") {
			t.Errorf("%q gives %q", rest, name)
		}
	})
}

func FuzzForwardedFor(f *testing.F) {
	for _, h := range []string{"1.2.3.4", "1.2.3.4, 10.0.0.1", "[2001:db8::1]:443", "x", ",,,", "::ffff:1.2.3.4", "fe80::1%eth0", ""} {
		f.Add("10.0.0.1:1", h, h)
	}
	trusted := proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	f.Fuzz(func(t *testing.T, peer, one, two string) {
		h := http.Header{"X-Forwarded-For": {one, two}}
		got := trusted.client(peer, h)
		at, err := netip.ParseAddrPort(peer)
		if err != nil {
			if got.IsValid() {
				t.Errorf("%q gives %v", peer, got)
			}
			return
		}
		if addr := at.Addr().Unmap().WithZone(""); !trusted.trusted(addr) && got != addr {
			t.Errorf("a stranger (%v) was believed: %v", addr, got)
		}
		if got.Zone() != "" || got.Is4In6() || !network(got).IsValid() {
			t.Errorf("%v is not in one form", got)
		}
	})
}

func TestClientAddress(t *testing.T) {
	trusted := proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		p    proxies
		peer string
		xff  []string
		want string
	}{
		{nil, "192.0.2.1:5", []string{"1.2.3.4"}, "192.0.2.1"},
		{trusted, "192.0.2.1:5", []string{"1.2.3.4"}, "192.0.2.1"},
		{trusted, "10.0.0.1:5", nil, "10.0.0.1"},
		{trusted, "10.0.0.1:5", []string{"1.2.3.4"}, "1.2.3.4"},
		{trusted, "10.0.0.1:5", []string{"6.6.6.6, 1.2.3.4, 10.9.9.9"}, "1.2.3.4"},
		{trusted, "10.0.0.1:5", []string{"6.6.6.6", "1.2.3.4", "10.9.9.9"}, "1.2.3.4"},
		{trusted, "10.0.0.1:5", []string{"10.1.1.1, 10.2.2.2"}, "10.1.1.1"},
		{trusted, "10.0.0.1:5", []string{"6.6.6.6, garbage, 10.2.2.2"}, "10.2.2.2"},
		{trusted, "10.0.0.1:5", []string{"1.2.3.4, "}, "10.0.0.1"},
		{trusted, "[fd00::1]:5", []string{"[2001:db8::7]:443"}, "2001:db8::7"},
		{trusted, "[::ffff:10.0.0.1]:5", []string{"1.2.3.4:99"}, "1.2.3.4"},
		{trusted, "@", []string{"1.2.3.4"}, "invalid IP"},
		{trusted, "10.0.0.1:5", []string{strings.Repeat("10.0.0.2,", 1000) + "10.0.0.2"}, "10.0.0.2"},
	} {
		if got := c.p.client(c.peer, http.Header{"X-Forwarded-For": c.xff}); got.String() != c.want {
			t.Errorf("%s %q: %v, want %s", c.peer, c.xff, got, c.want)
		}
	}
	if a, b := network(netip.MustParseAddr("2001:db8::1")), network(netip.MustParseAddr("2001:db8::ffff:1")); a != b {
		t.Errorf("%v and %v are one customer", a, b)
	}
}

func FuzzParseObject(f *testing.F) {
	for _, b := range []string{`{}`, `{"a":"\"]"}`, `[`, `{"a":[[[]]]}`, "{\"\xff\":1}", `null`, ``} {
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		fields, err := parseObject(body)
		if (fields == nil) == (err == nil) {
			t.Errorf("%v, %v", fields, err)
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add(cursor{1, "x"}.String())
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := parseCursor(text)
		if !ok {
			return
		}
		if again, ok := parseCursor(c.String()); !ok || again != c {
			t.Errorf("%q: %v, then %v", text, c, again)
		}
		c.compare(&lobby.Lobby{})
	})
}

func FuzzAccept(f *testing.F) {
	f.Add("text/html;q=0.3, application/json;q=x")
	f.Fuzz(func(_ *testing.T, accept string) { wantsHTML(accept) })
}

// TestBucketProperty: within any time never more than Burst plus one each Every.
func TestBucketProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := Rate{rapid.IntRange(1, 20).Draw(rt, "burst"), time.Duration(rapid.IntRange(1, 1000).Draw(rt, "every")) * time.Millisecond}
		var b bucket
		begin := time.Unix(1000, 0)
		now, taken := begin, 0
		for range rapid.IntRange(1, 200).Draw(rt, "takes") {
			now = now.Add(time.Duration(rapid.IntRange(0, 500).Draw(rt, "pause")) * time.Millisecond)
			if wait := b.take(r, 1, now); wait == 0 {
				taken++
			} else if b.take(r, 1, now.Add(wait-1)) == 0 {
				rt.Fatalf("had one before the wait of %v was over", wait)
			} else if after := b; after.take(r, 1, now.Add(wait)) != 0 {
				rt.Fatalf("had none after %v", wait)
			}
			if limit := r.Burst + int(now.Sub(begin)/r.Every); taken > limit {
				rt.Fatalf("%d taken, limit %d", taken, limit)
			}
		}
	})
}
