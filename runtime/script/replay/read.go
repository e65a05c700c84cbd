package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
)

// MaxFile is how large a file may be that is read: a recording, and the spaces of one
// that was written for people.
const MaxFile = 4 * script.MaxRecording

// Read reads a recording, which may come from anybody. An error says what is wrong
// with it.
func Read(r io.Reader) (*script.Recording, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxFile {
		return nil, fmt.Errorf("over %d MiB is no recording", MaxFile>>20)
	}
	var head struct{ Format string }
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("this is no recording: %w", err)
	}
	switch {
	case head.Format == "":
		return nil, errors.New("this is no recording: it has no format")
	case head.Format != script.RecordingFormat:
		return nil, fmt.Errorf("its format is %.60q, and this version of Muster reads %q", head.Format, script.RecordingFormat)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	made := &script.Recording{}
	if err := d.Decode(made); err != nil {
		return nil, fmt.Errorf("the recording cannot be read: %w", err)
	}
	if err := check(made); err != nil {
		return nil, fmt.Errorf("the recording is not whole: %w", err)
	}
	return made, nil
}

// check holds a recording against what one can be.
func check(r *script.Recording) error {
	info, ok := r.Point.Info()
	switch {
	case !ok:
		return fmt.Errorf("there is no point %.60q", r.Point)
	case r.Game == "":
		return errors.New("it names no game")
	case r.Entry == "" || r.Entry != filepath.Base(r.Entry) || r.Entry == "." || r.Entry == "..":
		return fmt.Errorf("entry is %.60q, not the name of a file", r.Entry)
	case r.TimeoutMs < 0:
		return errors.New("timeoutMs is below zero")
	case r.RecordedAt.IsZero() || r.RecordedAt.Year() < 1970 || r.RecordedAt.Year() > 9999:
		return errors.New("recordedAt is no time")
	case r.Answer != nil && r.Failed != nil:
		return errors.New("it has an answer and an error")
	}
	request := r.Point.NewRequest()
	if err := protojson.Unmarshal(r.Request, request); err != nil {
		return fmt.Errorf("the request is none of %s: %w", info.Export, err)
	}
	if script.RpcName(request) != r.Rpc {
		return fmt.Errorf("rpc is %.60q, and the request is for %.60q", r.Rpc, script.RpcName(request))
	}
	if r.Answer != nil {
		if err := protojson.Unmarshal(r.Answer, r.Point.NewResponse()); err != nil {
			return fmt.Errorf("the answer is none of %s: %w", info.Export, err)
		}
	}
	if err := checkFailed(r.Failed); err != nil {
		return err
	}
	return checkTape(r.Tape)
}

func checkFailed(f *script.Failed) error {
	if f == nil {
		return nil
	}
	switch f.Kind {
	case script.FailedRefusal:
		if err := protojson.Unmarshal(f.Refusal, &hook.Refusal{}); err != nil {
			return fmt.Errorf("the refusal is none: %w", err)
		}
		return nil
	case script.FailedUnreachable, script.FailedUnknownRpc, script.FailedTimeout, script.FailedError:
		return nil
	}
	return fmt.Errorf("there is no kind of error %.60q", f.Kind)
}

func checkTape(tape []script.Step) error {
	count, ids := 0, map[int]bool{}
	for i := range tape {
		s := &tape[i]
		if count++; s.Work != nil {
			count += len(s.Work.Asked)
		}
		if count > script.MaxSteps {
			return fmt.Errorf("the tape has over %d steps", script.MaxSteps)
		}
		if err := checkStep(s); err != nil {
			return fmt.Errorf("step %d of the tape: %w", i+1, err)
		}
		if s.Work != nil {
			if ids[s.Work.ID] {
				return fmt.Errorf("step %d of the tape: work %d is there twice", i+1, s.Work.ID)
			}
			ids[s.Work.ID] = true
		}
	}
	return nil
}

func checkStep(s *script.Step) error {
	set := 0
	for _, is := range []bool{s.Now != nil, s.Random != nil, s.Work != nil, s.Timer != 0} {
		if is {
			set++
		}
	}
	switch {
	case set != 1:
		return errors.New("it must be one of now, random, work and timer")
	case s.Now != nil && (s.Now.Times < 1 || s.Now.Ms < -maxMs || s.Now.Ms > maxMs):
		return errors.New("now is no time")
	case s.Random != nil && (*s.Random < 0 || *s.Random >= 1):
		return errors.New("a random number is from 0 up to 1")
	case s.Timer < 0:
		return errors.New("timer is no number of one")
	case s.Work == nil:
		return nil
	case s.Work.ID < 1:
		return errors.New("the work has no number")
	}
	for i := range s.Work.Asked {
		if err := checkAsked(&s.Work.Asked[i]); err != nil {
			return err
		}
	}
	return nil
}

// maxMs is the last moment of a Date.
const maxMs = 8_640_000_000_000_000

func checkAsked(a *script.Asked) error {
	set := 0
	for _, is := range []bool{a.Fetch != nil, a.Storage != nil, a.Notify != nil} {
		if is {
			set++
		}
	}
	if set != 1 {
		return errors.New("what was asked must be one of fetch, storage and notify")
	}
	if a.Fetch != nil && a.Error == nil && (a.Response == nil || a.Response.Status < 100 || a.Response.Status > 999) {
		return errors.New("a fetch has neither an answer nor an error")
	}
	if s := a.Storage; s != nil {
		switch s.Op {
		case "get", "list":
		case "set", "delete":
			if len(s.Keys) != 1 || s.When == nil {
				return errors.New("a write needs one key and its condition")
			}
		default:
			return fmt.Errorf("storage has no %.60q", s.Op)
		}
	}
	return nil
}
