package hosts

import (
	"context"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/worker"
	"github.com/muster-gg/muster/sdk/hook"
)

// hostWorker is the name of the host of scripts with a process of their own in logs
// and metrics.
const hostWorker = "script process"

// startWorker loads a script in a process of its own.
func (h *Hosts) startWorker(ctx context.Context, s *slot, o script.Options, b *config.ScriptHooks) (*version, error) {
	var platform hook.Host
	if h.options.Platform != nil {
		platform = h.options.Platform(s.game)
	}
	w, err := worker.Start(ctx, worker.Options{
		Game: s.game, Name: s.name, Entry: o.Entry, Timeout: o.Timeout, Build: o.Build, Allow: b.Fetch, Memory: int64(b.MemoryLimit),
		Platform: platform, Logger: o.Logger, HostVersion: h.options.Version,
		Recorder: o.Recorder,
	})
	if err != nil {
		return nil, err
	}
	return &version{
		slot: s, host: hostWorker, label: w.Hash(), impl: w.Impl(), points: w.Points(), close: w.Close, process: w.Process(),
	}, nil
}
