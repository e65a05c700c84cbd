package hooks

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-gg/muster/sdk/hook"
)

// Metrics counts the calls of all games' hooks. A nil Metrics counts nothing.
type Metrics struct {
	calls     *prometheus.HistogramVec
	abandoned *prometheus.GaugeVec
	dropped   *prometheus.CounterVec
}

// NewMetrics registers the metrics of hooks.
func NewMetrics(reg prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "muster_hook_seconds", Help: "How long calls of hooks took, by outcome.",
			Buckets: []float64{.0001, .0005, .001, .005, .01, .05, .1, .25, .5, 1, 2, 5},
		}, []string{"game", "hook", "point", "host", "version", "outcome"}),
		abandoned: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "muster_hook_abandoned", Help: "Calls of hooks that still run after their deadline.",
		}, []string{"game", "hook"}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "muster_hook_events_dropped_total", Help: "Events that a hook was too slow for.",
		}, []string{"game", "hook"}),
	}
	return m, errors.Join(reg.Register(m.calls), reg.Register(m.abandoned), reg.Register(m.dropped))
}

func (m *Metrics) called(game string, h *served, p hook.Point, how outcome, took time.Duration) {
	if m != nil {
		m.calls.WithLabelValues(game, h.Name, string(p), h.Host, h.Version, string(how)).Observe(took.Seconds())
	}
}

func (m *Metrics) left(game string, h *served, n int32) {
	if m != nil {
		m.abandoned.WithLabelValues(game, h.Name).Set(float64(n))
	}
}

func (m *Metrics) lost(game string, h *served) {
	if m != nil {
		m.dropped.WithLabelValues(game, h.Name).Inc()
	}
}
