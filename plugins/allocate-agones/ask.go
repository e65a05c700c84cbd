package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/muster-gg/muster/plugins/internal/web"
	"github.com/muster-gg/muster/sdk/hook"
)

const (
	// The pauses between looks grow from the first to the longest.
	firstPause, longestPause = 250 * time.Millisecond, 2 * time.Second
	// lookAgain is how long clusters that do not answer are asked after Agones must
	// be through with a call.
	lookAgain = 3 * lookTime
)

// whole bounds an allocation with all that is asked about it, and leaves time to answer.
func (a *agones) whole(ctx context.Context) (context.Context, context.CancelFunc) {
	if len(a.clusters) == 0 {
		return context.WithCancel(ctx)
	}
	return web.Within(ctx, a.Timeout+a.Settle+lookAgain)
}

// ask finds out from the clusters what became of a call that is over for us. A
// server that is found is the match's. That none is found proves something only
// when Agones has settled the call, for it goes on though nobody waits for it. With
// several clusters the same holds for a server that is found: when its answer gets
// lost between two allocators, the next cluster is asked for another.
func (a *agones) ask(ctx context.Context, r *hook.AllocateRequest, settle time.Duration, cause error) (*answer, error) {
	settled := time.Now().Add(settle)
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		// A look counts from its beginning: what comes during it may be missed.
		left := time.Until(settled)
		seen, err := a.look(ctx, r)
		kept := first(seen)
		why := errors.New("the clusters were asked, and it is too early to tell")
		switch {
		case err != nil:
			why = fmt.Errorf("the clusters were asked: %w", err)
		case left <= 0 || kept != nil && !a.MultiCluster:
			if err := a.clear(ctx, r, seen); err != nil {
				why = fmt.Errorf("servers too many cannot be deleted: %w", err)
				break
			}
			if kept == nil {
				return nil, hook.Refuse(cause.Error()+"; no cluster has got a server for it", nil)
			}
			a.Log(ctx).Warn("the answer was lost: the server was found", "match", r.GetMatchId(), "server", kept.Name, "error", cause.Error())
			return kept, nil
		}
		next := pause
		if left > 0 {
			next = min(pause, left)
		}
		if notAllowed(err) || !wait(ctx, next) {
			return nil, hook.Unreachable(fmt.Errorf("%w; %w", cause, why))
		}
	}
}

// first is the server that is kept of those that were found; nil: there is none.
func first(seen []sighting) *answer {
	for _, s := range seen {
		if len(s.usable) > 0 {
			return s.usable[0]
		}
	}
	return nil
}

// clear deletes what was found of a match but the first usable server.
func (a *agones) clear(ctx context.Context, r *hook.AllocateRequest, seen []sighting) error {
	but := make([]string, len(seen))
	for i, s := range seen {
		if len(s.usable) > 0 {
			but[i] = s.usable[0].Name
			break
		}
	}
	return a.everywhere(func(place int, c *cluster) error {
		keep := 0
		if but[place] != "" {
			keep = 1
		}
		surplus := len(seen[place].usable) - keep + seen[place].others
		if surplus == 0 {
			return nil
		}
		a.Log(ctx).Warn("servers that the match has too many are deleted", "match", r.GetMatchId(), "servers", surplus)
		_, err := a.delete(ctx, c, r, but[place])
		return err
	})
}

// wait reports whether ctx outlives a pause.
func wait(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
