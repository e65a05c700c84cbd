package cli

import (
	"github.com/spf13/cobra"
)

func newPluginCommand(version string, c checks) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugin",
		Short: "Work with plugins: begin one, check them, see and reload those of a running server",
		Args:  onlyCommands,
		RunE:  showHelp,
	}
	cmd.AddCommand(newPluginNewCommand(version), newPluginListCommand(), newPluginInfoCommand(), newPluginCheckCommand(c), newPluginReloadCommand())
	return cmd
}
