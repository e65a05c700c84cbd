package state

import (
	"context"
	"time"
)

// Every calls f every d until ctx ends, the first time after d: what looks for due
// documents on every node runs in it.
func Every(ctx context.Context, d time.Duration, f func(context.Context)) {
	ticker := time.NewTicker(d)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			f(ctx)
		}
	}
}
