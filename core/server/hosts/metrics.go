package hosts

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-gg/muster/runtime/process"
)

// Metrics counts reloads. A nil Metrics counts nothing.
type Metrics struct {
	reloads *prometheus.CounterVec
}

// NewMetrics registers the metrics of hosts.
func NewMetrics(reg prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "muster_hook_reloads_total", Help: "New versions of scripts and plugins, by whether they came into use.",
	}, []string{"kind", "game", "name", "outcome"})}
	return m, reg.Register(m.reloads)
}

func (m *Metrics) reloaded(s *slot, outcome string) {
	if m != nil {
		m.reloads.WithLabelValues(string(s.kind), s.game, s.name, outcome).Inc()
	}
}

// Collect shows the state and the restarts of every plugin, and of every script
// with a process of its own.
func (h *Hosts) Collect(reg prometheus.Registerer) error {
	var errs []error
	for _, s := range h.slots {
		if s.kind != kindPlugin && !s.worker {
			continue
		}
		labels := prometheus.Labels{"game": s.game, "plugin": s.name}
		for _, state := range []process.State{process.Starting, process.Running, process.Restarting, process.Quarantined, process.Closed} {
			with := prometheus.Labels{"game": s.game, "plugin": s.name, "state": string(state)}
			errs = append(errs, reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "muster_plugin_state", Help: "1 for the state that a plugin is in.", ConstLabels: with,
			}, func() float64 {
				if h.now(s).State == string(state) {
					return 1
				}
				return 0
			})))
		}
		errs = append(errs, reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "muster_plugin_restarts", Help: "Restarts of a plugin's process since its last reload.", ConstLabels: labels,
		}, func() float64 { return float64(h.now(s).Restarts) })))
		if s.kind == kindPlugin {
			errs = append(errs, h.collectMemory(reg, s, labels))
		}
	}
	return errors.Join(errs...)
}

func (h *Hosts) now(s *slot) Plugin {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.current == nil {
		return Plugin{}
	}
	return s.plugin()
}
