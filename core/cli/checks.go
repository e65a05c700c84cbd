package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/server/hosts"
	"github.com/muster-gg/muster/core/telemetry"
	"github.com/muster-gg/muster/runtime/script"
)

// checkTimeout bounds the start of all plugins and scripts for a check.
const checkTimeout = 2 * time.Minute

type (
	pluginReport = hosts.PluginReport
	scriptReport = hosts.ScriptReport
)

// checks start what a config names, to see that it works. The zero value starts
// nothing.
type checks struct {
	// plugins starts each plugin block once and ends it again.
	plugins func(ctx context.Context, cfg *config.Config, log *zap.Logger) ([]pluginReport, error)
	// scripts bundles and loads each script once.
	scripts func(ctx context.Context, cfg *config.Config) []scriptReport
}

// checked is what the checks of a config found.
type checked struct {
	plugins []pluginReport
	scripts []scriptReport
	// found is what is wrong with plugins, and with their use by games.
	found config.Diagnostics
}

// run makes the checks. What plugins log goes to errOut, from warnings on.
func (c checks) run(ctx context.Context, cfg *config.Config, errOut io.Writer) (checked, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	var all checked
	if c.plugins != nil && hasPlugins(cfg) {
		log, err := telemetry.NewLogger(string(cfg.Server.Mode), errOut)
		if err != nil {
			return all, err
		}
		if all.plugins, err = c.plugins(ctx, cfg, log.WithOptions(zap.IncreaseLevel(zapcore.WarnLevel))); err != nil {
			return all, fmt.Errorf("the plugins cannot be checked: %w", err)
		}
	}
	if c.scripts != nil {
		script.LimitRegexps()
		all.scripts = c.scripts(ctx, cfg)
	}
	all.look(cfg)
	return all, ctx.Err()
}

func hasPlugins(cfg *config.Config) bool {
	for _, g := range cfg.Games {
		if len(g.Plugins) > 0 {
			return true
		}
	}
	return len(cfg.Plugins) > 0
}

// look puts together what is wrong.
func (c *checked) look(cfg *config.Config) {
	serves := map[[2]string][]string{}
	for _, r := range c.plugins {
		c.found = append(c.found, problems(r, cfg)...)
		if r.Err == nil {
			serves[[2]string{r.Game, r.Name}] = r.Points
		}
	}
	c.found = append(c.found, cfg.CheckUses(func(game, plugin string) ([]string, bool) {
		points, known := serves[[2]string{game, plugin}]
		return points, known
	})...)
}

// problems are those of one plugin, at their places in the file.
func problems(r pluginReport, cfg *config.Config) config.Diagnostics {
	found := r.Diagnostics
	var own config.Diagnostics
	switch {
	case r.Err == nil:
	case errors.As(r.Err, &own):
		found = append(found, own...)
	default:
		p, _ := blockOf(cfg, r.Game, r.Name)
		found = append(found, p.Problem(strings.Join(strings.Fields(r.Err.Error()), " ")))
	}
	return found
}

// blockOf is the plugin block of a game, or with no game that of all games.
func blockOf(cfg *config.Config, game, name string) (config.Plugin, bool) {
	if game == "" {
		return cfg.PluginFor(config.Game{}, name)
	}
	g, _ := cfg.Game(game)
	return (&config.Config{}).PluginFor(g, name)
}

// withoutMissing leaves out what is not on this machine: the config was read with
// a warning about it.
func (c checked) withoutMissing(cfg *config.Config) checked {
	var there checked
	for _, r := range c.plugins {
		p, known := blockOf(cfg, r.Game, r.Name)
		if known && r.Err != nil && len(p.Command) > 0 {
			if _, err := exec.LookPath(p.Command[0]); err != nil {
				continue
			}
		}
		there.plugins = append(there.plugins, r)
	}
	for _, r := range c.scripts {
		if _, err := os.Stat(r.Entry); r.Err == nil || err == nil {
			there.scripts = append(there.scripts, r)
		}
	}
	there.look(cfg)
	return there
}

// tellScripts tells what is strange about scripts and why some do not load, and counts
// both. after says that something was told before.
func (c checked) tellScripts(errOut io.Writer, after bool) (failed, warned int) {
	tell := func(r scriptReport, text string) {
		if after {
			fmt.Fprintln(errOut)
		}
		after = true
		fmt.Fprintf(errOut, "game %q: %s\n", r.Game, plainLines(text))
	}
	for _, r := range c.scripts {
		for _, text := range r.Warnings {
			tell(r, text)
			warned++
		}
		if r.Err != nil {
			tell(r, r.Err.Error())
			failed++
		}
	}
	return failed, warned
}

// started is a sentence's part on what was started, "" if nothing was.
func (c checked) started() string {
	var parts []string
	if n := len(c.plugins); n > 0 {
		parts = append(parts, plural(n, "plugin"))
	}
	if n := len(c.scripts); n > 0 {
		parts = append(parts, plural(n, "script"))
	}
	if len(parts) == 0 {
		return ""
	}
	return "; " + strings.Join(parts, ", ")
}
