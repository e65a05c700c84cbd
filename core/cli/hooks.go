package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	cmd.AddCommand(newHooksBenchCommand(), newHooksNewCommand(), newHooksRecordCommand(), newHooksReplayCommand(), newHooksSandboxCommand(), newHooksTestCommand(), newHooksTypesCommand(), newHooksWorkerCommand())
	return cmd
}

func newHooksTypesCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "types",
		Short: "Write the TypeScript types of hook scripts",
		Long: "Write muster.d.ts, the types that hook scripts of this version are written with:\n" +
			"import type { Context, Lobby } from \"muster\". Put it beside the scripts; editors find it there.\n" +
			"muster-test.d.ts, the types of their tests, is written beside it.\n" +
			"A tsconfig.json with strict checks is written beside it if there is none.",
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
	if err := writeTypeFile(out, file, js.HookTypes); err != nil {
		return err
	}
	if err := writeTypeFile(out, filepath.Join(filepath.Dir(file), "muster-test.d.ts"), js.TestTypes); err != nil {
		return err
	}
	return writeTSConfig(out, filepath.Join(filepath.Dir(file), "tsconfig.json"))
}

// writeTypeFile brings one file of types up to date.
func writeTypeFile(out io.Writer, file string, types []byte) error {
	said := "%s is up to date\n"
	if old, err := os.ReadFile(file); err != nil || !bytes.Equal(old, types) {
		if err := os.WriteFile(file, types, 0o644); err != nil {
			return fmt.Errorf("the types cannot be written: %w", err)
		}
		said = "%s: written\n"
	}
	_, err := fmt.Fprintf(out, said, file)
	return err
}

// writeTSConfig makes editors and tsc check the scripts beside it as strictly as
// they can. It leaves alone one that is there.
func writeTSConfig(out io.Writer, file string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("tsconfig.json cannot be written: %w", err)
	}
	_, err = f.WriteString(tsConfig)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("tsconfig.json cannot be written: %w", err)
	}
	_, err = fmt.Fprintf(out, "%s: written, for editors and tsc\n", file)
	return err
}

// tsConfig is for scripts as the script host runs them: ES2022, no browser, no Node.
const tsConfig = `{
  "compilerOptions": {
    "strict": true,
    "noEmit": true,
    "allowImportingTsExtensions": true,
    "target": "ES2022",
    "lib": ["ES2022"],
    "module": "ESNext",
    "moduleResolution": "bundler",
    "moduleDetection": "force",
    "isolatedModules": true,
    "types": []
  },
  "include": ["**/*.ts"]
}
`
