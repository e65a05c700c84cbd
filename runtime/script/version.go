package script

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dop251/goja"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/runtime/script/bundle"
	"github.com/muster-gg/muster/sdk/hook"
)

// Version is one version of a script, loaded and serving. Its methods may be called
// from any goroutine. Close it.
type Version struct {
	options  Options
	log      *zap.Logger
	hash     string
	files    []string
	source   string      // the entry, relative to its folder
	places   *bundle.Map // from the bundle to the sources
	program  *goja.Program
	points   map[hook.Point]*point
	rpcNames []string
	pool     *pool
	// playerReasons is the field of a refusal, for ctx.refuse.
	playerReasons field
	// loaded says that the script is known to load.
	loaded atomic.Bool
	// loads is how long the load takes.
	loads time.Duration
	// warming says that a machine is being made for the next call.
	warming atomic.Bool
	// preparing says that a machine is being made for a call that is to be recorded.
	preparing atomic.Bool

	mu     sync.RWMutex // guards closed, and that no call begins after it
	closed bool
	calls  sync.WaitGroup
}

var _ hook.Invoker = (*Version)(nil)

var errClosed = errors.New("this version of the script was closed")

// Hash is made of the bundle's content: 12 hex digits.
func (v *Version) Hash() string { return v.hash }

// Points are those that the script serves, in the order of the contract.
func (v *Version) Points() []hook.Point {
	var points []hook.Point
	for _, p := range hook.Points() {
		if v.points[p] != nil {
			points = append(points, p)
		}
	}
	return points
}

// RpcNames are the functions of the script's rpc export, sorted.
func (v *Version) RpcNames() []string { return slices.Clone(v.rpcNames) }

// Files are the absolute paths of what the script is made of.
func (v *Version) Files() []string { return slices.Clone(v.files) }

// Impl serves the points through v. Only those of Points answer.
func (v *Version) Impl() hook.Remote { return hook.Remote{Invoker: v} }

// Invoke implements hook.Invoker. It never keeps or changes request, whose content
// the script may read until Invoke returns. Beside those of hooks, its errors are
// *Error and that of the context.
//
// The script is stopped when ctx ends. A few functions of the engine do not heed
// that until they are done; who cannot wait for them calls Invoke on a goroutine
// that can be left behind, as core/hooks does, and Close waits for it.
func (v *Version) Invoke(ctx context.Context, p hook.Point, request, response proto.Message) error {
	serves := v.points[p]
	if serves == nil {
		return fmt.Errorf("the script does not serve %s", p)
	}
	if !v.begin() {
		return errClosed
	}
	defer v.calls.Done()
	if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > v.options.Timeout {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, v.options.Timeout)
		defer cancel()
	}
	c := &call{ctx: ctx, serves: serves, request: request.ProtoReflect(), response: response.ProtoReflect()}
	if v.options.Recorder != nil {
		if keep := v.options.Recorder.Wants(ctx, p, RpcName(request)); keep != nil {
			return v.record(c, keep)
		}
	}
	return v.serve(c)
}

// serve lets a machine serve c.
func (v *Version) serve(c *call) error {
	m, err := v.pool.get(c)
	if err != nil {
		return err
	}
	m.lend(c)
	v.pool.put(m, c)
	return c.err
}

// lend lets the machine serve c until the end of its context.
func (m *machine) lend(c *call) {
	m.call = c
	stop := context.AfterFunc(c.ctx, func() {
		m.stop(c.ctx.Err())
		c.slot.give() // who does not heed the interrupt shall not keep others from running
	})
	v := m.version
	v.pool.memory.begin(m, &c.slot)
	m.resume()
	v.pool.memory.finish(m)
	if !stop() || m.stopping.Load() {
		m.broken = true // the interrupt may come yet
	}
	m.call = nil
}

// warm loads a machine beside the calls, so that the next one need not: the code
// outside of functions may take long.
func (v *Version) warm() {
	if v.options.Simulation != nil || !v.loaded.Load() || !v.warming.CompareAndSwap(false, true) {
		return
	}
	if !v.begin() {
		return
	}
	go func() {
		defer v.calls.Done()
		defer v.warming.Store(false)
		if m := v.made(&call{}); m.broken || !v.pool.add(m) {
			m.end()
		}
	}()
}

// made is a machine made beside the calls, whose script was loaded by c. It takes no
// slot from them: its owner makes one at a time.
func (v *Version) made(c *call) *machine {
	ctx, cancel := context.WithTimeout(context.Background(), loadTimeout)
	defer cancel()
	c.ctx, c.slot.slots = ctx, NewSlots(1)
	_ = c.slot.take(ctx) // it is free
	m := newMachine(v)
	m.lend(c)
	c.slot.give()
	return m
}

func (v *Version) begin() bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.closed {
		return false
	}
	v.calls.Add(1)
	return true
}

// Close lets no call begin any more, waits for those under way and frees the
// machines. When ctx ends first, its error says what is left.
func (v *Version) Close(ctx context.Context) error {
	v.mu.Lock()
	v.closed = true
	v.mu.Unlock()
	v.pool.close()
	gone := make(chan struct{})
	go func() {
		v.calls.Wait()
		v.pool.memory.wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("script %s: calls are still running: %w", v.options.Name, ctx.Err())
	}
}
