package server

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/local"
	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/core/server/hosts"
	"github.com/muster-gg/muster/core/telemetry"
)

// metrics is the node's registry and what the composition root itself counts.
type metrics struct {
	registry    *prometheus.Registry
	allocations *prometheus.HistogramVec
	delivered   prometheus.Counter
	undelivered prometheus.Counter
	refused     prometheus.Counter
	hooks       *hooks.Metrics
	hosts       *hosts.Metrics
}

func newMetrics(version string) (*metrics, error) {
	m := &metrics{
		registry: telemetry.NewRegistry(version),
		allocations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "muster_allocation_seconds", Help: "How long one try of a provider took, by how it went.",
			Buckets: []float64{.001, .01, .1, .5, 1, 2, 5, 10, 30, 60, 120},
		}, []string{"game", "provider", "outcome"}),
	}
	m.delivered = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "muster_broadcast_frames_total", Help: "Frames handed to sockets that follow a lobby.",
	})
	m.undelivered = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "muster_broadcast_failures_total", Help: "Messages that could not be encoded for a level.",
	})
	m.refused = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "muster_connections_refused_total", Help: "Connections closed at once because the limit of open files was near.",
	})
	m.registry.MustRegister(m.allocations, m.delivered, m.undelivered, m.refused)
	var err error
	if m.hooks, err = hooks.NewMetrics(m.registry); err != nil {
		return nil, err
	}
	m.hosts, err = hosts.NewMetrics(m.registry)
	return m, err
}

// watch shows how many lobbies and local servers a game has.
func (m *metrics) watch(g *game) error {
	label := prometheus.Labels{"game": g.config.Name}
	all := []prometheus.Collector{prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "muster_lobbies", Help: "Lobbies by game.", ConstLabels: label,
	}, func() float64 { return float64(g.lobbies.Count()) })}
	for name, f := range g.providers.local {
		all = append(all, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "muster_local_servers", Help: "Game servers that run on this machine, those that are ending included.",
			ConstLabels: prometheus.Labels{"game": g.config.Name, "provider": name},
		}, func() float64 { return float64(f.Len()) }))
		all = append(all, fleetCollectors(f, prometheus.Labels{"game": g.config.Name, "provider": name})...)
	}
	all = append(all, orphanCollectors(g)...)
	for _, c := range all {
		if err := m.registry.Register(c); err != nil {
			return err
		}
	}
	return nil
}

// fleetCollectors show how a fleet's pool and its starts go.
func fleetCollectors(f *local.Fleet, labels prometheus.Labels) []prometheus.Collector {
	return []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "muster_local_servers_waiting", Help: "Warm game servers that are ready for a match.", ConstLabels: labels,
		}, func() float64 { return float64(f.Stats().Waiting) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "muster_local_crashes_total", Help: "Game servers that ended by themselves before they had a match.", ConstLabels: labels,
		}, func() float64 { return float64(f.Stats().Crashes) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "muster_local_memory_ended_total", Help: "Game servers that were ended because they used more than memory_limit.", ConstLabels: labels,
		}, func() float64 { return float64(f.Stats().MemoryEnded) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "muster_local_start_hold_seconds", Help: "For how long no game server is started because the last ones crashed.", ConstLabels: labels,
		}, func() float64 { return f.Stats().Held.Seconds() }),
	}
}

func (m *metrics) handler() http.Handler { return telemetry.Handler(m.registry) }

// allocation is the part of one game's chain.
func (m *metrics) allocation(game string) allocation.Metrics { return allocationMetrics{m, game} }

type allocationMetrics struct {
	*metrics
	game string
}

// AllocationTried counts one try of a chain's entry.
func (a allocationMetrics) AllocationTried(provider, outcome string, took time.Duration) {
	a.allocations.WithLabelValues(a.game, provider, outcome).Observe(took.Seconds())
}
