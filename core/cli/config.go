package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-gg/muster/core/config"
)

func newConfigCommand(c checks) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Work with the config file",
		Args:  onlyCommands,
		RunE:  showHelp,
	}
	cmd.AddCommand(newConfigCheckCommand(c))
	return cmd
}

func newConfigCheckCommand(c checks) *cobra.Command {
	var path string
	var offline bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Say what is wrong with a config file",
		Long: "Say what is wrong with a config file. Its plugins are started once, to check their settings, and its scripts are loaded;\n" +
			"no server is started, and a running one is not touched.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if offline {
				c = checks{}
			}
			return checkConfig(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), c, path)
		},
	}
	cmd.Flags().StringVarP(&path, "config", "c", "config.hcl", "the config `file`")
	cmd.Flags().BoolVar(&offline, "offline", false, "read the file alone: start no plugin, load no script")
	return cmd
}

// checkConfig tells on out what a good file holds, on errOut what is wrong.
func checkConfig(ctx context.Context, out, errOut io.Writer, c checks, path string) error {
	cfg, found := config.Load(path, config.Options{Files: config.WarnFiles})
	var all checked
	if !found.HasErrors() {
		var err error
		if all, err = c.run(ctx, cfg, errOut); err != nil {
			return err
		}
		all = all.withoutMissing(cfg)
		found = append(found, all.found...)
	}
	if err := config.Format(errOut, found, wantsColour(errOut)); err != nil {
		return err
	}
	failed, warned := all.tellScripts(errOut, len(found) > 0)
	warned += len(found.Warnings())
	if n := len(found.Errors()) + failed; n > 0 {
		if n+warned > 1 {
			fmt.Fprintln(errOut)
		}
		fmt.Fprintf(errOut, "%s: not ok — %s\n", path, counts(n, warned))
		return errShown
	}
	names := make([]string, len(cfg.Games))
	for i, g := range cfg.Games {
		names[i] = g.Name
	}
	line := fmt.Sprintf("%s: ok — %s: %s%s", path, plural(len(names), "game"), strings.Join(names, ", "), all.started())
	if warned > 0 {
		line += fmt.Sprintf(" (%s)", counts(0, warned))
	}
	_, err := fmt.Fprintln(out, line)
	return err
}

func counts(errors, warnings int) string {
	var parts []string
	if errors > 0 {
		parts = append(parts, plural(errors, "error"))
	}
	if warnings > 0 {
		parts = append(parts, plural(warnings, "warning"))
	}
	return strings.Join(parts, ", ")
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// wantsColour reports whether w is a terminal whose user has not asked for plain
// text (no-color.org).
func wantsColour(w io.Writer) bool {
	f, is := w.(*os.File)
	if !is || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
