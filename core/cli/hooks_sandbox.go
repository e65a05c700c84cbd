package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/muster-gg/muster/runtime/sandbox"
)

// newHooksSandboxCommand is what a server runs to bundle a script, or to run the tests
// of scripts.
func newHooksSandboxCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "sandbox",
		Short:  "Bundle or test scripts for the server that starts this",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if !sandbox.Started() {
				return errors.New("the server starts this process to bundle and test scripts; nobody else does: see muster hooks test")
			}
			sandbox.Serve()
			return nil
		},
	}
}
