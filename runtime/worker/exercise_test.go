//go:build linux

package worker_test

import (
	"testing"
	"time"

	"github.com/muster-gg/muster/runtime/worker"
	"github.com/muster-gg/muster/sdk/hooktest"
)

// TestContract runs the cases that every host passes.
func TestContract(t *testing.T) {
	hooktest.Exercise(t, func(t *testing.T) hooktest.Hosted {
		host := hooktest.NewHost()
		w := start(t, "", func(o *worker.Options) {
			o.Game, o.Entry, o.Timeout, o.Platform = hooktest.Game, hooktest.ScriptEntry(t), time.Minute, host
			o.Memory = overhead * 32 << 20 // the least that a config may say
		})
		return hooktest.Hosted{Impl: w.Impl(), Points: w.Points(), RpcNames: w.RpcNames(), Host: host}
	})
}
