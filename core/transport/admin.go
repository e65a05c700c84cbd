package transport

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/pprof"
	"strconv"
)

// AdminOptions make the handler of the admin listener.
type AdminOptions struct {
	// Metrics answers /metrics; may be nil.
	Metrics http.Handler
	// Ready lists the parts that the node needs; Server.Checks is meant. May be nil.
	Ready func(ctx context.Context) []Check
	// Version is shown by /healthz; may be empty.
	Version string
	// Plugins answers /plugins and below; may be nil.
	Plugins http.Handler
	// Hooks answers below /hooks; may be nil.
	Hooks http.Handler
	// Servers answers /servers and below; may be nil.
	Servers http.Handler
	// Orphans answers /orphans and below; may be nil.
	Orphans http.Handler
}

// NewAdmin returns the handler of the admin listener: health, metrics, profiles.
// Whoever reaches it sees the inside of the server, so it belongs on a private address.
func NewAdmin(o AdminOptions) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { serveHealth(w, o.Version) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		var list []Check
		if o.Ready != nil {
			list = o.Ready(r.Context())
		}
		serveReady(w, list, true)
	})
	if o.Metrics != nil {
		mux.Handle("GET /metrics", o.Metrics)
	}
	if o.Plugins != nil {
		mux.Handle("/plugins", o.Plugins)
		mux.Handle("/plugins/", o.Plugins)
	}
	if o.Hooks != nil {
		mux.Handle("/hooks/", o.Hooks)
	}
	if o.Servers != nil {
		mux.Handle("/servers", o.Servers)
		mux.Handle("/servers/", o.Servers)
	}
	if o.Orphans != nil {
		mux.Handle("/orphans", o.Orphans)
		mux.Handle("/orphans/", o.Orphans)
	}
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

func serveHealth(w http.ResponseWriter, version string) {
	writeJSON(w, http.StatusOK, struct {
		Status  string `json:"status"`
		Version string `json:"version,omitempty"`
	}{"ok", version})
}

type checkBody struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Error  string `json:"error,omitempty"`
	Detail string `json:"detail,omitempty"`
	// Optional parts do not count.
	Optional bool `json:"optional,omitempty"`
}

// serveReady answers 200, or 503 when a part is down. detail shows what is wrong with it.
func serveReady(w http.ResponseWriter, list []Check, detail bool) {
	body := struct {
		Status string      `json:"status"`
		Checks []checkBody `json:"checks"`
	}{"ready", []checkBody{}}
	status := http.StatusOK
	for _, c := range list {
		if c.Optional && !detail {
			continue
		}
		b := checkBody{Name: c.Name, OK: c.Err == nil, Optional: c.Optional}
		if c.Err != nil {
			if !c.Optional {
				body.Status, status = "not_ready", http.StatusServiceUnavailable
			}
			if detail {
				b.Error = c.Err.Error()
			}
		}
		if detail {
			b.Detail = c.Detail
		}
		body.Checks = append(body.Checks, b)
	}
	writeJSON(w, status, body)
}

// writeJSON answers with v as JSON. v must be encodable.
func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	writeBody(w, status, body)
}

// writeBody answers with encoded JSON.
func writeBody(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body))) // also where it is flushed at once
	w.WriteHeader(status)
	_, _ = w.Write(body) // an error means that the client has gone
}
