package web

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what Muster takes from a provider: more would fail the sign-in.
const (
	maxName    = 256 // bytes
	maxPicture = 2048
)

// Name makes a name that a provider told fit.
func Name(name string) string {
	name = strings.ToValidUTF8(name, "")
	for len(name) > maxName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return name
}

// Picture returns the address of a picture, empty if players cannot be shown it.
func Picture(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || len(address) > maxPicture ||
		strings.ContainsFunc(address, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }) {
		return ""
	}
	return address
}
