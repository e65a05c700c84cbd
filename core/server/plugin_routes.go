package server

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/muster-gg/muster/core/server/hosts"
)

// newPluginRoutes answers `muster plugin` on the admin listener:
//
//	GET  /plugins                       all plugins, as hosts.Plugin
//	POST /plugins/{name}/reload?game=   the plugin after its reload; without game one that games share
//
// A page of somebody's browser must not reload plugins, so requests from other
// origins are refused.
func newPluginRoutes(h *hosts.Hosts) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /plugins", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, h.Plugins()) })
	mux.HandleFunc("POST /plugins/{name}/reload", func(w http.ResponseWriter, r *http.Request) {
		p, err := h.ReloadPlugin(r.Context(), r.URL.Query().Get("game"), r.PathValue("name"))
		switch {
		case errors.Is(err, hosts.ErrNoPlugin):
			writeJSON(w, http.StatusNotFound, problemBody{err.Error(), "not_found"})
		case err != nil:
			writeJSON(w, http.StatusConflict, problemBody{err.Error(), "reload_failed"})
		default:
			writeJSON(w, http.StatusOK, p)
		}
	})
	return http.NewCrossOriginProtection().Handler(mux)
}

// problemBody is the body of an error.
type problemBody struct {
	Error string `json:"error"`
	Code  string `json:"code"`
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // an error means that the client has gone
}
