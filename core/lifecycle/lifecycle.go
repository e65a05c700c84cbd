// Package lifecycle is how services with work of their own run and end.
package lifecycle

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

// End returns when wait has, which waits for all that a service has under way. When
// ctx ends first, cancel makes that give up, and the error is ctx's. cancel is called
// in the end in any case. The service takes up nothing new any more.
func End(ctx context.Context, wait func(), cancel context.CancelFunc) error {
	defer cancel()
	idle := make(chan struct{})
	go func() { wait(); close(idle) }()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		cancel()
		<-idle
		return ctx.Err()
	}
}
