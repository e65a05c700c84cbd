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
)

// errShown ends the program with status 1 when everything worth saying has been
// printed already.
var errShown = errors.New("already shown")

// Main runs the command line and returns the exit status: 0 for success, 1 for a
// failure, 2 for a command line that was not understood. SIGINT and SIGTERM end
// the command's context.
func Main(args []string, version string, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	usage := false
	root := &cobra.Command{
		Use:           "muster",
		Short:         "Muster is a self-hosted match backend: players come in, game servers go out",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetOut(out)
	root.SetErr(errOut)
	root.SetArgs(doubleDashes(args))
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { usage = true; return err })
	root.AddCommand(newServeCommand(version), newConfigCommand(), newVersionCommand(version))
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return 0
	case usage || strings.HasPrefix(err.Error(), "unknown command"):
		fmt.Fprintf(errOut, "muster: %v\nSee: muster --help\n", err)
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

func newVersionCommand(version string) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "muster", version)
			return err
		},
	}
}
