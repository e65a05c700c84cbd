package script

import (
	"encoding/json"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/sdk/hook"
)

// RpcName is the name of the function that a request of the rpc point calls.
func RpcName(request proto.Message) string {
	if r, ok := request.(*hook.RpcRequest); ok {
		return r.GetName()
	}
	return ""
}

// record serves c in a machine that nobody has used, since what a script kept in
// its variables is on no tape, and takes down what it gets.
func (v *Version) record(c *call, keep func(*Recording)) error {
	left := time.Duration(0)
	if deadline, ok := c.ctx.Deadline(); ok {
		left = time.Until(deadline)
	}
	// A load that takes much of the call's time is done beside the calls.
	if v.loads > left/4 && !v.pool.ready() {
		v.prepare()
		keep(nil)
		return v.serve(c)
	}
	r := NewRecording(c.serves.name, c.request.Interface())
	r.Game, r.Hook, r.Entry, r.Version, r.TimeoutMs = v.options.Game, v.options.Name, v.source, v.hash, ms(left)
	c.tape = &tape{}
	c.ctx = hook.WithHost(c.ctx, tapedHost{hook.HostFrom(c.ctx)})
	began := time.Now()
	err := v.serve(c)
	r.TookMs = ms(time.Since(began))
	c.tape.end()
	r.Tape, r.Log, r.Incomplete = c.tape.steps, c.tape.log, c.tape.full
	if c.machine == nil {
		r.Incomplete = "the call did not begin"
	}
	r.Finish(c.response.Interface(), err)
	keep(r)
	return err
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// NewRecording begins the recording of a call that begins now.
func NewRecording(p hook.Point, request proto.Message) *Recording {
	now := time.Now()
	r := &Recording{Format: RecordingFormat, RecordedAt: now.UTC().Truncate(time.Millisecond), Point: p, Rpc: RpcName(request), Zone: &Zone{}}
	r.Zone.Name, r.Zone.Offset = now.Zone()
	if r.Request = written(request); r.Request == nil {
		r.Request = json.RawMessage("{}")
		r.Incomplete = "the request cannot be written"
	}
	return r
}

// Finish adds what came of the call.
func (r *Recording) Finish(answer proto.Message, err error) {
	if r.Failed = FailedOf(err); r.Failed == nil {
		r.Answer = written(answer)
	}
}

// written is a message as JSON, nil if it has none.
func written(m proto.Message) json.RawMessage {
	data, err := protojson.Marshal(m)
	if err != nil {
		return nil
	}
	return data
}

// logLine is a line of a log as a recording has it.
func logLine(level zapcore.Level, message string, fields []zap.Field, frames []Frame) LogLine {
	l := LogLine{Level: level.String(), Text: message}
	if len(frames) > 0 {
		l.At = frames[0].String()
	}
	if len(fields) > 0 {
		e := zapcore.NewMapObjectEncoder()
		for _, f := range fields {
			f.AddTo(e)
		}
		l.Fields, _ = json.Marshal(e.Fields) // what it cannot be made of is left out
	}
	return l
}

// prepare makes a machine for a call that is to be recorded, one at a time. Its
// slot is none of the calls', which would wait for it.
func (v *Version) prepare() {
	if !v.preparing.CompareAndSwap(false, true) {
		return
	}
	if !v.begin() {
		return
	}
	go func() {
		defer v.calls.Done()
		defer v.preparing.Store(false)
		c := &call{tape: &tape{}}
		m := v.made(c)
		if m.loading = c.tape; m.broken || !v.pool.addFresh(m) {
			m.end()
		}
	}()
}
