package config

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

const fetchHelp = `A host is written as "api.example.com", "*.example.com" for all below it, or as an IP address, each with ":8080" behind it if wanted.`

// fetchHost parses a host that scripts may reach. It is given back in lower case.
func fetchHost(t string) (string, *misfit) {
	if ip, err := netip.ParseAddr(t); err == nil {
		return fetchAddress(ip, "")
	}
	host, digits := t, ""
	if h, d, err := net.SplitHostPort(t); err == nil && !strings.Contains(t, "/") {
		host, digits = h, d
		if n, err := port(d); err != nil || strconv.Itoa(n) != d {
			return "", &misfit{is: "has a port that is none of 1 to 65535", help: fetchHelp}
		}
	}
	if ip, err := netip.ParseAddr(host); err == nil && digits != "" {
		return fetchAddress(ip, digits)
	}
	name, wild := strings.CutPrefix(host, "*.")
	// Some resolvers take a last label in hex for an address, as one in digits.
	hex := strings.HasPrefix(strings.ToLower(name[strings.LastIndexByte(name, '.')+1:]), "0x")
	if hostName(name) && !hex && !strings.HasSuffix(name, ".") {
		if wild {
			name = "*." + name
		}
		if digits != "" {
			name = net.JoinHostPort(name, digits)
		}
		return strings.ToLower(name), nil
	}
	return "", notFetchHost(t)
}

func fetchAddress(ip netip.Addr, digits string) (string, *misfit) {
	if ip.Zone() != "" || ip.IsMulticast() || ip.IsUnspecified() {
		return "", &misfit{is: "cannot be reached", help: fetchHelp}
	}
	if digits == "" {
		return ip.String(), nil
	}
	return net.JoinHostPort(ip.String(), digits), nil
}

// notFetchHost says what is wrong with an entry, and what was probably meant.
func notFetchHost(t string) *misfit {
	bad := &misfit{is: "is not a host", help: fetchHelp}
	meant := ""
	switch u, err := url.Parse(t); {
	case t == "*":
		bad.is = "would be every host; each one has to be named"
		return bad
	case err == nil && u.Scheme != "" && u.Host != "":
		bad.is, meant = "is an address, a host alone is needed", u.Host
	case strings.Contains(t, "/"):
		bad.is = "is not a host alone"
		meant, _, _ = strings.Cut(t, "/")
	case strings.HasPrefix(t, "[") && strings.HasSuffix(t, "]"):
		bad.is, meant = "has brackets and no port", strings.Trim(t, "[]")
	case strings.HasPrefix(t, "."):
		meant = "*" + t
	case strings.Contains(strings.TrimPrefix(t, "*."), "*"):
		bad.is = `has a "*" that is not "*." in front of a host`
	case strings.HasSuffix(t, "."):
		meant = strings.TrimRight(t, ".")
	}
	// A network is no host, and its address alone is not what was meant.
	if _, err := netip.ParsePrefix(t); err == nil {
		bad.is, meant = "is a network, a host is needed", ""
	}
	if meant != "" && meant != t {
		if fixed, worse := fetchHost(meant); worse == nil {
			bad.hint = `"` + fixed + `"`
		}
	}
	return bad
}
