package hosts

import (
	"context"
	"errors"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/runtime/process"
	"github.com/muster-gg/muster/runtime/script"
)

// PluginReport is what one plugin block turned out to be when it was started.
type PluginReport struct {
	// Game is empty for a plugin that games share.
	Game, Name       string
	Program, Version string
	Points           []string
	// Diagnostics are about its settings; Err is why it could not be asked.
	Diagnostics config.Diagnostics
	Err         error
}

// ScriptReport is what one script turned out to be when it was loaded.
type ScriptReport struct {
	Game, Entry string
	Points      []string
	Err         error
}

// checkedAtOnce is how many plugins run for a check at the same time.
const checkedAtOnce = 8

// DescribePlugins starts each plugin block of a config once, asks it what it is,
// and ends it. Calls to it are made by `config check` and `plugin check`.
func DescribePlugins(ctx context.Context, cfg *config.Config, log *zap.Logger) ([]PluginReport, error) {
	var reports []*PluginReport
	var all errgroup.Group
	all.SetLimit(checkedAtOnce)
	describe := func(game string, plugins []config.Plugin) {
		for _, p := range plugins {
			report := &PluginReport{Game: game, Name: p.Name}
			reports = append(reports, report)
			all.Go(func() error { report.describe(ctx, cfg, p, log); return nil })
		}
	}
	describe("", cfg.Plugins)
	for _, g := range cfg.Games {
		describe(g.Name, g.Plugins)
	}
	_ = all.Wait() // every report has its own error
	out := make([]PluginReport, len(reports))
	for i, r := range reports {
		out[i] = *r
	}
	return out, ctx.Err()
}

// describe fills in the report of one plugin.
func (r *PluginReport) describe(ctx context.Context, cfg *config.Config, p config.Plugin, log *zap.Logger) {
	o := processOptions(cfg, p, "")
	o.Logger = log
	about, err := process.Describe(ctx, o)
	if err != nil {
		r.Err = err
		return
	}
	r.Program, r.Version, r.Points = about.GetName(), about.GetVersion(), about.GetPoints()
	var wrong Misconfigured
	if _, err := settings(p, about.GetSettings()); errors.As(err, &wrong) {
		r.Diagnostics = wrong.Diagnostics
	}
}

// CheckScripts bundles and loads each script of a config once.
func CheckScripts(ctx context.Context, cfg *config.Config) []ScriptReport {
	var reports []ScriptReport
	for _, g := range cfg.Games {
		for _, b := range g.Hooks {
			if b.Script == nil {
				continue
			}
			report := ScriptReport{Game: g.Name, Entry: b.Script.Entry}
			v, err := script.Load(ctx, script.Options{Game: g.Name, Entry: b.Script.Entry, Timeout: b.Script.Timeout})
			if err == nil {
				for _, p := range v.Points() {
					report.Points = append(report.Points, string(p))
				}
				err = v.Close(ctx)
			}
			report.Err = err
			reports = append(reports, report)
		}
	}
	return reports
}
