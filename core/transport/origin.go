package transport

import (
	"net/http"
	"strings"
)

// origins say which web pages may call and connect.
type origins struct {
	any  bool
	list map[string]bool
}

func newOrigins(development bool, list []string) *origins {
	o := &origins{any: development, list: make(map[string]bool, len(list))}
	for _, origin := range list {
		o.list[strings.ToLower(strings.TrimSuffix(origin, "/"))] = true
	}
	return o
}

func (o *origins) allows(origin string) bool { return o.any || o.list[strings.ToLower(origin)] }

// connect reports whether a WebSocket may be opened. A client that is no browser
// sends no Origin and is let in: it could send any.
func (o *origins) connect(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	return origin == "" || o.allows(origin)
}

// headers sets what browsers ask of a cross-origin answer.
func (o *origins) headers(h http.Header, r *http.Request) {
	origin := r.Header.Get("Origin")
	if o.any {
		h.Set("Access-Control-Allow-Origin", "*")
	} else {
		h.Add("Vary", "Origin")
		if origin == "" || !o.allows(origin) {
			return
		}
		h.Set("Access-Control-Allow-Origin", origin)
	}
	h.Set("Access-Control-Expose-Headers", "Link, Retry-After, X-Request-Id")
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE, OPTIONS")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
		h.Set("Access-Control-Max-Age", "86400")
	}
}
