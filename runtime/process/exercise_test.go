//go:build linux

package process

import (
	"testing"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/hooktest"
	"github.com/muster-gg/muster/sdk/plugin"
)

// rulesPlugin is the rules that every host must serve alike.
type rulesPlugin struct {
	plugin.Base
	hooktest.Rules
}

func TestRulesInAProcess(t *testing.T) {
	hooktest.Exercise(t, func(t *testing.T) hooktest.Hosted {
		host := hooktest.NewHost()
		o := options(t, "rules", nil)
		o.Host = func(game string) (hook.Host, bool) { return host, game == hooktest.Game }
		p := begin(t, o)
		return hooktest.Hosted{Impl: p.Impl(), Points: p.Points(), RpcNames: p.Description().GetRpcNames(), Host: host}
	})
}
