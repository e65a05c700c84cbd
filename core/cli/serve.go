package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/server"
	"github.com/muster-gg/muster/core/server/hosts"
	"github.com/muster-gg/muster/core/telemetry"
	"github.com/muster-gg/muster/runtime/script"
)

// startTimeout bounds how long a node may take to come up.
const startTimeout = 2 * time.Minute

func newServeCommand(version string) *cobra.Command {
	var file string
	var env bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: "Run the server until SIGINT or SIGTERM. It then tells its players to reconnect, lets starts under way\n" +
			"come to their end (at most the config's drain time), ends its game servers and stops. A second signal ends it at once.\n\n" + envHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from := fromFile(file)
			if env {
				from = fromEnv()
			}
			return serve(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), from, version)
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "config.hcl", "the config `file`")
	cmd.Flags().BoolVar(&env, "env", false, "no config file: take the place of GameFlow's public template, with its environment")
	cmd.MarkFlagsMutuallyExclusive("config", "env")
	return cmd
}

func serve(ctx context.Context, out, errOut io.Writer, from source, version string) error {
	cfg, diags := from.load()
	if len(diags) > 0 {
		if err := config.Format(errOut, diags, wantsColour(errOut)); err != nil {
			return err
		}
	}
	if diags.HasErrors() {
		return errShown
	}
	log, err := telemetry.NewLogger(string(cfg.Server.Mode), errOut)
	if err != nil {
		return err
	}
	defer func() { _ = log.Sync() }()

	script.LimitRegexps()
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	node, err := server.Start(starting, server.Options{Config: cfg, Version: version, Logger: log})
	switch {
	case err != nil && ctx.Err() != nil:
		log.Info("start was cut off", zap.Error(err))
		fmt.Fprintln(out, "Stopped before it had started.")
		return nil
	case err != nil:
		return notStarted(errOut, from, err)
	}
	greet(out, cfg, node, version)
	var failure error
	select {
	case <-ctx.Done():
		fmt.Fprintln(out, "Stopping: players are told to reconnect. Press Ctrl-C again to end at once.")
	case failure = <-node.Failed():
		log.Error("a listener failed", zap.Error(failure))
	}
	draining, cancel := context.WithTimeout(context.Background(), cfg.Server.Drain)
	defer cancel()
	if err := node.Stop(draining); err != nil {
		log.Warn("stopped, but not cleanly", zap.Error(err))
	}
	fmt.Fprintln(out, "Stopped.")
	return failure
}

// notStarted tells what is wrong with the config by its place, and everything else
// in a sentence.
func notStarted(errOut io.Writer, from source, err error) error {
	var wrong hosts.Misconfigured
	if !errors.As(err, &wrong) {
		return fmt.Errorf("could not start: %w", err)
	}
	if err := config.Format(errOut, from.tell(wrong.Diagnostics), wantsColour(errOut)); err != nil {
		return err
	}
	return errors.New("could not start: the config does not fit its plugins")
}

// greet prints what is running and where to click.
func greet(out io.Writer, cfg *config.Config, node *server.Server, version string) {
	var games []string
	for _, g := range cfg.Games {
		games = append(games, g.Name)
	}
	fmt.Fprintf(out, "Muster %s (%s) serves %s: %s\n", version, cfg.Server.Mode, plural(len(games), "game"), strings.Join(games, ", "))
	fmt.Fprintf(out, "  Open    %s/\n", node.PublicURL())
	for _, g := range cfg.Games {
		if g.Web != "" {
			fmt.Fprintf(out, "  Play    %s/games/%s/play/   %s\n", node.PublicURL(), g.Name, g.Title)
		}
	}
	for _, r := range node.Rules() {
		fmt.Fprintf(out, "  Rules   %s\n", r)
	}
	fmt.Fprintf(out, "  Admin   http://%s/metrics\n", node.AdminAddr())
	fmt.Fprintf(out, "  Data    %s\n", cfg.Server.DataDir)
	fmt.Fprintf(out, "  Stop    Ctrl-C\n")
}
