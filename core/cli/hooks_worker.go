package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/muster-gg/muster/runtime/worker"
)

// newHooksWorkerCommand is what a server runs for a script with a process of its own.
func newHooksWorkerCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "worker",
		Short:  "Run a script for the server that starts this",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if !worker.Started() {
				return errors.New("the server starts this process for scripts with isolation = \"process\"; nobody else does")
			}
			worker.Serve()
			return nil
		},
	}
}
