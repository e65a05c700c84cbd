package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/muster-gg/muster/core/config"
)

func newPluginCheckCommand(c checks) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "check [NAME]",
		Short: "Start the plugins of a config file once and say what is wrong with them",
		Long: "Start each plugin of a config file once, check its settings and what its games ask it for, and end it again.\n" +
			"With a NAME, say it of the plugins of that name alone. No running server is needed, and none is touched.",
		Args: atMostOneName("the plugin's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return checkPlugins(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), c, file, strings.Join(args, ""))
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "config.hcl", "the config `file`")
	return cmd
}

func checkPlugins(ctx context.Context, out, errOut io.Writer, c checks, file, name string) error {
	cfg, found := config.Load(file, config.Options{Files: config.WarnFiles})
	if found.HasErrors() {
		if err := config.Format(errOut, found, wantsColour(errOut)); err != nil {
			return err
		}
		return errShown
	}
	if name != "" && !namesPlugin(cfg, name) {
		return fmt.Errorf("%s has no plugin %q", file, name)
	}
	all, err := checks{plugins: c.plugins}.run(ctx, cfg, errOut)
	if err != nil {
		return err
	}
	all = all.named(cfg, name)
	if len(all.plugins) == 0 {
		_, err := fmt.Fprintf(out, "%s has no plugins\n", file)
		return err
	}
	if err := reportTable(out, cfg, all); err != nil {
		return err
	}
	if len(all.found) == 0 {
		return nil
	}
	fmt.Fprintln(errOut)
	if err := config.Format(errOut, all.found, wantsColour(errOut)); err != nil {
		return err
	}
	if all.found.HasErrors() {
		return errShown
	}
	return nil
}

func namesPlugin(cfg *config.Config, name string) bool {
	if _, shared := blockOf(cfg, "", name); shared {
		return true
	}
	for _, g := range cfg.Games {
		if _, own := blockOf(cfg, g.Name, name); own {
			return true
		}
	}
	return false
}

// named leaves plugins of one name; an empty one leaves all.
func (c checked) named(cfg *config.Config, name string) checked {
	if name == "" {
		return c
	}
	var some checked
	for _, r := range c.plugins {
		if r.Name == name {
			some.plugins = append(some.plugins, r)
		}
	}
	some.look(cfg)
	return some
}

func reportTable(out io.Writer, cfg *config.Config, all checked) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tGAME\tPROGRAM\tSERVES\tRESULT")
	for _, r := range all.plugins {
		result := "ok"
		if found := problems(r, cfg); found.HasErrors() {
			result = "not ok"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.Name, dash(r.Game), dash(r.Program+" "+r.Version), points(r.Points), result)
	}
	return w.Flush()
}

// atMostOneName takes no argument or one.
func atMostOneName(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usageError(fmt.Sprintf("%s takes one argument at most, %s; it was given %d", cmd.Name(), what, len(args)))
		}
		return nil
	}
}
