package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/scripttest"
)

// hooksTest is what the command line says about a run of tests.
type hooksTest struct {
	config, run string
	verbose     bool
}

func newHooksTestCommand() *cobra.Command {
	var o hooksTest
	cmd := &cobra.Command{
		Use:   "test [FOLDER or FILE...]",
		Short: "Run the tests of hook scripts",
		Long: "Run the tests of hook scripts: files like arena.test.ts beside them, in the engine that serves games. Each test has a clock,\n" +
			"random numbers, a storage, and answers to fetch of its own, and one second. No server is needed, and none is touched.\n\n" +
			"A FILE is a test; what it imports must be in its folder. Without arguments it is the tests beside the config's scripts,\n" +
			"or those of this folder if there is no config file.\n" +
			"\"muster hooks types\" writes the types of what tests import from \"muster/test\". It ends with status 1 when a test fails.",
		Example: "  muster hooks test\n  muster hooks test hooks -run \"empty team\" -v",
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.config == "" && len(args) == 0 {
				if _, err := os.Stat("config.hcl"); err == nil {
					o.config = "config.hcl"
				}
			} else if o.config != "" && len(args) > 0 {
				return usageError("test takes folders or -config, not both")
			}
			return o.runTests(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), args)
		},
	}
	cmd.Flags().StringVarP(&o.config, "config", "c", "", "test the scripts of this config `file` (default config.hcl, if there is one)")
	cmd.Flags().StringVar(&o.run, "run", "", "run only tests whose names match this regular `expression`")
	cmd.Flags().BoolVarP(&o.verbose, "verbose", "v", false, "show every test, and what it has logged")
	return cmd
}

// runTests runs the tests of folders, or of the config's scripts.
func (o *hooksTest) runTests(ctx context.Context, out, errOut io.Writer, folders []string) error {
	var run *regexp.Regexp
	if o.run != "" {
		var err error
		if run, err = regexp.Compile(o.run); err != nil {
			return fmt.Errorf("-run is no regular expression: %w", err)
		}
	}
	if o.config != "" {
		var err error
		if folders, err = scriptFolders(errOut, o.config); err != nil {
			return err
		}
	} else if len(folders) == 0 {
		folders = []string{"."}
	}
	script.LimitRegexps()
	tests, failed := 0, 0
	for _, dir := range folders {
		what := scripttest.Options{Dir: dir, Run: run}
		if scripttest.IsTest(dir) {
			what.Dir, what.Files = filepath.Dir(dir), []string{filepath.Base(dir)}
		}
		report, err := scripttest.Run(ctx, what)
		if err != nil {
			return err
		}
		if len(folders) > 1 && len(report.Files) > 0 {
			fmt.Fprintf(out, "%s\n", shortPath(dir))
		}
		if err := report.Write(out, o.verbose); err != nil {
			return err
		}
		ran, bad := report.Counts()
		tests, failed = tests+ran, failed+bad
	}
	switch {
	case failed > 0:
		fmt.Fprintf(out, "\n%d of %s failed\n", failed, plural(tests, "test"))
		return errShown
	case tests == 0 && run != nil:
		return fmt.Errorf("no test in %s has a name that matches %q", places(folders), o.run)
	case tests == 0:
		return fmt.Errorf("there are no tests in %s: their files end in .test.ts; \"muster hooks new NAME\" writes a script with its test", places(folders))
	}
	return nil
}

// scriptFolders are the folders of a config's scripts, each once.
func scriptFolders(errOut io.Writer, path string) ([]string, error) {
	cfg, found := config.Load(path, config.Options{Files: config.WarnFiles})
	if found.HasErrors() {
		return nil, errors.Join(config.Format(errOut, found, wantsColour(errOut)), errShown)
	}
	var folders []string
	for _, g := range cfg.Games {
		for _, b := range g.Hooks {
			if b.Script != nil && !slices.Contains(folders, filepath.Dir(b.Script.Entry)) {
				folders = append(folders, filepath.Dir(b.Script.Entry))
			}
		}
	}
	if len(folders) == 0 {
		return nil, fmt.Errorf("no game of %s has a hooks \"script\" block", path)
	}
	return folders, nil
}

// places names folders in a sentence.
func places(folders []string) string {
	short := make([]string, len(folders))
	for i, dir := range folders {
		short[i] = shortPath(dir)
	}
	return strings.Join(short, ", ")
}

// shortPath is a path as one would type it here.
func shortPath(path string) string {
	here, err := os.Getwd()
	if err != nil || !filepath.IsAbs(path) {
		return path
	}
	if rel, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}
