package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/runtime/memory"
	"github.com/muster-gg/muster/runtime/process"
	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/bundle"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
)

const (
	// DefaultMemory is how much memory a script may use where nobody says.
	DefaultMemory = 128 << 20
	// Grace is how long after its deadline a call may still come back before its
	// worker is ended.
	Grace = 50 * time.Millisecond
	// envMemory is the variable that tells a worker what it may allocate, envVersion
	// which version of the script it runs.
	envMemory  = "MUSTER_WORKER_MEMORY"
	envVersion = "MUSTER_WORKER_VERSION"
)

// Options say which script is run, and for whom. Those that script.Options have too
// mean the same.
type Options struct {
	Game, Name, Entry string
	Timeout           time.Duration
	// Build makes the bundle of Entry; nil is bundle.Build, in this process.
	Build func(context.Context, bundle.Options) (*bundle.Result, error)
	// Allow are the hosts that ctx.fetch may reach.
	Allow []string
	// Memory is how many bytes the script may use beyond what an idle worker does; 0
	// is DefaultMemory.
	Memory int64
	// Platform is what the script reaches through ctx.
	Platform hook.Host
	Logger   *zap.Logger
	// Recorder may have calls recorded; nil: none are.
	Recorder script.Recorder
	// HostVersion is Muster's version.
	HostVersion string
	// Timing may be left zero.
	Timing process.Timing
}

// Worker is one version of a script, serving in a process of its own. Its methods
// may be called from any goroutine. Close it.
type Worker struct {
	options Options
	hash    string
	files   []string
	process *process.Process
	watch   *memory.Watch
}

var _ hook.Invoker = (*Worker)(nil)

// Start bundles a script and loads it in a new process. Its errors are those of
// script.Load. ctx bounds the start alone.
func Start(ctx context.Context, o Options) (*Worker, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	built, err := o.Build(ctx, bundle.Options{Entry: o.Entry, Root: filepath.Dir(o.Entry)})
	if err != nil {
		return nil, err
	}
	for _, warning := range built.Warnings {
		o.Logger.Warn(warning.String())
	}
	bundled, err := pack(built)
	if err != nil {
		return nil, err
	}
	w := &Worker{options: o, hash: built.Hash, files: built.Files}
	w.watch = memory.NewWatch(o.Memory, func(pid int, why error) { w.process.End(pid, why) })
	if w.process, err = process.Start(ctx, w.run(bundled)); err != nil {
		if cause := errors.Unwrap(err); cause != nil {
			err = cause
		}
		return nil, err
	}
	go w.watch.Run() // Close waits for it
	return w, nil
}

func (o *Options) fill() error {
	switch {
	case o.Game == "":
		return errors.New("worker: no game is named")
	case !filepath.IsAbs(o.Entry):
		return errors.New("worker: the entry is not an absolute path")
	}
	if o.Name == "" {
		o.Name = strings.TrimSuffix(filepath.Base(o.Entry), filepath.Ext(o.Entry))
	}
	if o.Build == nil {
		o.Build = bundle.Build
	}
	if o.Timeout <= 0 {
		o.Timeout = script.DefaultTimeout
	}
	if o.Memory <= 0 {
		o.Memory = DefaultMemory
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	o.Logger = o.Logger.With(zap.String("game", o.Game), zap.String("hook", o.Name))
	if memory.Kept == "" {
		o.Logger.Warn("this system does not keep the memory limit of scripts: run the server on Linux where scripts are not trusted")
	}
	return nil
}

// run is how the process is run.
func (w *Worker) run(bundled string) process.Options {
	o := &w.options
	var again atomic.Bool
	return process.Options{
		Name: o.Name, Kind: "script", Own: true, Spare: true, Again: true, Grace: Grace, Command: append([]string{"muster"}, Args()...),
		Env: w.environment(), HostVersion: o.HostVersion, Logger: o.Logger, Timing: o.Timing, Changed: w.changed,
		Host: func(game string) (hook.Host, bool) { return o.Platform, game == o.Game && o.Platform != nil },
		Configure: func([]*pluginpb.Setting) (*structpb.Struct, error) {
			return o.settings(bundled, again.Swap(true))
		},
	}
}

// changed follows which process serves.
func (w *Worker) changed(s process.Status) {
	if s.State != process.Running {
		s.PID = 0
	}
	w.watch.Follow(s.PID)
}

// environment is that of the process. The limits that Go knows are softer than the
// kernel's: the collector works harder before that one is reached. Half of the
// processors are left to the server.
func (w *Worker) environment() map[string]string {
	memory, soft := strconv.FormatInt(w.options.Memory, 10), strconv.FormatInt(w.options.Memory/4*3, 10)
	env := map[string]string{
		"GOMAXPROCS": strconv.Itoa(max(1, runtime.GOMAXPROCS(0)/2)),
		envMemory:    memory, envVersion: w.hash, "GOMEMLIMIT": soft, "GOGC": "400", "GOTRACEBACK": "none",
	}
	for _, name := range []string{"SSL_CERT_FILE", "SSL_CERT_DIR"} { // for fetch
		if value := os.Getenv(name); value != "" {
			env[name] = value
		}
	}
	return env
}

// Hash is made of the bundle's content: 12 hex digits.
func (w *Worker) Hash() string { return w.hash }

// Points are those that the script serves, in the order of the contract.
func (w *Worker) Points() []hook.Point { return slices.Clone(w.process.Points()) }

// RpcNames are the functions of the script's rpc export, sorted.
func (w *Worker) RpcNames() []string { return slices.Clone(w.process.Description().GetRpcNames()) }

// entry is the script's file in its folder.
func (w *Worker) entry() string { return filepath.Base(w.options.Entry) }

// Files are the absolute paths of what the script is made of.
func (w *Worker) Files() []string { return slices.Clone(w.files) }

// Impl serves the points through w. Only those of Points answer.
func (w *Worker) Impl() hook.Remote { return hook.Remote{Invoker: w} }

// Status is how the process is.
func (w *Worker) Status() process.Status { return w.process.Status() }

// Process is the process itself.
func (w *Worker) Process() *process.Process { return w.process }

// Invoke implements hook.Invoker. A call that runs out of time comes back Grace
// later at the latest. One that ends the process fails with an error whose method
// Crashed says true; those that were under way beside it are made again, unless they
// have changed something: then their errors say so.
func (w *Worker) Invoke(ctx context.Context, p hook.Point, request, response proto.Message) error {
	if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > w.options.Timeout {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, w.options.Timeout)
		defer cancel()
	}
	if hook.CallFrom(ctx).Game == "" {
		ctx = hook.WithCall(ctx, hook.Call{Game: w.options.Game, Point: p, Hook: w.options.Name})
	}
	if w.options.Recorder != nil {
		if keep := w.options.Recorder.Wants(ctx, p, script.RpcName(request)); keep != nil {
			return w.record(ctx, keep, p, request, response)
		}
	}
	return w.call(ctx, p, request, response)
}

// call is Invoke of a call that has a deadline and knows what it is.
func (w *Worker) call(ctx context.Context, p hook.Point, request, response proto.Message) error {
	w.watch.Begin()
	err := w.process.Invoke(ctx, p, request, response)
	w.watch.Finish(errors.Is(err, context.DeadlineExceeded))
	return err
}

// Close lets no call begin any more, waits for those under way and ends the process.
// When ctx ends first, calls are cut off and its error says so.
func (w *Worker) Close(ctx context.Context) error {
	err := w.process.Close(ctx)
	w.watch.Close()
	if err != nil {
		return fmt.Errorf("script %s: %w", w.options.Name, errors.Unwrap(err))
	}
	return nil
}
