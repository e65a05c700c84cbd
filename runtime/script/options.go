package script

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/runtime/script/bundle"
	"github.com/muster-gg/muster/runtime/script/fetch"
)

// Host is the name of this host in logs and metrics.
const Host = "script"

// Limits of what scripts use.
const (
	// DefaultTimeout bounds a call where Options and the call's context do not.
	DefaultTimeout = 50 * time.Millisecond
	// loadTimeout is how long the code outside of functions may run.
	loadTimeout = 2 * time.Second
	// maxStack is how deep functions may call each other.
	maxStack = 1000
	// maxServed is how many calls a machine serves before another takes its place.
	maxServed = 1000
	// maxMachines is how many calls of a version may be under way, most of them
	// waiting for the platform or another server. As many run as there are slots.
	maxMachines = 64
	// maxIdle is how many machines are kept when there is nothing to do.
	maxIdle = 8
)

// Options say which script to load, and for whom.
type Options struct {
	// Game that the script serves.
	Game string
	// Name of the hook in logs: the base name of Entry if empty.
	Name string
	// Entry is the absolute path of the script. It imports from its folder only.
	Entry string
	// Build makes the bundle of Entry; nil is bundle.Build, in this process.
	Build func(context.Context, bundle.Options) (*bundle.Result, error)
	// Timeout bounds each call, beside its context; 0 is DefaultTimeout.
	Timeout time.Duration
	// Fetch asks other servers, as a *fetch.Client does. Without it ctx.fetch refuses
	// everything.
	Fetch Fetcher
	// Logger is what ctx.log and console write to; it may be nil.
	Logger *zap.Logger
	// Clock and Rand are what ctx.now, Date, ctx.random and Math.random answer; nil
	// for the real ones. They are called from many goroutines at once.
	Clock func() time.Time
	Rand  func() float64
	// Memory is by how many bytes the process may grow while a call runs; 0 is
	// DefaultMemory.
	Memory int64
	// Slots are shared by all scripts of the game; nil: this version has its own.
	Slots *Slots
	// Recorder may have calls recorded; nil: none are.
	Recorder Recorder
	// Simulation is nil for hooks that serve a game.
	Simulation *Simulation
}

// Fetcher asks other servers for scripts. It heeds its context.
type Fetcher interface {
	Do(ctx context.Context, r fetch.Request) (*fetch.Response, error)
}

func (o *Options) fill() error {
	if o.Game == "" {
		return errors.New("script: no game is named")
	}
	if !filepath.IsAbs(o.Entry) {
		return errors.New("script: the entry is not an absolute path")
	}
	if o.Simulation != nil && o.Simulation.Pass == nil {
		return errors.New("script: a simulation without Pass")
	}
	if o.Name == "" {
		o.Name = strings.TrimSuffix(filepath.Base(o.Entry), filepath.Ext(o.Entry))
	}
	if o.Build == nil {
		o.Build = bundle.Build
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Float64
	}
	return nil
}
