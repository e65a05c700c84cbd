package replay

import (
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/scriptlog"
)

// Result is what a replay came to.
type Result struct {
	// Call names it: "rpc hello".
	Call       string    `json:"call"`
	RecordedAt time.Time `json:"recordedAt"`
	// Recorded is the version of the script that the call was recorded with, Version
	// the one that it was repeated with.
	Recorded string `json:"recordedVersion"`
	Version  string `json:"version"`
	// Same says that the call came to the same answer, or error, and asked for the same.
	Same bool `json:"same"`
	// Differences are lines for people.
	Differences []string `json:"differences,omitempty"`
	// Notes are about what may have another answer elsewhere.
	Notes []string `json:"notes,omitempty"`
	// Logged are the lines that the script has logged now.
	Logged []string `json:"logged,omitempty"`
}

// result compares a call with its recording.
func result(r *script.Recording, version string, w *world, answer proto.Message, err error, log *scriptlog.Log) (*Result, error) {
	made := &Result{Call: Call(r), RecordedAt: r.RecordedAt, Recorded: r.Version, Version: version, Logged: log.Lines()}
	differences, err := outcome(r, answer, err)
	if err != nil {
		return nil, err
	}
	if f := r.Failed; f != nil && f.Kind == script.FailedTimeout && len(differences) > 0 {
		made.Notes = append(made.Notes, "the call ran out of time where it was recorded; a replay does not wait for anything, and came to an end")
		if version == r.Version {
			// The same code did the same up to where it was stopped.
			differences = nil
		}
	}
	made.Differences = append(w.different, differences...)
	made.Same = len(made.Differences) == 0
	if w.late > 0 {
		made.Notes = append(made.Notes, fmt.Sprintf("the script asks for the time more often than it was recorded: it was told the last one, %s", w.last.UTC().Format(time.RFC3339Nano)))
	}
	if z := r.Zone; z != nil {
		if name, offset := r.RecordedAt.Local().Zone(); offset != z.Offset {
			made.Notes = append(made.Notes, fmt.Sprintf("the server's time zone is %s, here it is %s: the hours of a Date are others", clip(z.Name), name))
		}
	}
	return made, nil
}

// Call names a recorded call.
func Call(r *script.Recording) string {
	if r.Rpc != "" {
		return clip("rpc " + r.Rpc)
	}
	return string(r.Point)
}

// outcome compares answers, or errors.
func outcome(r *script.Recording, answer proto.Message, failed error) ([]string, error) {
	is := script.FailedOf(failed)
	switch was := r.Failed; {
	case was == nil && is == nil:
		before := r.Point.NewResponse()
		if err := protojson.Unmarshal(r.Answer, before); err != nil {
			return nil, err
		}
		if proto.Equal(before, answer) {
			return nil, nil
		}
		a, err := written(before)
		if err != nil {
			return nil, err
		}
		b, err := written(answer)
		return fields("", a, b), err
	case was == nil:
		return []string{"was answered: " + brief(tree(r.Answer)), "is not: " + said(is)}, nil
	case is == nil:
		b, err := written(answer)
		return []string{"was not answered: " + said(was), "is: " + brief(b)}, err
	case was.Kind == script.FailedTimeout && is.Kind == was.Kind:
		return nil, nil
	case was.Kind == is.Kind && was.Kind == script.FailedRefusal:
		return fields("refusal", tree(was.Refusal), tree(is.Refusal)), nil
	case was.Kind == is.Kind && was.Text == is.Text:
		return nil, nil
	default:
		return []string{"was: " + said(was), "is:  " + said(is)}, nil
	}
}

func written(m proto.Message) (any, error) {
	data, err := protojson.Marshal(m)
	return tree(data), err
}

// said is an error for people.
func said(f *script.Failed) string {
	text := f.Text
	switch f.Kind {
	case script.FailedRefusal:
		text = fmt.Sprintf("refused: %q", text)
	case script.FailedUnknownRpc:
		return "the script has no such function"
	}
	if f.At != "" {
		text = f.At + ": " + text
	}
	return clip(text)
}

// Write writes the result as `muster hooks replay` shows it.
func (r *Result) Write(out io.Writer, name string) error {
	var b strings.Builder
	verdict := "same"
	if !r.Same {
		verdict = "different"
	}
	version := "version " + clip(r.Recorded)
	if r.Version != r.Recorded {
		version = fmt.Sprintf("recorded with version %s, now %s", clip(r.Recorded), r.Version)
	}
	fmt.Fprintf(&b, "%s: %s — %s of %s, %s\n", name, verdict, r.Call, r.RecordedAt.UTC().Format("2006-01-02 15:04:05 UTC"), version)
	for _, line := range r.Differences {
		fmt.Fprintf(&b, "    %s\n", line)
	}
	for _, line := range r.Notes {
		fmt.Fprintf(&b, "    note: %s\n", line)
	}
	for _, line := range r.Logged {
		fmt.Fprintf(&b, "    log: %s\n", line)
	}
	_, err := io.WriteString(out, b.String())
	return err
}
