package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
)

// Abandon does what Fleet.Start does about the servers of an earlier run, for a
// fleet that is no longer in the config: it ends what still runs, and tells the
// observer of those that had a match before it returns. dir is that fleet's
// StateDir; one that does not exist is no error.
func Abandon(ctx context.Context, game, dir string, o allocation.Observer, log *zap.Logger) error {
	rs := records{dir: filepath.Join(dir, game), log: log}
	if _, err := os.Stat(rs.dir); os.IsNotExist(err) {
		return nil
	}
	left, err := rs.reap(ctx, reapGrace)
	if err != nil {
		return fmt.Errorf("local: leftovers: %w", err)
	}
	for _, r := range left {
		if r.Handed {
			o.ServerEnded(ctx, game, r.MatchID, allocation.EndedCrashed)
		}
		rs.remove(r.ID)
	}
	return ctx.Err()
}
