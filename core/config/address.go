package config

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// listen parses an address to listen on: "host:port", ":port", "[::1]:port".
func listen(t string) (string, *misfit) {
	const help = `It is written as "127.0.0.1:7350", or ":7350" for all interfaces.`
	if p, err := strconv.ParseUint(t, 10, 16); err == nil {
		return "", &misfit{is: "is not an address to listen on", hint: `":` + strconv.FormatUint(p, 10) + `"`, help: help}
	}
	host, digits, err := net.SplitHostPort(t)
	if err != nil {
		bad := &misfit{is: "is not an address to listen on", help: help}
		if u, err := url.Parse(t); err == nil && u.Scheme != "" && u.Host != "" {
			bad.hint = `"` + u.Host + `"`
		}
		return "", bad
	}
	if p, err := strconv.ParseUint(digits, 10, 16); err != nil || digits != strconv.FormatUint(p, 10) {
		return "", &misfit{is: "does not end in a port of 0 to 65535", help: help}
	}
	if _, err := netip.ParseAddr(host); host != "" && err != nil && !hostName(host) {
		return "", &misfit{is: "has a host that is neither an IP address nor a name", help: help}
	}
	return t, nil
}

var nameLabel = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$`)

// hostName reports whether this can be the name of a host. The last label is not
// a number: that would be an unfinished IPv4 address.
func hostName(host string) bool {
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	for _, l := range labels {
		if !nameLabel.MatchString(l) {
			return false
		}
	}
	return len(host) <= 253 && strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

// playerAddress parses what players are told: a host without a port.
func playerAddress(t string) (string, *misfit) {
	const help = "It is an IP address or a host name, without a port and without brackets."
	if ip, err := netip.ParseAddr(strings.Trim(t, "[]")); err == nil {
		switch {
		case ip.IsUnspecified() || ip.IsMulticast() || ip.Zone() != "":
			return "", &misfit{is: "cannot be reached by players", help: help}
		case strings.HasPrefix(t, "["):
			return "", &misfit{is: "has brackets", hint: `"` + strings.Trim(t, "[]") + `"`, help: help}
		}
		return t, nil
	}
	if hostName(t) {
		return t, nil
	}
	bad := &misfit{is: "is not an address of players", help: help}
	if host, _, err := net.SplitHostPort(t); err == nil && host != "" {
		bad.hint = `"` + host + `"`
	}
	return "", bad
}

// webURL parses an http or https address. It is given back with its host in lower
// case and without a slash at its end.
func webURL(t string) (string, *misfit) {
	const help = `It is written as "https://play.example.com", or with http.`
	u, err := url.Parse(t)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || !validHost(u):
		bad := &misfit{is: "is not an http or https address", help: help}
		if host, _, _ := strings.Cut(t, "/"); err != nil || u.Scheme == "" || u.Host == "" {
			if _, wrong := listen(host); wrong == nil && host[0] != ':' || hostName(host) && strings.Contains(host, ".") {
				bad.hint = `"https://` + t + `"`
			}
		}
		return "", bad
	case u.User != nil:
		return "", &misfit{is: "has a user in it", help: help}
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", &misfit{is: `has a part after "?" or "#"`, help: help}
	}
	return u.Scheme + "://" + strings.ToLower(u.Host) + strings.TrimRight(u.EscapedPath(), "/"), nil
}

func validHost(u *url.URL) bool {
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err != nil && !hostName(host) {
		return false
	}
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	p, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && (p > 0 || strings.HasSuffix(u.Host, ":0"))
}

// origin parses what a browser sends as Origin: scheme, host, port if not the
// default one. It is given back as browsers write it.
func origin(t string) (string, *misfit) {
	const help = `An origin is written as "https://play.example.com": no path, one host; list each host by itself.`
	if strings.Contains(t, "*") {
		return "", &misfit{is: "has a wildcard", help: help}
	}
	whole, bad := webURL(t)
	if bad != nil {
		bad.help = help
		return "", bad
	}
	u, err := url.Parse(whole)
	if err != nil {
		return "", &misfit{is: "is not an origin", help: help}
	}
	host := strings.TrimSuffix(u.Host, map[string]string{"http": ":80", "https": ":443"}[u.Scheme])
	clean := u.Scheme + "://" + host
	if u.Path != "" || strings.HasSuffix(t, "/") {
		return "", &misfit{is: "has a path", hint: `"` + clean + `"`, help: help}
	}
	return clean, nil
}

// network parses a CIDR.
func network(t string) (netip.Prefix, *misfit) {
	const help = `A network is written as "10.0.0.0/8", a single address as "10.0.0.1/32".`
	p, err := netip.ParsePrefix(t)
	if err != nil {
		bad := &misfit{is: "is not a network", help: help}
		if ip, err := netip.ParseAddr(t); err == nil && ip.Zone() == "" {
			bad.hint = `"` + netip.PrefixFrom(ip, ip.BitLen()).String() + `"`
		}
		return netip.Prefix{}, bad
	}
	if p != p.Masked() {
		return netip.Prefix{}, &misfit{is: "has address bits behind its length", hint: `"` + p.Masked().String() + `"`, help: help}
	}
	return p, nil
}

// PublicURLFor is the address that a server on this listen address ("host:port")
// has, as far as one can tell: all interfaces are "localhost".
func PublicURLFor(listen string, tls bool) string {
	host, digits, err := net.SplitHostPort(listen)
	if err != nil {
		host = listen
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	scheme, usual := "http", "80"
	if tls {
		scheme, usual = "https", "443"
	}
	if digits == usual || digits == "" {
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		return scheme + "://" + host
	}
	return scheme + "://" + net.JoinHostPort(host, digits)
}

// localURL reports whether an address means this machine.
func localURL(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && (ip.IsLoopback() || ip.IsUnspecified())
}
