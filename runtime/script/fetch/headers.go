package fetch

import (
	"net/http"
	"net/textproto"
	"strings"
)

// reserved headers belong to the connection or to this package.
var reserved = map[string]bool{
	"Accept-Encoding": true, "Connection": true, "Content-Length": true, "Expect": true, "Host": true, "Http2-Settings": true,
	"Keep-Alive": true, "Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true, "Via": true,
}

// setHeaders puts a script's headers into h.
func setHeaders(h http.Header, headers map[string]string) *Error {
	size := 0
	for name, value := range headers {
		if size += len(name) + len(value); size > MaxHeaders {
			return refuse("the headers are over %d KiB", MaxHeaders>>10)
		}
		if !token(name) {
			return refuse("%.50q is not the name of a header", name)
		}
		name = textproto.CanonicalMIMEHeaderKey(name)
		if reserved[name] || strings.HasPrefix(name, "Proxy-") || strings.HasPrefix(name, ":") {
			return refuse("the header %s cannot be set", name)
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7F }) {
			return refuse("the header %s has control characters", name)
		}
		h.Set(name, value)
	}
	return nil
}

// token reports whether a text may name a header.
func token(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r <= ' ' || r >= 0x7F || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}
