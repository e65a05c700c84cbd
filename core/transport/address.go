package transport

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// maxHops bounds how many entries of X-Forwarded-For are looked at.
const maxHops = 32

// proxies are the networks whose word about a player's address is believed.
type proxies []netip.Prefix

func (p proxies) trusted(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(a) })
}

// client returns the address of the player who sent a request: the peer, or, while
// that is a trusted proxy, who it says it got the request from. X-Forwarded-For is
// read from the right, because only what trusted proxies appended is true; an entry
// that cannot be read ends the walk. The zero Addr stands for a peer without an address.
func (p proxies) client(peer string, header http.Header) netip.Addr {
	at, err := netip.ParseAddrPort(peer)
	if err != nil {
		return netip.Addr{}
	}
	addr := at.Addr().Unmap().WithZone("")
	if len(p) == 0 {
		return addr
	}
	hops := 0
	for _, line := range slices.Backward(header.Values("X-Forwarded-For")) {
		for line != "" || hops == 0 {
			if !p.trusted(addr) {
				return addr
			}
			if hops++; hops > maxHops {
				return addr
			}
			entry := line
			if i := strings.LastIndexByte(line, ','); i >= 0 {
				line, entry = line[:i], line[i+1:]
			} else {
				line = ""
			}
			next, ok := parseHop(entry)
			if !ok {
				return addr
			}
			addr = next
		}
	}
	return addr
}

// parseHop reads an address as proxies write it: plain, with a port, in brackets.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if at, err := netip.ParseAddrPort(text); err == nil {
		return at.Addr().Unmap().WithZone(""), true
	}
	text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, false
	}
	return addr.Unmap().WithZone(""), true
}

// network is what limits count by: an IPv4 address, or the /64 that one customer
// of IPv6 has.
func network(a netip.Addr) netip.Prefix {
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // fails for the zero Addr only, which has the zero Prefix
	return p
}
