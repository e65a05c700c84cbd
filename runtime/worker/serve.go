package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/runtime/memory"
	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/fetch"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

// Args are the arguments that make a process of this program a worker.
func Args() []string { return []string{"hooks", "worker"} }

// Started says that a server has started this process as a worker.
func Started() bool {
	return slices.Equal(os.Args[1:], Args()) && os.Getenv(wire.EnvCookie) == wire.Cookie
}

// maxStack is how large one stack may grow. The script engine recurses in some of
// its functions; a gigabyte, which Go allows, would be more than the process has.
const maxStack = 64 << 20

// Serve is the whole main function of a worker. It does not return.
func Serve() {
	debug.SetMaxStack(maxStack)
	gentle()
	script.LimitRegexps()
	allowance, err := strconv.ParseInt(os.Getenv(envMemory), 10, 62)
	if err == nil {
		err = memory.LimitSelf(allowance)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the memory of the process cannot be limited:", err)
		os.Exit(1)
	}
	h := &hosted{memory: allowance}
	h.Remote = hook.Remote{Invoker: h}
	plugin.Serve(h, plugin.Info{Name: "script", Version: os.Getenv(envVersion), Doc: "A script of a game, in a process of its own."})
}

// hosted is the script as a plugin.
type hosted struct {
	plugin.Base
	hook.Remote
	Game   string        `setting:"game,required"`
	Name   string        `setting:"name,required"`
	Entry  string        `setting:"entry,required"`
	Bundle string        `setting:"bundle,required"`
	Wait   time.Duration `setting:"timeout"`
	Allow  []string      `setting:"allow"`
	Again  bool          `setting:"again"`

	memory  int64 // its limit
	version *script.Version
	fetch   *fetch.Client
	freeing atomic.Bool
}

var (
	_ plugin.Starter    = (*hosted)(nil)
	_ plugin.Stopper    = (*hosted)(nil)
	_ plugin.PointNamer = (*hosted)(nil)
	_ plugin.RpcNamer   = (*hosted)(nil)
	_ hook.Invoker      = (*hosted)(nil)
)

// Start loads the script.
func (h *hosted) Start(ctx context.Context) error {
	built, err := unpack(h.Bundle)
	if err != nil {
		return fmt.Errorf("the bundle cannot be read: %w", err)
	}
	h.Bundle = ""
	if h.fetch, err = fetch.New(fetch.Options{Allow: h.Allow}); err != nil {
		return fmt.Errorf("fetch: %w", err)
	}
	log := newLogger(os.Stderr, os.Getenv(wire.EnvLogLevel))
	if h.Again { // what it says while it is loaded was logged the first time
		log.quiet.Store(true)
	}
	h.version, err = script.LoadBundle(ctx, script.Options{
		Game: h.Game, Name: h.Name, Entry: h.Entry, Timeout: h.Wait, Fetch: announced{h.fetch}, Logger: log.zap(),
		Recorder: reporter{log.zap()},
		// Half of the limit: the call fails, with its place, before the process ends.
		Memory: h.memory / 2,
	}, built)
	log.quiet.Store(false)
	return err
}

// Stop ends what the script has begun.
func (h *hosted) Stop(ctx context.Context) error {
	defer h.fetch.Close()
	return h.version.Close(ctx)
}

// Points are those of the script.
func (h *hosted) Points() []hook.Point { return h.version.Points() }

// RpcNames are those of the script.
func (h *hosted) RpcNames() []string {
	if h.version == nil {
		return nil
	}
	return h.version.RpcNames()
}

// Invoke calls the script. The server, which waits Grace longer than the script has
// and says even Grace more, ends the process when it does not answer. If the caller
// went away there is nobody who does, and the process ends itself.
func (h *hosted) Invoke(ctx context.Context, p hook.Point, request, response proto.Message) error {
	deadline, bounded := ctx.Deadline()
	if !bounded {
		return errors.New("a call without a deadline")
	}
	ctx, cancel := context.WithDeadline(ctx, deadline.Add(-2*Grace))
	defer cancel()
	defer time.AfterFunc(time.Until(deadline)+Grace, func() {
		fmt.Fprintln(os.Stderr, "[ERROR] a call that nobody waits for does not end")
		os.Exit(1)
	}).Stop()
	err := h.version.Invoke(ctx, p, request, response)
	if ctx.Err() != nil {
		h.free()
	}
	return err
}

// free gives back what a call has left that ran out of time, beside the next ones.
func (h *hosted) free() {
	if h.freeing.CompareAndSwap(false, true) {
		go func() {
			defer h.freeing.Store(false)
			debug.FreeOSMemory()
		}()
	}
}
