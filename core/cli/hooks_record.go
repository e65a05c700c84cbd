package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/replay"
	"github.com/muster-gg/muster/sdk/hook"
)

// maxRecord and maxRecordWait are what a server takes.
const (
	maxRecord     = 100
	maxRecordWait = 10 * time.Minute
)

// hooksRecord is what the command line says about a recording.
type hooksRecord struct {
	game, point, rpc, out string
	count                 int
	errors                bool
	wait                  time.Duration
}

func newHooksRecordCommand() *cobra.Command {
	var admin adminFlags
	var o hooksRecord
	cmd := &cobra.Command{
		Use:   "record",
		Short: "Record the next calls of a running server's hook scripts, to repeat them",
		Long: "Let a running server record the next calls of a game's hook scripts, and write a file for each, for \"muster hooks replay\".\n" +
			"A recorded call is served as ever, in a machine that has served no other. When calls come faster than they can be\n" +
			"written, some are left out.\n\n" +
			"A file holds all that the script got: the request with its players, what it read and wrote in storage, what other servers\n" +
			"answered. Only headers of requests that may be secret (Authorization, Cookie, X-Api-Key and the like) are left out. Keep\n" +
			"it as you keep the data of players. Calls of authenticate hold what players sign in with: they are recorded with\n" +
			"-point authenticate and never otherwise.",
		Example: "  muster hooks record -game arena -rpc hello\n  muster hooks record -game arena -errors -count 10 -wait 5m",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			c, err := admin.client(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			return o.run(cmd.Context(), c, cmd.OutOrStdout())
		},
	}
	admin.add(cmd)
	cmd.Flags().StringVarP(&o.game, "game", "g", "", "the `game` whose calls to record")
	cmd.Flags().StringVar(&o.point, "point", "", "only calls of this `point`, such as validate_start; all but authenticate if empty")
	cmd.Flags().StringVar(&o.rpc, "rpc", "", "only calls of the rpc function of this `name`")
	cmd.Flags().IntVarP(&o.count, "count", "n", 1, "how many calls")
	cmd.Flags().BoolVar(&o.errors, "errors", false, "only calls that fail: an exception, no time left, an answer of the wrong form")
	cmd.Flags().StringVarP(&o.out, "out", "o", "recordings", "the `folder` to write to")
	cmd.Flags().DurationVarP(&o.wait, "wait", "w", time.Minute, "how long to wait for them")
	return cmd
}

func (o *hooksRecord) check() error {
	if _, err := hook.ParsePoint(o.point); o.point != "" && err != nil {
		return usageError(err.Error())
	}
	switch {
	case o.game == "":
		return usageError("record needs the game whose calls to record: -game NAME")
	case o.count < 1 || o.count > maxRecord:
		return usageError(fmt.Sprintf("-count is 1 to %d", maxRecord))
	case o.wait <= 0 || o.wait > maxRecordWait:
		return usageError(fmt.Sprintf("-wait is a time of up to %v", maxRecordWait))
	case o.rpc != "" && o.point != "" && o.point != string(hook.PointRpc):
		return usageError("-rpc names a function of the point rpc")
	}
	return nil
}

// run records until all calls are there, the time is over, or ctx ends.
func (o *hooksRecord) run(ctx context.Context, c *adminClient, out io.Writer) error {
	q := url.Values{
		"game": {o.game}, "point": {o.point}, "rpc": {o.rpc}, "count": {strconv.Itoa(o.count)}, "errors": {strconv.FormatBool(o.errors)}, "wait": {o.wait.String()},
	}
	var files []string
	err := c.lines(ctx, "/hooks/record?"+q.Encode(), o.wait, script.MaxRecording+1, func() {
		fmt.Fprintf(out, "Waiting for %s of game %s, for %v at most; Ctrl-C ends it.\n", o.what(), plain(o.game), o.wait)
	}, func(line []byte) error {
		r, err := replay.Read(bytes.NewReader(line))
		if err != nil {
			return c.stranger(err.Error())
		}
		file, err := o.write(r, line)
		if err != nil {
			return fmt.Errorf("the recording cannot be written: %w", err)
		}
		files = append(files, file)
		_, err = fmt.Fprintf(out, "%s: %s\n", file, heard(r))
		return err
	})
	if len(files) > 0 {
		fmt.Fprintf(out, "\n%s recorded. To repeat %s:\n\n  muster hooks replay %s\n", plural(len(files), "call"), itOrThem(len(files)), strings.Join(files, " "))
	}
	switch {
	case err != nil && ctx.Err() == nil:
		return err
	case len(files) > 0:
		return nil
	case ctx.Err() != nil:
		return errors.New("stopped before such a call came")
	}
	return fmt.Errorf("no such call came within %v", o.wait)
}

func itOrThem(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// what is waited for, in words.
func (o *hooksRecord) what() string {
	what := "calls"
	switch {
	case o.rpc != "":
		what += " of rpc " + plain(o.rpc)
	case o.point != "":
		what += " of " + o.point
	}
	if o.errors {
		what += " that fail"
	}
	if o.count == 1 {
		return "the next of the " + what
	}
	return fmt.Sprintf("the next %d %s", o.count, what)
}

// heard is a recorded call in a line.
func heard(r *script.Recording) string {
	how := "answered"
	if f := r.Failed; f != nil {
		how = "failed: " + plain(f.Text)
		if f.Kind == script.FailedRefusal {
			how = fmt.Sprintf("refused: %q", plain(f.Text))
		}
	}
	if r.Incomplete != "" {
		how += "; it cannot be repeated: " + plain(r.Incomplete)
	}
	return fmt.Sprintf("%s, version %s, %.1f ms, %s", replay.Call(r), plain(r.Version), r.TookMs, how)
}

// write writes a recording into a file of its own, which nobody else may read.
func (o *hooksRecord) write(r *script.Recording, line []byte) (string, error) {
	var text bytes.Buffer
	if err := json.Indent(&text, line, "", "  "); err != nil {
		return "", err
	}
	if err := os.MkdirAll(o.out, 0o700); err != nil {
		return "", err
	}
	name := fileName(strings.ReplaceAll(replay.Call(r), " ", "-") + "-" + r.RecordedAt.UTC().Format("20060102-150405.000"))
	for n := 1; ; n++ {
		path := filepath.Join(o.out, name+".json")
		if n > 1 {
			path = filepath.Join(o.out, fmt.Sprintf("%s-%d.json", name, n))
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, os.ErrExist) && n <= maxRecord {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = f.Write(text.Bytes())
		return path, errors.Join(err, f.Close())
	}
}

// fileName is text as the name of a file.
func fileName(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r)) {
			return r
		}
		return '_'
	}, text)
}
