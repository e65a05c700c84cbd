package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/replay"
)

// hooksReplay is what the command line says about a replay.
type hooksReplay struct {
	config, entry string
	json          bool
}

func newHooksReplayCommand() *cobra.Command {
	var o hooksReplay
	cmd := &cobra.Command{
		Use:   "replay FILE...",
		Short: "Repeat recorded calls of hook scripts",
		Long: "Repeat calls that \"muster hooks record\" has recorded, with the script as it is now. What it asks for, such as the time,\n" +
			"random numbers, storage and other servers, is answered from the recording; nothing is stored and nobody is asked.\n" +
			"The same script comes to the same answer. Of a changed one the differences are shown, and what it logs.\n\n" +
			"The script is that of the game and the name in the config, or -entry. It ends with status 0 when all calls came out the\n" +
			"same, 1 when one is different, 2 when one could not be repeated.",
		Example: "  muster hooks replay recordings/*.json\n  muster hooks replay call.json -entry hooks/rules.ts",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError("replay needs the files of recordings")
			}
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), args)
		},
	}
	cmd.Flags().StringVarP(&o.config, "config", "c", "config.hcl", "find the scripts by this config `file`")
	cmd.Flags().StringVar(&o.entry, "entry", "", "repeat the calls with this `script` instead")
	cmd.Flags().BoolVar(&o.json, "json", false, "print a line of JSON for each file")
	return cmd
}

// replayed is what came of one file.
type replayed struct {
	File string `json:"file"`
	// Verdict is "same", "different" or "cannot_run"; Error says why of the last.
	Verdict string `json:"verdict"`
	Error   string `json:"error,omitempty"`
	*replay.Result
}

// run replays all files; the worst of them is the status.
func (o *hooksReplay) run(ctx context.Context, out, errOut io.Writer, files []string) error {
	script.LimitRegexps()
	find := o.finder(errOut)
	var worst error
	for _, file := range files {
		result, err := replayFile(ctx, file, find)
		switch {
		case ctx.Err() != nil:
			return errors.New("stopped")
		case errors.Is(err, errShown):
			return errCannot
		case err != nil:
			worst = errCannot
		case !result.Same && worst == nil:
			worst = errShown
		}
		if err := o.show(out, errOut, file, result, err); err != nil {
			return err
		}
	}
	return worst
}

func (o *hooksReplay) show(out, errOut io.Writer, file string, result *replay.Result, failed error) error {
	if o.json {
		line := replayed{File: file, Verdict: "same", Result: result}
		switch {
		case failed != nil:
			line.Verdict, line.Error = "cannot_run", failed.Error()
		case !result.Same:
			line.Verdict = "different"
		}
		return json.NewEncoder(out).Encode(line)
	}
	if failed != nil {
		_, err := fmt.Fprintf(errOut, "%s: %s\n", file, plainLines(failed.Error()))
		return err
	}
	return result.Write(out, file)
}

// replayFile replays one file, with the script that find finds.
func replayFile(ctx context.Context, file string, find func(*script.Recording) (string, error)) (*replay.Result, error) {
	f, err := os.Open(file)
	if err != nil {
		var failed *os.PathError
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return nil, err
	}
	defer f.Close()
	r, err := replay.Read(f)
	if err != nil {
		return nil, err
	}
	entry, err := find(r)
	if err != nil {
		return nil, err
	}
	return replay.Run(ctx, r, entry)
}

// finder finds the script of a recording: -entry, or by the config, which is read
// when it is needed.
func (o *hooksReplay) finder(errOut io.Writer) func(*script.Recording) (string, error) {
	if o.entry != "" {
		return func(*script.Recording) (string, error) { return o.entry, nil }
	}
	var cfg *config.Config
	return func(r *script.Recording) (string, error) {
		if cfg == nil {
			read, found := config.Load(o.config, config.Options{Files: config.WarnFiles})
			if found.HasErrors() {
				err := config.Format(errOut, found, wantsColour(errOut))
				fmt.Fprintln(errOut, "\nOr say which script it is: -entry PATH")
				return "", errors.Join(err, errShown)
			}
			cfg = read
		}
		g, known := cfg.Game(r.Game)
		if !known {
			return "", fmt.Errorf("%s has no game %q: say which script it is, by -entry PATH", o.config, plain(r.Game))
		}
		for _, b := range g.Hooks {
			if b.Script != nil && filepath.Base(b.Script.Entry) == r.Entry {
				return b.Script.Entry, nil
			}
		}
		return "", fmt.Errorf("the game %q of %s has no script %s: say which one it is, by -entry PATH", r.Game, o.config, plain(r.Entry))
	}
}
