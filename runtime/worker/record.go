package worker

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"go.uber.org/zap"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/replay"
	"github.com/muster-gg/muster/sdk/hook"
)

// metaRecording is the metadata of a call that is recorded: the file, made for it by
// the server, into which the worker writes what the script got.
const metaRecording = "muster-recording"

// record makes a call that is recorded. What the call was and what came of it is the
// server's to say; the worker's word is taken for what happened in between.
func (w *Worker) record(ctx context.Context, keep func(*script.Recording), p hook.Point, request, response proto.Message) error {
	file, err := os.CreateTemp("", "muster-recording-")
	if err != nil {
		w.options.Logger.Warn("a call cannot be recorded", zap.Error(err))
		keep(nil)
		return w.call(ctx, p, request, response)
	}
	defer func() { _ = errors.Join(file.Close(), os.Remove(file.Name())) }() // nothing in it is of use any more
	r := script.NewRecording(p, request)
	r.Game, r.Hook, r.Entry, r.Version = w.options.Game, w.options.Name, w.entry(), w.hash
	began := time.Now()
	if deadline, ok := ctx.Deadline(); ok {
		r.TimeoutMs = milliseconds(deadline.Sub(began))
	}
	err = w.call(metadata.AppendToOutgoingContext(ctx, metaRecording, file.Name()), p, request, response)
	r.TookMs = milliseconds(time.Since(began))
	r.Finish(response, err)
	taken, unread := take(file)
	switch {
	case unread == nil:
		r.Tape, r.Log, r.Zone, r.Incomplete = taken.Tape, taken.Log, taken.Zone, taken.Incomplete
		if r.Failed != nil && taken.Failed != nil && taken.Failed.Kind == r.Failed.Kind {
			r.Failed = taken.Failed // it knows the place
		}
	case err == nil && errors.Is(unread, errNothing):
		r = nil // the worker had no machine for it
	case errors.Is(unread, errNothing):
		r.Incomplete = "the script's process did not come to tell what the call got"
	default:
		r.Incomplete = "what the script's process tells of the call cannot be read"
	}
	keep(r)
	return err
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

var errNothing = errors.New("the worker wrote nothing")

// take reads what a worker wrote, which may be anything. The file is the one that
// was made for it, whatever stands at its path by now.
func take(file *os.File) (*script.Recording, error) {
	if info, err := file.Stat(); err == nil && info.Size() == 0 {
		return nil, errNothing
	}
	return replay.Read(io.NewSectionReader(file, 0, script.MaxRecording+1))
}

// reporter is the recorder in a worker: calls are recorded of which the server says
// so.
type reporter struct{ log *zap.Logger }

var _ script.Recorder = reporter{}

// Wants implements script.Recorder.
func (r reporter) Wants(ctx context.Context, _ hook.Point, _ string) func(*script.Recording) {
	paths := metadata.ValueFromIncomingContext(ctx, metaRecording)
	if len(paths) == 0 {
		return nil
	}
	return func(made *script.Recording) {
		if made == nil {
			return
		}
		if err := report(paths[0], made); err != nil {
			r.log.Warn("a recording cannot be written", zap.Error(err))
		}
	}
}

func report(path string, r *script.Recording) error {
	data, err := r.Encode()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
