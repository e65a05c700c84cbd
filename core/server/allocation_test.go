package server

import (
	"os"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation/local"
	"github.com/muster-gg/muster/core/config"
)

// TestOnUnknownReachesTheChain: the budget of a start has room for the question
// where a block wants it asked, and nowhere else.
func TestOnUnknownReachesTheChain(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	budget := func(on config.OnUnknown) time.Duration {
		block := config.Local{
			Command: []string{program}, Ports: config.PortRange{First: 21000, Last: 21009}, PortNames: []string{"default"},
			Address: "127.0.0.1", Timeout: time.Second, Max: 1, StopGrace: time.Second,
		}
		cfg := &config.Config{Dir: t.TempDir()}
		cfg.Server.DataDir = t.TempDir()
		p, err := newProviders(config.Game{Name: "arena", Allocate: []config.Allocate{{OnUnknown: on, Local: &block}}}, cfg, local.NewPortBook(), nil, nil, zap.NewNop())
		if err != nil {
			t.Fatal(err)
		}
		return p.chain.Budget()
	}
	if fails, asks := budget(config.OnUnknownFail), budget(config.OnUnknownAsk); asks <= fails {
		t.Errorf("the budget is %s with %q and %s with %q", fails, config.OnUnknownFail, asks, config.OnUnknownAsk)
	}
}
