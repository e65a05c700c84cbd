package latency

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/state"
)

// Best is the region where the player who is farthest is nearest, among those that
// all have measured; of several equal ones the one that is nearer to all together,
// then the first by name. Who has measured nothing has no say. Empty: nothing is
// known, or they have no region in common.
func (s *Service) Best(ctx context.Context, accounts ...string) string {
	keys := make([]state.Key, len(accounts))
	for i, a := range accounts {
		keys[i] = key(a)
	}
	docs, err := s.state.Get(ctx, s.game, keys...)
	if err != nil {
		s.log.Warn("latencies could not be read; the default region it is", zap.Error(err))
		return ""
	}
	var all []map[string]int
	for _, d := range docs {
		regions, err := measured(d)
		if err != nil {
			s.log.Error("a player's latencies cannot be read", zap.Error(err))
			continue
		}
		if len(regions) > 0 && time.Now().Before(d.Deadline) {
			all = append(all, regions)
		}
	}
	return best(all)
}

// best is Best over what players have measured.
func best(all []map[string]int) (region string) {
	if len(all) == 0 {
		return ""
	}
	var lowest, least int
	for name := range all[0] {
		worst, sum, common := 0, 0, true
		for _, regions := range all {
			ms, known := regions[name]
			worst, sum, common = max(worst, ms), sum+ms, common && known
		}
		if !common {
			continue
		}
		if region == "" || worst < lowest || worst == lowest && (sum < least || sum == least && name < region) {
			region, lowest, least = name, worst, sum
		}
	}
	return region
}
