package server

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/allocation/hooked"
	"github.com/muster-gg/muster/core/allocation/local"
	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/core/server/hosts"
	"github.com/muster-gg/muster/runtime/memory"
)

// providers is a game's chain and those of its entries that have to be run.
type providers struct {
	chain  *allocation.Chain
	names  []string
	fleets []allocation.Fleet
	local  map[string]*local.Fleet // those of fleets that run here, by name
	close  []func()
}

// newProviders builds a game's allocate blocks in their order.
func newProviders(g config.Game, cfg *config.Config, book *local.PortBook, rules *hooks.Runner, m allocation.Metrics, log *zap.Logger) (*providers, error) {
	p := &providers{local: map[string]*local.Fleet{}, names: hosts.ProviderNames(g.Allocate)}
	var entries []allocation.Entry
	for i, a := range g.Allocate {
		name := p.names[i]
		entry := allocation.Entry{Name: name, AskUnknown: a.OnUnknown == config.OnUnknownAsk}
		switch {
		case a.Gameflow != nil:
			provider, err := gameflow.New(gameflow.Options{
				URL: a.Gameflow.URL, GameID: a.Gameflow.GameID, APIKey: a.Gameflow.APIKey.Reveal(),
				Region: a.Gameflow.Region, Fleet: a.Gameflow.Fleet, Timeout: a.Gameflow.Timeout, MaxConns: a.MaxConcurrent,
				Logger: log.With(zap.String("game", g.Name)),
			})
			if err != nil {
				return nil, err
			}
			entry.Provider, entry.Limits = provider, provider.Limits(a.MaxConcurrent)
			p.close = append(p.close, provider.Close)
		case a.Local != nil:
			fleet, err := local.New(localOptions(g, *a.Local, name, cfg, book, log))
			if err != nil {
				return nil, err
			}
			entry.Provider, entry.Limits = fleet, fleet.Limits(a.MaxConcurrent)
			p.fleets, p.local[name] = append(p.fleets, fleet), fleet
		default:
			o := hooked.Options{Hook: hosts.AllocatorHook(name), Runner: rules, Logger: log.With(zap.String("game", g.Name))}
			if a.Plugin != nil {
				o.Region, o.Timeout = a.Plugin.Region, a.Plugin.Timeout
			} else {
				o.Region, o.Timeout = a.Script.Region, a.Script.Timeout
			}
			provider, err := hooked.New(o)
			if err != nil {
				return nil, err
			}
			entry.Provider, entry.Limits = provider, provider.Limits(a.MaxConcurrent)
		}
		entries = append(entries, entry)
	}
	chain, err := allocation.NewChain(allocation.Options{Entries: entries, Logger: log, Metrics: m})
	p.chain = chain
	return p, err
}

// betweenLooks is how many times its memory limit the kernel lets a game server have:
// it counts what may be written, used or not, such as the stack of every thread.
const betweenLooks = 2

// localOptions are those of a local fleet.
func localOptions(g config.Game, l config.Local, name string, cfg *config.Config, book *local.PortBook, log *zap.Logger) local.Options {
	o := local.Options{
		Game: g.Name, Command: l.Command, Dir: cfg.Dir, Env: l.Env.Reveal(),
		Ports: local.PortRange(l.Ports), PortNames: l.PortNames, Book: book, Address: l.Address,
		Timeout: l.Timeout, HealthTimeout: l.HealthTimeout, Max: l.Max, MaxPlayers: l.MaxPlayers,
		Idle: l.Idle, StopGrace: l.StopGrace,
		LogDir:   filepath.Join(cfg.Server.DataDir, "logs"),
		StateDir: filepath.Join(fleetsDir(cfg, g.Name), name),
		Region:   "local", Logger: log,
		Warm: l.Warm, WarmBuffer: l.WarmBuffer, CPULimit: l.CPULimit,
	}
	if l.MemoryLimit > 0 {
		o.MemoryLimit, o.Used = int64(l.MemoryLimit), memory.Used
		o.Bound = func(pid int) error { return memory.Limit(pid, betweenLooks*int64(l.MemoryLimit)) }
		if memory.Kept == "" {
			o.Used = nil
			log.Warn("this system does not keep the memory limit of game servers", zap.String("game", g.Name), zap.String("provider", name))
		}
	}
	return o
}

// fleetsDir has a folder for every local fleet that a game has or had.
func fleetsDir(cfg *config.Config, game string) string {
	return filepath.Join(cfg.Server.DataDir, "fleet", game)
}

// abandoned ends and reports the servers that an earlier run left in fleets that
// the config does not have any more.
func (p *providers) abandoned(ctx context.Context, cfg *config.Config, game string, o allocation.Observer, log *zap.Logger) error {
	known, err := os.ReadDir(fleetsDir(cfg, game))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, dir := range known {
		if slices.Contains(p.names, dir.Name()) {
			continue
		}
		if err := local.Abandon(ctx, game, filepath.Join(fleetsDir(cfg, game), dir.Name()), o, log); err != nil {
			return err
		}
	}
	return nil
}
