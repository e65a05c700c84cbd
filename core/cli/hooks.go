package cli

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/muster-gg/muster/sdk/js"
)

func newHooksCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hooks",
		Short: "Work with hook scripts",
		Args:  onlyCommands,
		RunE:  showHelp,
	}
	cmd.AddCommand(newHooksTypesCommand())
	return cmd
}

func newHooksTypesCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "types",
		Short: "Write the TypeScript types of hook scripts",
		Long: "Write muster.d.ts, the types that hook scripts of this version are written with:\n" +
			"import type { Context, Lobby } from \"muster\". Put it beside the scripts; editors find it there.",
		Example: "  muster hooks types -out hooks/muster.d.ts",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return writeTypes(cmd.OutOrStdout(), file)
		},
	}
	cmd.Flags().StringVarP(&file, "out", "o", "muster.d.ts", "the `file` to write; \"-\" prints it")
	return cmd
}

func writeTypes(out io.Writer, file string) error {
	if file == "-" {
		_, err := out.Write(js.HookTypes)
		return err
	}
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		file = filepath.Join(file, "muster.d.ts")
	}
	if old, err := os.ReadFile(file); err == nil && bytes.Equal(old, js.HookTypes) {
		_, err := fmt.Fprintf(out, "%s is up to date\n", file)
		return err
	}
	if err := os.WriteFile(file, js.HookTypes, 0o644); err != nil {
		return fmt.Errorf("the types cannot be written: %w", err)
	}
	_, err := fmt.Fprintf(out, "%s: written\n", file)
	return err
}
