package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/scriptbench"
)

func newHooksBenchCommand() *cobra.Command {
	var path string
	var calls int
	cmd := &cobra.Command{
		Use:   "bench [ENTRY]",
		Short: "Measure the functions of hook scripts",
		Long: "Measure what a call of each function of a hook script takes and allocates, for a lobby of ten; without an ENTRY, of every\n" +
			"script of the config. EMPTY is a call of a function that does nothing: what the platform takes. The rest, SCRIPT, is the\n" +
			"function with what it reads and answers, which is converted as it is read. Below the table are the lines that take the\n" +
			"function's time, by samples. Storage is in memory, fetch is refused. Functions for events are left out: nobody waits\n" +
			"for them.",
		Example: "  muster hooks bench hooks/rules.ts -n 5000",
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return usageError(fmt.Sprintf("bench takes one argument at most, a script; it was given %d", len(args)))
			case calls < 1:
				return usageError("-n is how many calls to measure, 1 or more")
			}
			script.LimitRegexps()
			if len(args) == 1 {
				return benchScript(cmd.Context(), cmd.OutOrStdout(), scriptbench.Options{Entry: args[0], Calls: calls, Timeout: time.Second})
			}
			return benchConfig(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), path, calls)
		},
	}
	cmd.Flags().StringVarP(&path, "config", "c", "config.hcl", "measure the scripts of this config `file`, with their timeouts")
	cmd.Flags().IntVarP(&calls, "calls", "n", 1000, "how many calls of each function")
	return cmd
}

// benchConfig measures every script of a config, each once.
func benchConfig(ctx context.Context, out, errOut io.Writer, path string, calls int) error {
	cfg, found := config.Load(path, config.Options{Files: config.WarnFiles})
	if found.HasErrors() {
		return errors.Join(config.Format(errOut, found, wantsColour(errOut)), errShown)
	}
	seen := map[string]bool{}
	for _, g := range cfg.Games {
		for _, b := range g.Hooks {
			if b.Script == nil || seen[b.Script.Entry] {
				continue
			}
			seen[b.Script.Entry] = true
			if err := benchScript(ctx, out, scriptbench.Options{Entry: b.Script.Entry, Calls: calls, Timeout: b.Script.Timeout}); err != nil {
				return err
			}
		}
	}
	if len(seen) == 0 {
		return fmt.Errorf("no game of %s has a hooks \"script\" block", path)
	}
	return nil
}

// benchScript measures one script; one that fails is the status.
func benchScript(ctx context.Context, out io.Writer, o scriptbench.Options) error {
	results, err := scriptbench.Run(ctx, o)
	if err != nil {
		return fmt.Errorf("%s: %w", shortPath(o.Entry), err)
	}
	fmt.Fprintf(out, "%s, %s each:\n", filepath.ToSlash(shortPath(o.Entry)), plural(o.Calls, "call"))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "FUNCTION\tMEDIAN\tP99\tEMPTY\tSCRIPT\tALLOCS\tBYTES\tEMPTY\tSCRIPT\t")
	var failed error
	for _, r := range results {
		if r.Err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", r.Name, r.Err))
			continue
		}
		note := ""
		if r.Refused > 0 {
			note = fmt.Sprintf("  %d refused", r.Refused)
		}
		fmt.Fprintf(w, "%s\t%v\t%v\t%v\t%v\t%d\t%d\t%d\t%d\t%s\n", r.Name, micros(r.Median), micros(r.P99), micros(r.Empty), micros(max(r.Median-r.Empty, 0)),
			r.Allocs, r.Bytes, r.EmptyBytes, r.Bytes-min(r.Bytes, r.EmptyBytes), note)
	}
	return errors.Join(w.Flush(), benchPlaces(out, results), failed)
}

// benchPlaces says on which lines the time of each function goes.
func benchPlaces(out io.Writer, results []scriptbench.Result) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, r := range results {
		if len(r.Places) == 0 {
			continue
		}
		fmt.Fprintf(w, "\nWhere the time of %s goes:\n", r.Name)
		for _, p := range r.Places {
			fmt.Fprintf(w, "%5.0f %%\t%s:%d\t%s\t%s\n", 100*p.Share, p.Frame.File, p.Frame.Line, p.Function, clipLine(strings.TrimSpace(p.Frame.Source())))
		}
	}
	return w.Flush()
}

// clipLine keeps a line of a source short enough for a terminal.
func clipLine(line string) string {
	const most = 60
	if runes := []rune(line); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return line
}

func micros(d time.Duration) time.Duration { return d.Round(100 * time.Nanosecond) }
