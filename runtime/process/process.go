package process

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
)

// Process is a plugin that runs, and is started again when it dies, until Close.
// Its methods may be called from any goroutine.
type Process struct {
	opts        Options
	logs        *logs
	description *pluginpb.DescribeResponse
	points      []hook.Point

	// current is the process to call; nil while there is none, and then down says why.
	// It changes under mu.
	current atomic.Pointer[instance]
	down    atomic.Pointer[DownError]
	// suspects holds the word that the connection of current broke.
	suspects chan struct{}

	// spare is where the process ready to be used comes from; nil: none was begun.
	// Only the supervisor touches it.
	spare chan *instance

	calls   sync.WaitGroup // begun under mu, never once closing
	telling sync.Mutex     // around every change, so that they are told in order
	ranOut  atomic.Int64   // processes that ended for their memory

	waiting atomic.Int64 // calls that cannot begin yet

	mu      sync.Mutex
	closing bool
	inquiry *inquiry // nil unless there is one
	// soon is closed when there is a process again or will be none for a while; nil
	// unless one is being started just now.
	soon   chan struct{}
	status Status

	ctx    context.Context // ends when the supervisor shall
	cancel context.CancelFunc
	done   chan struct{} // closed when the supervisor has ended
}

var _ hook.Invoker = (*Process)(nil)

// Start starts a plugin and returns when it is ready for calls. ctx is for the
// start alone. The error is a sentence for operators; it may be a *ChecksumError
// or wrap a *BadSetting.
func Start(ctx context.Context, o Options) (*Process, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	p := &Process{opts: o, logs: &logs{to: o.Logger, brief: o.Own}, done: make(chan struct{}), suspects: make(chan struct{}, 1)}
	p.status = Status{Name: o.Name, State: Starting}
	i, err := p.begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", o.Kind, o.Name, err)
	}
	p.description, p.points = i.description, i.points
	o.Logger.Info(o.Kind+" started", zap.String("version", i.description.GetVersion()),
		zap.String("pid", i.child.ID()), zap.Strings("points", i.description.GetPoints()))
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.serve(i)
	go p.supervise(i)
	return p, nil
}

// Describe starts a plugin only to ask what it is.
func Describe(ctx context.Context, o Options) (*pluginpb.DescribeResponse, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timing.Start)
	defer cancel()
	i, err := launch(ctx, o, &logs{to: o.Logger}, nil)
	if i != nil {
		defer i.end()
	}
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", o.Kind, o.Name, err)
	}
	return i.description, nil
}

// begin starts one process and configures it.
func (p *Process) begin(ctx context.Context) (*instance, error) {
	ctx, cancel := context.WithTimeout(ctx, p.opts.Timing.Start)
	defer cancel()
	i, err := launch(ctx, p.opts, p.logs, p)
	if err == nil && !p.opts.Own {
		err = p.same(i)
	}
	if err == nil {
		err = i.configure(ctx)
	}
	if err == nil { // its settings may say what it serves
		err = i.describe(ctx)
	}
	if err != nil {
		if i != nil {
			i.end()
		}
		return nil, err
	}
	i.settle()
	return i, nil
}

// Description returns what the plugin says of itself. It must not be changed.
func (p *Process) Description() *pluginpb.DescribeResponse { return p.description }

// Points returns the points that the plugin serves.
func (p *Process) Points() []hook.Point { return p.points }

// Impl returns the hook: it has the methods of every point. Those that the plugin
// does not serve fail, and so does every call while no process runs.
func (p *Process) Impl() hook.Remote { return hook.Remote{Invoker: p} }

// Close ends the plugin for good: no more calls are taken, those under way are
// waited for until ctx ends, the plugin finishes its work, and its process is
// ended. When Close returns there is none, whatever the error says.
func (p *Process) Close(ctx context.Context) error {
	p.mu.Lock()
	p.closing = true
	p.mu.Unlock()
	idle := make(chan struct{})
	go func() {
		defer close(idle)
		p.calls.Wait()
	}()
	var err error
	select {
	case <-idle:
	case <-ctx.Done():
		err = fmt.Errorf("%s %q: calls were cut off: %w", p.opts.Kind, p.opts.Name, ctx.Err())
	}
	p.cancel()
	<-p.done
	<-idle // the process is gone: what was under way has failed
	return err
}
