// Package local runs dedicated servers as processes of this machine. Each has
// its own ports, its own sidecar on loopback that speaks the REST interface of
// GameFlow's and Agones' SDKs, its own log file and its own process group.
package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/allocation"
)

// Fleet is a bounded set of server processes of one game.
type Fleet struct {
	opts    Options
	program string
	log     *zap.Logger
	records records

	mu       sync.Mutex
	running  bool
	observer allocation.Observer
	servers  map[string]*server // by match id, until their process is gone
	warm     []*server          // without a match, oldest first, until their process is gone
	pauseTo  time.Time          // no warm server is started before
	starter  *starter

	crashes  crashes
	poolWake chan struct{} // room for one: "look again"
	stopped  chan struct{}

	memoryEnded atomic.Uint64

	// told lives as long as the observer may be called.
	told   context.Context
	untold context.CancelFunc
	wg     sync.WaitGroup // servers' goroutines and calls of the observer
}

var (
	_ allocation.Fleet  = (*Fleet)(nil)
	_ allocation.Finder = (*Fleet)(nil)
	_ allocation.Lister = (*Fleet)(nil)
)

// New checks the options and finds the program. It starts nothing.
func New(o Options) (*Fleet, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	program, err := LookCommand(o.Dir, o.Command)
	if err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	f := &Fleet{
		opts: o, program: program, servers: map[string]*server{},
		poolWake: make(chan struct{}, 1), stopped: make(chan struct{}),
		log: o.Logger.With(zap.String("game", o.Game)),
	}
	f.records = records{dir: filepath.Join(o.StateDir, o.Game), log: f.log}
	return f, nil
}

// Limits are the bounds for this fleet's entry in a chain. They leave the fleet
// the time to end a server that is not ready at its own timeout.
func (f *Fleet) Limits(maxConcurrent int) allocation.Limits {
	return allocation.Limits{Timeout: f.opts.Timeout + 5*time.Second, MaxConcurrent: maxConcurrent}
}

// Start ends the processes that an earlier run left and tells the observer, from
// a goroutine, that servers which had a match then are lost (EndedCrashed). It
// takes at most a few seconds. A fleet can be started once.
func (f *Fleet) Start(ctx context.Context, o allocation.Observer) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.told != nil {
		return errors.New("local: started twice")
	}
	if err := f.records.open(); err != nil {
		return fmt.Errorf("local: state folder: %w", err)
	}
	if f.opts.LogDir != "" {
		if err := os.MkdirAll(f.logDir(), 0o700); err != nil {
			return fmt.Errorf("local: log folder: %w", err)
		}
	}
	left, err := f.records.reap(ctx, min(f.opts.StopGrace, reapGrace))
	if err != nil {
		return fmt.Errorf("local: leftovers: %w", err)
	}
	f.told, f.untold = context.WithCancel(context.WithoutCancel(ctx))
	f.observer, f.running, f.starter = o, true, newStarter(f.opts.CPULimit)
	if f.opts.CPULimit > 0 && CPUKept == "" {
		f.log.Warn("this system does not keep the cpu_limit of game servers")
	}
	for _, r := range left {
		f.wg.Go(func() { f.tellLost(r) })
	}
	if f.opts.Warm+f.opts.WarmBuffer > 0 {
		f.wg.Go(f.keepWarm)
	}
	if f.opts.MemoryLimit > 0 && f.opts.Used != nil {
		f.wg.Go(f.watchMemory)
	}
	return nil
}

// tellLost reports a server of an earlier run. Its record stays until then.
func (f *Fleet) tellLost(r record) {
	if r.Handed {
		f.observer.ServerEnded(f.told, f.opts.Game, r.MatchID, allocation.EndedCrashed)
		if f.told.Err() != nil {
			return
		}
	}
	f.records.remove(r.ID)
}

// Stop ends all servers: SIGTERM, the grace or ctx, SIGKILL. The observer is not
// told of these; servers that still had a match are reported by the next run's
// Start. When it returns, no process and no goroutine of the fleet is left. A
// second call does no harm.
func (f *Fleet) Stop(ctx context.Context) error {
	f.mu.Lock()
	started := f.told != nil
	f.running = false
	closeOnce(f.stopped)
	all := f.all()
	f.mu.Unlock()
	if !started {
		return nil
	}
	if len(all) > 0 {
		f.log.Info("ending the game servers", zap.Int("servers", len(all)), zap.Duration("at most", f.opts.StopGrace))
	}
	for _, s := range all {
		s.stopOnce(false)
	}
	for _, s := range all {
		select {
		case <-s.gone:
		case <-ctx.Done():
			s.hurryOnce()
			<-s.gone
		}
	}
	f.awaitObserver(ctx)
	f.starter.stop()
	return ctx.Err()
}

// awaitObserver gives calls of the observer under way a moment to finish.
func (f *Fleet) awaitObserver(ctx context.Context) {
	idle := make(chan struct{})
	go func() {
		f.wg.Wait()
		close(idle)
	}()
	t := time.NewTimer(5 * time.Second)
	defer t.Stop()
	select {
	case <-idle:
	case <-ctx.Done():
	case <-t.C:
	}
	f.untold()
	<-idle
}

// Len is the number of servers, those that are still ending included.
func (f *Fleet) Len() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count()
}

// all are the servers, for who holds the lock.
func (f *Fleet) all() []*server {
	all := slices.Clone(f.warm)
	for _, s := range f.servers {
		all = append(all, s)
	}
	return all
}

// count is Len for who holds the lock.
func (f *Fleet) count() int { return len(f.servers) + len(f.warm) }

// has says if a server's files are in use.
func (f *Fleet) has(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.servers[id] != nil || slices.ContainsFunc(f.warm, func(s *server) bool { return s.id == id })
}

func (f *Fleet) logDir() string { return filepath.Join(f.opts.LogDir, f.opts.Game) }

func (f *Fleet) logPath(id string) string { return filepath.Join(f.logDir(), id+".log") }
