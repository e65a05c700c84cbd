package replay

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/scriptlog"
	"github.com/muster-gg/muster/sdk/hook"
)

// Limit is how long a replay may take of a call that once came to its end: the
// machine may be slower than the one that it was recorded on.
const Limit = 10 * time.Second

// ErrStuck says that a function of the engine does not come to an end.
var ErrStuck = errors.New("a function of the engine does not come to an end: it had to be left behind")

// Run repeats a recorded call with the script at entry. An error means that there was
// nothing to compare: the recording has no tape, or the script does not load.
func Run(ctx context.Context, r *script.Recording, entry string) (*Result, error) {
	if r.Incomplete != "" {
		return nil, fmt.Errorf("this call cannot be repeated: %s", r.Incomplete)
	}
	if r.Answer == nil && r.Failed == nil {
		return nil, errors.New("this call cannot be repeated: the recording does not say how it ended")
	}
	entry, err := filepath.Abs(entry)
	if err != nil {
		return nil, err
	}
	request := r.Point.NewRequest()
	if err := protojson.Unmarshal(r.Request, request); err != nil {
		return nil, err
	}
	w, log := newWorld(r), scriptlog.New()
	v, err := script.Load(ctx, script.Options{
		Game: r.Game, Name: r.Hook, Entry: entry, Timeout: timeout(r), Fetch: w, Logger: log.Logger(), Clock: w.clock, Rand: w.rand,
		Simulation: &script.Simulation{Pass: func(time.Time) {}, Next: w.next},
	})
	if err != nil {
		return nil, err
	}
	answer := r.Point.NewResponse()
	failed, err := invoke(hook.WithHost(ctx, w), v, r.Point, request, answer, timeout(r))
	if err != nil {
		return nil, err
	}
	if (failed == nil) == (r.Failed == nil) {
		w.left()
	}
	return result(r, v.Hash(), w, answer, failed, log)
}

// timeout is how long the call may take. One that ran out of time has as long again.
func timeout(r *script.Recording) time.Duration {
	if r.Failed == nil || r.Failed.Kind != script.FailedTimeout {
		return Limit
	}
	return min(max(time.Duration(r.TimeoutMs*float64(time.Millisecond)), time.Millisecond), time.Minute)
}

// invoke makes the call. What does not heed its end is left behind: err says so.
func invoke(ctx context.Context, v *script.Version, p hook.Point, request, answer proto.Message, within time.Duration) (failed, err error) {
	type ended struct{ failed, err error }
	done := make(chan ended, 1)
	go func() {
		failed := v.Invoke(ctx, p, request, answer)
		done <- ended{failed, v.Close(context.WithoutCancel(ctx))}
	}()
	left := time.NewTimer(2*within + time.Second)
	defer left.Stop()
	select {
	case got := <-done:
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return got.failed, got.err
	case <-left.C:
		return nil, ErrStuck
	}
}
