package hosts

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/runtime/process"
	"github.com/muster-gg/muster/sdk/hook"
)

// version is one running version of a plugin or script. It ends when neither its
// slot nor any game's hooks use it.
type version struct {
	slot *slot
	// host and label are what logs and metrics call it.
	host, label string
	impl        hook.Remote
	points      []hook.Point
	close       func(context.Context) error
	process     *process.Process // nil for scripts in the server

	users int // guarded by Hosts.mu
}

// set is the hooks of a game with the versions that they run on.
type set struct {
	hooks    []hooks.Hook
	versions []*version
}

// hold counts the set as a user of its versions. Hosts.mu is held.
func (s *set) hold() *set {
	for _, v := range s.versions {
		v.users++
	}
	return s
}

// release undoes hold; versions without users end. Hosts.mu is held.
func (h *Hosts) release(ctx context.Context, s *set) {
	if s == nil {
		return
	}
	for _, v := range s.versions {
		h.drop(ctx, v)
	}
}

// endTimeout bounds how long the end of a version may take that was replaced.
const endTimeout = 30 * time.Second

// drop takes one user off a version and ends it after the last one. Hosts.mu is held.
func (h *Hosts) drop(ctx context.Context, v *version) {
	if v == nil {
		return
	}
	if v.users--; v.users > 0 {
		return
	}
	h.work.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, endTimeout)
		defer cancel()
		if err := v.close(ctx); err != nil {
			err = fmt.Errorf("%s, version %s: %w", v.slot, v.label, err)
			h.log.Warn("an old version did not end cleanly", zap.Error(err))
			h.mu.Lock()
			defer h.mu.Unlock()
			if h.closed {
				h.errs = append(h.errs, err)
			}
		}
	})
}
