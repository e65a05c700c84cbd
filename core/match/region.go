package match

import (
	"context"

	"github.com/muster-gg/muster/core/lobby"
)

// Regions knows where players would like to play.
type Regions interface {
	// Best is a region that suits all of the accounts, empty when nothing is known.
	Best(ctx context.Context, accounts ...string) string
}

// measured is the region that suits the humans of a lobby by what their clients have
// measured. It counts where neither the start nor a hook has named one; without it
// the provider's own default does.
func (s *Service) measured(ctx context.Context, l *lobby.Lobby) string {
	if s.regions == nil {
		return ""
	}
	var humans []string
	for _, p := range l.All {
		if !p.Bot {
			humans = append(humans, p.AccountID)
		}
	}
	return s.regions.Best(ctx, humans...)
}
