package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/matchmaking"
)

// searches are a game's queues. Nil: it has none.
type searches struct {
	*matchmaking.Service
	tickets *gameflow.Tickets
}

// newSearches builds a game's queues over the platform of its chain.
func newSearches(g config.Game, p *parts, regions matchmaking.Regions, log *zap.Logger) (*searches, error) {
	if len(g.Queues) == 0 {
		return nil, nil
	}
	at := g.Platform()
	if at == nil {
		return nil, errors.New("queues: no allocate block has a key for the platform")
	}
	tickets, err := gameflow.NewTickets(gameflow.TicketsOptions{
		URL: at.URL, GameID: at.GameID, APIKey: at.APIKey.Reveal(), Region: at.Region,
	})
	if err != nil {
		return nil, fmt.Errorf("queues: %w", err)
	}
	took := searchMetrics{prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "muster_matchmaking_seconds", Help: "How long searches for a match took, by how they ended.",
		Buckets: []float64{.5, 1, 2, 5, 10, 20, 30, 60, 90, 180, 600}, ConstLabels: prometheus.Labels{"game": g.Name},
	}, []string{"queue", "outcome"})}
	o := matchmaking.Options{
		Game: g.Name, Tickets: tickets, State: p.state, Regions: regions, Metrics: took, Logger: log,
	}
	for _, q := range g.Queues {
		o.Queues = append(o.Queues, matchmaking.Queue{Name: q.Name, Mode: q.Mode, Limit: q.Limit})
	}
	s := &searches{matchmaking.New(o), tickets}
	going := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "muster_matchmaking_searches", Help: "Players who search for a match.", ConstLabels: prometheus.Labels{"game": g.Name},
	}, func() float64 { return float64(s.Searching()) })
	return s, errors.Join(p.metrics.registry.Register(took), p.metrics.registry.Register(going))
}

type searchMetrics struct{ *prometheus.HistogramVec }

// SearchEnded implements matchmaking.Metrics.
func (m searchMetrics) SearchEnded(queue, outcome string, took time.Duration) {
	m.WithLabelValues(queue, outcome).Observe(took.Seconds())
}

// recover deletes what an earlier run left at the platform.
func (s *searches) recover(ctx context.Context) error {
	if s == nil {
		return nil
	}
	return s.Recover(ctx)
}

// drain refuses new searches.
func (s *searches) drain() {
	if s != nil {
		s.Drain()
	}
}

// run looks after what is overdue until ctx ends.
func (s *searches) run(ctx context.Context) {
	if s != nil {
		_ = s.Run(ctx)
	}
}

// close ends the searches and waits for their tickets.
func (s *searches) close(ctx context.Context) error {
	if s == nil {
		return nil
	}
	defer s.tickets.Close()
	return s.Close(ctx)
}
