package cli

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-gg/muster/core/config"
)

func newConfigCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Work with the config file",
		Args:  onlyCommands,
		RunE:  showHelp,
	}
	cmd.AddCommand(newConfigCheckCommand())
	return cmd
}

func newConfigCheckCommand() *cobra.Command {
	var path string
	var offline bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Say what is wrong with a config file, without starting anything",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return checkConfig(cmd.OutOrStdout(), cmd.ErrOrStderr(), path)
		},
	}
	cmd.Flags().StringVarP(&path, "config", "c", "config.hcl", "the config `file`")
	cmd.Flags().BoolVar(&offline, "offline", false, "start no plugins to check their config (this version has no plugins: nothing changes)")
	return cmd
}

// checkConfig tells on out what a good file holds, on errOut what is wrong.
func checkConfig(out, errOut io.Writer, path string) error {
	c, found := config.Load(path, config.Options{Files: config.WarnFiles})
	if err := config.Format(errOut, found, wantsColour(errOut)); err != nil {
		return err
	}
	if found.HasErrors() {
		if len(found) > 1 {
			fmt.Fprintln(errOut)
		}
		fmt.Fprintf(errOut, "%s: not ok — %s\n", path, counts(found))
		return errShown
	}
	names := make([]string, len(c.Games))
	for i, g := range c.Games {
		names[i] = g.Name
	}
	line := fmt.Sprintf("%s: ok — %s: %s", path, plural(len(names), "game"), strings.Join(names, ", "))
	if len(found) > 0 {
		line += fmt.Sprintf(" (%s)", counts(found))
	}
	_, err := fmt.Fprintln(out, line)
	return err
}

func counts(found config.Diagnostics) string {
	var parts []string
	if n := len(found.Errors()); n > 0 {
		parts = append(parts, plural(n, "error"))
	}
	if n := len(found.Warnings()); n > 0 {
		parts = append(parts, plural(n, "warning"))
	}
	return strings.Join(parts, ", ")
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// wantsColour reports whether w is a terminal whose user has not asked for plain
// text (no-color.org).
func wantsColour(w io.Writer) bool {
	f, is := w.(*os.File)
	if !is || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
