package fetch

import (
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for _, good := range []string{
		"api.example.com", "API.example.com", "*.example.com", "localhost", "localhost:3000", "127.0.0.1", "127.0.0.1:8080", "::1", "[::1]:80",
		"a_b.example", "x--y.example:65535",
	} {
		if err := Check(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "*", "*.", "a.*.b", "http://a.example", "a.example/x", "a.example:0", "a.example:65536", "a.example:", "a.example:080", "10.0.0.0/8",
		"a..b", ".a", "a.", "-a.b", "a b", "ä.example", "127.1", "0x7f.0x1", "a.0x7f", "0.0.0.0", "224.0.0.1", "fe80::1%eth0", "[::1]", "user@a.example",
		strings.Repeat("a", 64) + ".b",
	} {
		if Check(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestAllows(t *testing.T) {
	for _, test := range []struct {
		entry, host, port, usual string
		want                     bool
	}{
		{"a.example", "a.example", "443", "443", true},
		{"a.example", "A.Example", "80", "80", true},
		{"a.example", "a.example", "80", "443", false},
		{"a.example", "b.a.example", "443", "443", false},
		{"a.example:8080", "a.example", "8080", "80", true},
		{"a.example:8080", "a.example", "80", "80", false},
		{"*.a.example", "b.a.example", "443", "443", true},
		{"*.a.example", "c.b.a.example", "443", "443", true},
		{"*.a.example", "a.example", "443", "443", false},
		{"*.a.example", "xa.example", "443", "443", false},
		{"*.a.example:1", "b.a.example", "1", "443", true},
		{"10.0.0.1", "10.0.0.1", "80", "80", true},
		{"10.0.0.1", "::ffff:10.0.0.1", "80", "80", true},
		{"10.0.0.1", "10.0.0.2", "80", "80", false},
		{"::1", "0:0::1", "80", "80", true},
		{"::1", "::1%lo", "80", "80", false},
		{"localhost", "127.0.0.1", "80", "80", false},
	} {
		e, err := parse(test.entry)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.allows(test.host, test.port, test.usual); got != test.want {
			t.Errorf("%s allows %s:%s (%s): got %t", test.entry, test.host, test.port, test.usual, got)
		}
	}
}

func TestPublic(t *testing.T) {
	for _, yes := range []string{"1.1.1.1", "93.184.216.34", "::ffff:1.1.1.1", "2606:4700::1111", "100.128.0.1", "172.32.0.1"} {
		if !public(netip.MustParseAddr(yes)) {
			t.Errorf("%s is public", yes)
		}
	}
	for _, no := range []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.1.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1",
		"192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
		"255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1",
		"2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "2606::1%eth0",
	} {
		if public(netip.MustParseAddr(no)) {
			t.Errorf("%s is not public", no)
		}
	}
	if public(netip.Addr{}) {
		t.Error("no address is not public")
	}
}

// FuzzPermit looks for an address that the list lets through although the host that
// would be dialled is none of it.
func FuzzPermit(f *testing.F) {
	for _, seed := range []string{
		"http://a.example/", "https://x.wild.example:443/y", "http://a.example@evil.com", "http://[::1]:80", "http://a.example:8080/", "http://a.example\\@evil.com",
		"http://a.example%2eevil.com", "HTTP://A.EXAMPLE", "http://127.0.0.1:80#@evil.com", "http://a.example.", "//a.example", "http:a.example",
	} {
		f.Add(seed, seed)
	}
	c, err := New(Options{Allow: []string{"a.example", "*.wild.example", "127.0.0.1", "::1"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, address, text string) {
		if e, err := parse(text); err == nil {
			if e.ip.IsValid() == (e.host != "") {
				t.Errorf("%q has a host and an address, or none", text)
			}
			_ = e.allows(address, "80", "80")
		}
		request, refused := c.prepare(Request{URL: address})
		if refused != nil {
			return
		}
		u, err := url.Parse(request.URL.String())
		if err != nil {
			t.Fatal(err)
		}
		host := strings.ToLower(u.Hostname())
		ip, _ := netip.ParseAddr(host)
		switch ip = ip.Unmap(); {
		case host == "a.example", strings.HasSuffix(host, ".wild.example"), ip == netip.MustParseAddr("127.0.0.1"), ip == netip.IPv6Loopback():
		default:
			t.Errorf("%q leads to %q", address, host)
		}
		if port := u.Port(); port != "" && port != "80" && port != "443" {
			t.Errorf("%q leads to port %s", address, port)
		}
	})
}
