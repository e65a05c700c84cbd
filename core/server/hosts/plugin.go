package hosts

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/zap"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/runtime/memory"
	"github.com/muster-gg/muster/runtime/process"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
)

// hostProcess is the name of the host of plugins in logs and metrics.
const hostProcess = "process"

// Misconfigured is an error of Start that is about the config file: it is told by
// place.
type Misconfigured struct{ Diagnostics config.Diagnostics }

func (m Misconfigured) Error() string { return m.Diagnostics.Err().Error() }

// pluginSlot finds or makes the slot of the plugin that a game means by a name.
func (h *Hosts) pluginSlot(g *game, name string) (*slot, config.Plugin, error) {
	p, found := h.options.Config.PluginFor(*g.config, name)
	if !found {
		return nil, p, fmt.Errorf("game %s: there is no plugin %q", g.config.Name, name)
	}
	owner := ""
	for _, own := range g.config.Plugins {
		if own.Name == name {
			owner = g.config.Name
		}
	}
	s := h.slot(kindPlugin, owner, name)
	if s == nil {
		s = h.newSlot(kindPlugin, owner, name)
		s.timeout, s.command, s.memory = p.Timeout, p.Command, p.MemoryLimit
		s.build = func(ctx context.Context) (*version, error) { return h.startPlugin(ctx, s, p) }
	}
	s.usedBy(g.config.Name)
	return s, p, nil
}

// startPlugin starts a process of a plugin.
func (h *Hosts) startPlugin(ctx context.Context, s *slot, p config.Plugin) (*version, error) {
	o := processOptions(h.options.Config, p, h.options.Version)
	o.Logger = h.log
	if s.game != "" {
		o.Logger = h.log.With(zap.String("game", s.game))
	}
	o.Host = func(game string) (hook.Host, bool) {
		for _, name := range s.of {
			if name == game && h.options.Platform != nil {
				return h.options.Platform(game), true
			}
		}
		return nil, false
	}
	if memory.Kept == "" {
		o.Logger.Warn("this system does not keep the memory limit of plugins: run the server on Linux where they are not trusted", zap.String("plugin", s.name))
	}
	running, err := process.Start(ctx, o)
	if err != nil {
		return nil, located(p, err)
	}
	return &version{
		slot: s, host: hostProcess, label: running.Description().GetVersion(), impl: running.Impl(), points: running.Points(),
		close: running.Close, process: running,
	}, nil
}

// processOptions are those of a plugin block.
func processOptions(cfg *config.Config, p config.Plugin, version string) process.Options {
	production := cfg.Server.Mode == config.Production
	return process.Options{
		Name: p.Name, Command: p.Command, Dir: cfg.Dir, SHA256: p.SHA256, RequireChecksum: production, Env: p.Env.Reveal(),
		Development: !production, HostVersion: version, Memory: int64(p.MemoryLimit),
		Configure: func(schema []*pluginpb.Setting) (*structpb.Struct, error) { return settings(p, schema) },
	}
}

// settings checks a plugin's config block against the schema that it sent. Its
// error holds config.Diagnostics.
func settings(p config.Plugin, schema []*pluginpb.Setting) (*structpb.Struct, error) {
	wanted := make([]config.Setting, len(schema))
	for i, s := range schema {
		wanted[i] = config.Setting{
			Name: s.GetName(), Type: s.GetType(), Required: s.GetRequired(), Default: s.GetDefault().AsInterface(),
			Secret: s.GetSecret(), Doc: s.GetDoc(), OneOf: s.GetOneOf(),
		}
	}
	values, diags := p.Settings.Check(wanted)
	if diags.HasErrors() {
		return nil, Misconfigured{diags}
	}
	return structpb.NewStruct(values)
}

// advised adds what to do about a program that is not the one of the checksum.
func advised(err error) error {
	var other *process.ChecksumError
	if errors.As(err, &other) && other.Want != "" {
		return fmt.Errorf("%w. The old one goes on. A reload does not read the config: for the new one write sha256 = %q there and restart the server", err, other.Have)
	}
	return err
}

// located adds where in the config a plugin's own complaint about a setting belongs.
func located(p config.Plugin, err error) error {
	var bad *process.BadSetting
	if errors.As(err, &bad) {
		return Misconfigured{config.Diagnostics{p.Settings.Problem(bad.Name, bad.Problem)}}
	}
	return err
}
