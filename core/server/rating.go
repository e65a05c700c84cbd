package server

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/match"
	"github.com/muster-gg/muster/core/rating"
)

// ratings send the results of one game to GameFlow's skill rating. Nil sends none.
type ratings struct {
	platform *gameflow.Ratings
	outbox   *rating.Outbox
}

// newRatings is nil for a game whose results are not rated.
func newRatings(g config.Game, p *parts, log *zap.Logger) (*ratings, error) {
	if !g.RatingReport {
		return nil, nil
	}
	access := g.Platform()
	platform, err := gameflow.NewRatings(gameflow.RatingsOptions{
		URL: access.URL, GameID: access.GameID, APIKey: access.APIKey.Reveal(), Mode: g.RatingMode(),
	})
	if err != nil {
		return nil, err
	}
	labels := prometheus.Labels{"game": g.Name}
	outcomes := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "muster_rating_reports_total", Help: "Results for the skill rating, by what became of them.", ConstLabels: labels,
	}, []string{"outcome"})
	r := &ratings{platform: platform, outbox: rating.New(rating.Options{
		Game: g.Name, Store: p.store, Platform: platform, Metrics: ratingMetrics{outcomes}, Logger: log,
	})}
	owed := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "muster_rating_reports_owed", Help: "Results that the skill rating has not taken yet.", ConstLabels: labels,
	}, func() float64 { return float64(r.outbox.Owed()) })
	for _, c := range []prometheus.Collector{outcomes, owed} {
		if err := p.metrics.registry.Register(c); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// records are where the game's matches are recorded.
func (r *ratings) records(all match.Records) match.Records {
	if r == nil {
		return all
	}
	return r.outbox.Records(all)
}

// run sends what is owed until ctx ends.
func (r *ratings) run(ctx context.Context) {
	if r == nil {
		return
	}
	_ = r.outbox.Run(ctx)
	r.platform.Close()
}

type ratingMetrics struct{ outcomes *prometheus.CounterVec }

// Reported counts reports by what became of them.
func (m ratingMetrics) Reported(o rating.Outcome, n int) {
	m.outcomes.WithLabelValues(string(o)).Add(float64(n))
}
