package hosts

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"sync"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sync/errgroup"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/runtime/process"
	"github.com/muster-gg/muster/runtime/sandbox"
	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/bundle"
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
	// Warnings are what is strange about it, and what it has logged as such while it
	// was loaded; Err is why it cannot be.
	Warnings []string
	Err      error
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
	in := sandbox.New(sandbox.Options{})
	var reports []ScriptReport
	for _, g := range cfg.Games {
		for _, b := range g.Hooks {
			if b.Script != nil {
				report := ScriptReport{Game: g.Name, Entry: b.Script.Entry}
				report.load(ctx, in, b.Script)
				reports = append(reports, report)
			}
		}
	}
	return reports
}

// load fills in the report of one script.
func (r *ScriptReport) load(ctx context.Context, in *sandbox.Sandbox, b *config.ScriptHooks) {
	var mu sync.Mutex
	strange := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		r.Warnings = append(r.Warnings, text)
	}
	v, err := script.Load(ctx, script.Options{
		Game: r.Game, Entry: b.Entry, Timeout: b.Timeout,
		Build: func(ctx context.Context, o bundle.Options) (*bundle.Result, error) {
			built, err := in.Build(ctx, o)
			if err == nil {
				for _, w := range built.Warnings {
					strange(w.String())
				}
				built.Warnings = nil
			}
			return built, err
		},
		Logger: telling(func(text string) { strange(filepath.Base(b.Entry) + ": warning: " + text) }),
	})
	if err == nil {
		for _, p := range v.Points() {
			r.Points = append(r.Points, string(p))
		}
		err = v.Close(ctx)
	}
	mu.Lock()
	defer mu.Unlock()
	r.Err, r.Warnings = err, slices.Clone(r.Warnings)
}

// telling is a logger that tells the texts of warnings and errors.
func telling(tell func(text string)) *zap.Logger {
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{}), zapcore.AddSync(io.Discard), zap.WarnLevel)
	return zap.New(core, zap.Hooks(func(e zapcore.Entry) error { tell(e.Message); return nil }))
}
