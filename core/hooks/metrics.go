package hooks

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts the calls of all games' hooks. A nil Metrics counts nothing.
type Metrics struct {
	calls     *prometheus.HistogramVec
	abandoned *prometheus.GaugeVec
	dropped   *prometheus.CounterVec
	rejected  *prometheus.CounterVec
	open      *prometheus.GaugeVec
	trips     *prometheus.CounterVec
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
			Name: "muster_hook_events_dropped_total", Help: "Events that a hook was too slow for, or whose breaker was open.",
		}, []string{"game", "hook"}),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "muster_hook_invalid_answers_total", Help: "Answers of hooks that break a rule or came too late, by the code that says how.",
		}, []string{"game", "hook", "point", "code"}),
		open: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "muster_hook_breaker_open", Help: "1 for a hook whose calls fail at once, but for a trial now and then.",
		}, []string{"game", "hook", "point", "rpc"}),
		trips: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "muster_hook_breaker_trips_total", Help: "How often breakers of hooks have opened.",
		}, []string{"game", "hook", "point", "reason"}),
	}
	return m, errors.Join(reg.Register(m.calls), reg.Register(m.abandoned), reg.Register(m.dropped), reg.Register(m.rejected), reg.Register(m.open), reg.Register(m.trips))
}

func (m *Metrics) called(game string, h *serving, how outcome, took time.Duration) {
	if m != nil {
		m.calls.WithLabelValues(game, h.Name, string(h.point), h.Host, h.Version, string(how)).Observe(took.Seconds())
	}
}

// left counts calls that were left behind in, and out when they end. Versions of a
// hook share the series.
func (m *Metrics) left(game string, h *served, n float64) {
	if m != nil {
		m.abandoned.WithLabelValues(game, h.Name).Add(n)
	}
}

// invalid counts an answer that was not taken, or not as it was.
func (m *Metrics) invalid(game string, h *serving, code string) {
	if m != nil {
		m.rejected.WithLabelValues(game, h.Name, string(h.point), code).Inc()
	}
}

func (m *Metrics) lost(game string, h *served) {
	if m != nil {
		m.dropped.WithLabelValues(game, h.Name).Inc()
	}
}

func (m *Metrics) tripped(game, hook string, k key, reason TripReason) {
	if m != nil {
		m.trips.WithLabelValues(game, hook, string(k.point), string(reason)).Inc()
	}
}

// breaker shows an open one. Closed ones have no series: names of rpcs are made by
// callers.
func (m *Metrics) breaker(game, hook string, k key, open bool) {
	switch {
	case m == nil:
	case open:
		m.open.WithLabelValues(game, hook, string(k.point), k.name()).Set(1)
	default:
		m.open.DeleteLabelValues(game, hook, string(k.point), k.name())
	}
}

// forgetVersion ends the series of one version of a hook.
func (m *Metrics) forgetVersion(game string, h *served) {
	if m != nil {
		m.calls.DeletePartialMatch(prometheus.Labels{"game": game, "hook": h.Name, "host": h.Host, "version": h.Version})
	}
}

// forgetHook ends the series of a hook that the game does not have any more.
func (m *Metrics) forgetHook(game string, h *served) {
	if m != nil {
		m.abandoned.DeleteLabelValues(game, h.Name)
		m.dropped.DeleteLabelValues(game, h.Name)
		m.rejected.DeletePartialMatch(prometheus.Labels{"game": game, "hook": h.Name})
		m.trips.DeletePartialMatch(prometheus.Labels{"game": game, "hook": h.Name})
	}
}
