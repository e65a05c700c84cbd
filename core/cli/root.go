// Package cli is the command line: one file a command.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/muster-gg/muster/core/server/hosts"
)

// errShown ends the program with status 1 when everything worth saying has been
// printed already.
var errShown = errors.New("already shown")

// errCannot is errShown for what could not be done at all where status 1 says that
// it was done and went badly: it ends the program with status 2.
var errCannot = errors.New("could not be done")

// usageError is a command line that was not understood.
type usageError string

func (e usageError) Error() string { return string(e) }

// Main runs the command line and returns the exit status: 0 for success, 1 for a
// failure, 2 for a command line that was not understood or cannot be followed. SIGINT and SIGTERM end
// the command's context.
func Main(args []string, version string, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// From the first signal on, a second one has its default effect: it ends the
	// program at once.
	defer context.AfterFunc(ctx, stop)()
	usage, c := "", checks{plugins: hosts.DescribePlugins, scripts: hosts.CheckScripts}
	root := &cobra.Command{
		Use:           "muster",
		Short:         "Muster is a self-hosted match backend: players come in, game servers go out",
		Version:       version,
		Args:          onlyCommands,
		RunE:          showHelp,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetOut(out)
	root.SetErr(errOut)
	root.SetArgs(doubleDashes(args))
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetVersionTemplate("muster {{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { usage = cmd.CommandPath(); return err })
	root.AddCommand(newServeCommand(version), newConfigCommand(c), newPluginCommand(version, c), newHooksCommand(), newVersionCommand(version))
	cmd, err := root.ExecuteContextC(ctx)
	if wrong := usageError(""); errors.As(err, &wrong) {
		usage = cmd.CommandPath()
	}
	if err != nil && strings.HasPrefix(err.Error(), "unknown command") {
		usage = cmd.CommandPath()
		if !cmd.HasAvailableSubCommands() {
			err = fmt.Errorf("%s takes no arguments, only flags", cmd.Name())
		}
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errCannot):
		return 2
	case usage != "":
		fmt.Fprintf(errOut, "muster: %s\nSee: %s --help\n", strings.TrimSpace(err.Error()), usage)
		return 2
	case !errors.Is(err, errShown):
		fmt.Fprintln(errOut, "muster:", err)
	}
	return 1
}

// doubleDashes lets long flags be written with one dash, as Go programs do: the
// flag library takes "-config x" for a run of short flags.
func doubleDashes(args []string) []string {
	out := make([]string, 0, len(args))
	for i, a := range args {
		if a == "--" {
			return append(out, args[i:]...)
		}
		if len(a) > 2 && a[0] == '-' && a[1] != '-' {
			a = "-" + a
		}
		out = append(out, a)
	}
	return out
}

// showHelp is what a command does that only has others below it.
func showHelp(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// onlyCommands refuses what is no command below cmd, and guesses what was meant.
func onlyCommands(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("unknown command %q", args[0])
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += fmt.Sprintf(", did you mean %q?", near[0])
	}
	return errors.New(text)
}

func newVersionCommand(version string) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "muster", version)
			return err
		},
	}
}
