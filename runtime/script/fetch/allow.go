package fetch

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Check says what is wrong with an entry of Options.Allow. An entry is
//
//	api.example.com        a host, on the usual port of http or https
//	*.example.com          every host below it, itself not
//	203.0.113.7  ::1       an address
//	api.example.com:8080   any of these, on that port alone
//
// A host is reached at public addresses only, "localhost" at the machine's own, and
// an address that is an entry whatever it is.
func Check(text string) error {
	_, err := parse(text)
	return err
}

// entry is one parsed. Of host and ip one is set.
type entry struct {
	host string // lower case
	wild bool   // all below host
	ip   netip.Addr
	port string // empty: the usual one of the scheme
}

func parse(text string) (entry, error) {
	bad := fmt.Errorf("%q is no host that can be allowed: write \"api.example.com\", \"*.example.com\" or an IP address, each with \":8080\" behind it if wanted", text)
	host, e := text, entry{}
	if ip, err := netip.ParseAddr(text); err == nil {
		return e.address(ip, bad)
	}
	if h, port, err := net.SplitHostPort(text); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
			return entry{}, bad
		}
		host, e.port = h, port
		if ip, err := netip.ParseAddr(host); err == nil {
			return e.address(ip, bad)
		}
	}
	e.host, e.wild = strings.CutPrefix(strings.ToLower(host), "*.")
	if !hostName(e.host) {
		return entry{}, bad
	}
	return e, nil
}

func (e entry) address(ip netip.Addr, bad error) (entry, error) {
	e.ip = ip.Unmap()
	if ip.Zone() != "" || e.ip.IsMulticast() || e.ip.IsUnspecified() {
		return entry{}, bad
	}
	return e, nil
}

// hostName reports whether a text has the form of a name in the DNS. Names of
// digits alone are none: some resolvers take them for addresses.
func hostName(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	labels := strings.Split(name, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		for _, c := range []byte(l) {
			if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
		}
	}
	last := labels[len(labels)-1]
	return strings.Trim(last, "0123456789") != "" && !strings.HasPrefix(strings.ToLower(last), "0x")
}

// allows reports whether an entry names the host at the port. usual is the scheme's
// port.
func (e entry) allows(host, port, usual string) bool {
	if e.port == "" && port != usual || e.port != "" && port != e.port {
		return false
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return e.ip.IsValid() && ip.Zone() == "" && ip.Unmap() == e.ip
	}
	host = strings.ToLower(host)
	switch {
	case e.ip.IsValid() || !hostName(host):
		return false
	case e.wild:
		return strings.HasSuffix(host, "."+e.host)
	}
	return host == e.host
}
