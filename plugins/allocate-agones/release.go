package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/muster-gg/muster/plugins/internal/web"
	"github.com/muster-gg/muster/sdk/hook"
)

// Points are allocate, and release where there is a way to end a server: who cannot
// release must not say so, or servers without a match would be nobody's.
func (a *agones) Points() []hook.Point {
	if len(a.clusters) == 0 {
		return []hook.Point{hook.PointAllocate}
	}
	return []hook.Point{hook.PointAllocate, hook.PointRelease}
}

// Release deletes the game servers of a match: those with its labels, so that it
// works too when nobody was told which server that is. The allocator service has no
// call for it, hence Kubernetes' own interface, of every cluster: what is in one
// need not be known to another. Where none is left, that is a success.
func (a *agones) Release(ctx context.Context, r *hook.ReleaseRequest) error {
	switch {
	case r.GetMatchId() == "":
		return errors.New("agones: the match has no id")
	case len(a.clusters) == 0:
		return errors.New("agones: servers cannot be deleted: kubernetes_url is not set")
	}
	ctx, cancel := web.Within(ctx, a.Timeout)
	defer cancel()
	var sum atomic.Int64
	err := a.everywhere(func(_ int, c *cluster) error {
		deleted, err := a.delete(ctx, c, r, "")
		sum.Add(int64(deleted))
		return err
	})
	if err != nil {
		return hook.Unreachable(fmt.Errorf("agones: %w", err))
	}
	a.Log(ctx).Info("released", "match", r.GetMatchId(), "server", r.GetServer().GetName(), "deleted", sum.Load())
	return nil
}

// delete deletes a match's servers of one cluster, all but the one of that name,
// and says how many there were.
func (a *agones) delete(ctx context.Context, c *cluster, o owner, but string) (deleted int, err error) {
	text, err := a.servers(ctx, c, http.MethodDelete, o, but)
	if err != nil {
		return 0, err
	}
	var list struct {
		Items []struct{} `json:"items"`
	}
	_ = json.Unmarshal(text, &list) // it may answer without a list: the number is for the log alone
	return len(list.Items), nil
}
