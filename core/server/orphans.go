package server

import (
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-gg/muster/core/transport"
)

// orphanBody is a server that may run although no match uses it, as the admin
// listener shows it.
type orphanBody struct {
	Game     string `json:"game"`
	MatchID  string `json:"matchId"`
	Provider string `json:"provider"`
	Region   string `json:"region,omitempty"`
	Cause    string `json:"cause"`
	At       int64  `json:"at"`
}

// waitingBody is a server that is to be given back and is not yet.
type waitingBody struct {
	orphanBody
	// Server is what the provider calls it; empty: it has not said.
	Server string `json:"server,omitempty"`
	// Tries is how often its provider could not end it.
	Tries int `json:"tries"`
}

// newOrphanRoutes shows on the admin listener which servers no match uses:
//
//	GET /orphans?game=                  {"orphans": [orphanBody], "waiting": [waitingBody]}; without game of all
//	DELETE /orphans/{game}/{matchId}    somebody has dealt with it: it is not listed any more
//
// A page of somebody's browser must not change the list, so requests from other
// origins are refused.
func newOrphanRoutes(games []*game) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orphans", func(w http.ResponseWriter, r *http.Request) {
		body := struct {
			Orphans []orphanBody  `json:"orphans"`
			Waiting []waitingBody `json:"waiting"`
		}{[]orphanBody{}, []waitingBody{}}
		name, known := r.URL.Query().Get("game"), false
		for _, g := range games {
			if name != "" && name != g.config.Name {
				continue
			}
			known = true
			orphans, err := g.matches.Orphans(r.Context())
			if err != nil {
				writeJSON(w, http.StatusInternalServerError, problemBody{err.Error(), "internal"})
				return
			}
			for _, o := range orphans {
				body.Orphans = append(body.Orphans, orphanBody{o.Game, o.MatchID, o.Provider, o.Region, o.Cause, o.At.UnixMilli()})
			}
			waiting, err := g.matches.Waiting(r.Context())
			if err != nil {
				writeJSON(w, http.StatusInternalServerError, problemBody{err.Error(), "internal"})
				return
			}
			for _, l := range waiting {
				b := waitingBody{orphanBody: orphanBody{g.config.Name, l.ID, l.Provider, l.Region, l.Cause, l.Since.UnixMilli()}, Tries: l.Tries}
				if l.Server != nil {
					b.Server = l.Server.String()
				}
				body.Waiting = append(body.Waiting, b)
			}
		}
		if name != "" && !known {
			writeJSON(w, http.StatusNotFound, problemBody{"there is no such game", "not_found"})
			return
		}
		writeJSON(w, http.StatusOK, body)
	})
	mux.HandleFunc("DELETE /orphans/{game}/{matchId}", func(w http.ResponseWriter, r *http.Request) {
		for _, g := range games {
			if g.config.Name != r.PathValue("game") {
				continue
			}
			found, err := g.matches.DropOrphan(r.Context(), r.PathValue("matchId"))
			switch {
			case err != nil:
				writeJSON(w, http.StatusInternalServerError, problemBody{err.Error(), "internal"})
				return
			case found:
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		writeJSON(w, http.StatusNotFound, problemBody{"there is no such orphan", "not_found"})
	})
	return http.NewCrossOriginProtection().Handler(mux)
}

// orphanCollectors show how many servers of a game no match uses.
func orphanCollectors(g *game) []prometheus.Collector {
	label := prometheus.Labels{"game": g.config.Name}
	return []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "muster_orphans", Help: "Game servers that may run without a match and that only an operator can end, at most 1,000.", ConstLabels: label,
		}, func() float64 { return float64(g.matches.RecordedOrphans()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "muster_orphans_released_total", Help: "Game servers that were released because their match was over and they still ran.", ConstLabels: label,
		}, func() float64 { return float64(g.matches.SweptServers()) }),
	}
}

// orphanChecks name the games that have orphans, for who looks; none keeps a node from serving.
func orphanChecks(games []*game) (list []transport.Check) {
	for _, g := range games {
		if n := g.matches.RecordedOrphans(); n > 0 {
			list = append(list, transport.Check{
				Name: "servers of " + g.config.Name, Optional: true,
				Detail: fmt.Sprintf("%d may run without a match; see /orphans", n),
			})
		}
	}
	return list
}
