package cli

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/muster-gg/muster/core/cli/scaffold"
)

func newHooksNewCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Write the beginning of a hook script, with its test",
		Long: "Write the beginning of a hook script in TypeScript, NAME.ts, with its test, which passes, and the types of both.\n" +
			"It writes over no script, and leaves a tsconfig.json alone that is there.",
		Example: "  muster hooks new rules\n  muster hooks new rules -dir games/arena/hooks",
		Args:    oneName("the script's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := scaffold.Script{Name: args[0]}.Write(dir)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			for _, file := range files {
				fmt.Fprintf(out, "%s: written\n", file)
			}
			if err := writeTypes(out, filepath.Join(dir, "muster.d.ts")); err != nil {
				return err
			}
			return afterNewScript(out, dir, files[0])
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "hooks", "the `folder` to write to; it is made if need be")
	return cmd
}

// afterNewScript prints what to type and what to write into the config.
func afterNewScript(out io.Writer, dir, entry string) error {
	_, err := fmt.Fprintf(out, `
Next:
  muster hooks test %s

Then in config.hcl, inside the block of a game:

hooks "script" {
  entry   = "%s"
  timeout = "1s" # of one call; the default, 50ms, is for scripts that wait for nothing
}

"muster config check" loads it and says what is wrong, if anything is. A running server takes
every later change when the file is saved and its tests pass.
`, dir, filepath.ToSlash(entry))
	return err
}
