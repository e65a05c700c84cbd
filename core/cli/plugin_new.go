package cli

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-gg/muster/core/cli/scaffold"
	"github.com/muster-gg/muster/sdk/hook"
)

func newPluginNewCommand(version string) *cobra.Command {
	var point, module, source string
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Write the beginning of a plugin, with its test, into a folder of its name",
		Long: "Write the beginning of a plugin in Go, with its test, into the folder NAME. It builds, and its test passes.\n" +
			"Points: " + strings.Join(scaffold.Points(), ", ") + ".",
		Example: "  muster plugin new fair-start\n  muster plugin new auth-studio -point authenticate -module git.example.com/us/auth-studio",
		Args:    oneName("the plugin's name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p := scaffold.Plugin{Name: args[0], Point: hook.Point(point), Module: module, Muster: scaffold.Muster{Version: version, Source: source}}
			if source == "" {
				p.Muster.Source = scaffold.FindSource(".")
			}
			if err := p.Write(p.Name); err != nil {
				return err
			}
			return nextSteps(cmd.OutOrStdout(), p)
		},
	}
	cmd.Flags().StringVar(&point, "point", string(hook.PointValidateStart), "the extension `point` that it serves")
	cmd.Flags().StringVar(&module, "module", "", "the `path` of its Go module (default example.com/NAME)")
	cmd.Flags().StringVar(&source, "replace", "", "build against the checkout of Muster in this `folder` (default: the one that this folder is in, if any)")
	return cmd
}

// oneName takes exactly one argument.
func oneName(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usageError(fmt.Sprintf("%s takes one argument, %s; it was given %d", cmd.Name(), what, len(args)))
		}
		return nil
	}
}

// nextSteps prints what to type and what to write into the config.
func nextSteps(out io.Writer, p scaffold.Plugin) error {
	first := "cd " + p.Name
	if p.Muster.Source == "" {
		first += " && go mod tidy"
	}
	program := filepath.ToSlash(filepath.Join("bin", "plugins", p.Name))
	_, err := fmt.Fprintf(out, `%s/ has the beginning of a plugin: %s in main.go, and its test.

Next:
  %s
  go test ./...
  go build -o ../%s .

Then in config.hcl:

plugin "%s" {
  command = ["%s"]
}

and inside the block of a game:

%s

"muster config check" starts it and says what is wrong, if anything is.
`, p.Name, p.Point, first, program, p.Name, program, p.Use())
	return err
}
