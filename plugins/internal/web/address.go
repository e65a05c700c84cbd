package web

import (
	"net"
	"net/url"
	"strings"
)

// Base checks the address of an interface as an operator wrote it, and returns it
// without a slash at its end. The problem, if there is one, goes on after the
// setting's name. Plain http would show tokens to everybody on the way: it is for
// this machine, and for development.
func Base(address string, development bool) (base, problem string) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return "", "is not an http or https address"
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "", "must have no user, query or fragment"
	case u.Scheme == "http" && !development && !loopback(u.Hostname()):
		return "", "must be https: in production tokens are sent there"
	}
	return strings.TrimRight(u.String(), "/"), ""
}

// Allowed reports whether an address that a provider named may be asked, under the
// same rules.
func Allowed(address string, development bool) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && (development || loopback(u.Hostname()))
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
