package scriptbench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/bundle"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/hook/memhost"
)

// Game is the one that is measured for.
const Game = "test"

// Options say what to measure.
type Options struct {
	// Entry is the script.
	Entry string
	// Calls of each function; 0 is 1000.
	Calls int
	// Timeout of one call; 0 is the default of scripts.
	Timeout time.Duration
}

// Result is what calls of one function took.
type Result struct {
	// Name is the export, "rpc.name" for a function of rpc.
	Name string
	// Calls were measured; Refused of them were refused. Err is the first failure, which
	// ends the measurement.
	Calls, Refused int
	Err            error
	// Median and P99 are of one call, Empty is the median of one that does nothing.
	Median, P99, Empty time.Duration
	// Allocs and Bytes are what one call allocates, with all that the platform does;
	// EmptyAllocs and EmptyBytes are those of a call that does nothing.
	Allocs, Bytes, EmptyAllocs, EmptyBytes uint64
	// Places are the lines on which most of the script's time goes, the first one first.
	Places []Place
}

// Run measures every function that a script exports but those for events, which nobody
// waits for. The storage is in memory and fetch is refused: what is measured is the
// script's own time.
func Run(ctx context.Context, o Options) ([]Result, error) {
	if o.Calls <= 0 {
		o.Calls = 1000
	}
	entry, err := filepath.Abs(o.Entry)
	if err != nil {
		return nil, err
	}
	so := script.Options{Game: Game, Entry: entry, Timeout: o.Timeout}
	v, err := script.Load(ctx, so)
	if err != nil {
		return nil, err
	}
	none, err := empty(ctx, so, v)
	if err != nil {
		return nil, errors.Join(err, v.Close(ctx))
	}
	var results []Result
	for _, p := range v.Points() {
		info, _ := p.Info()
		switch p {
		case hook.PointEvents:
		case hook.PointRpc:
			for _, name := range v.RpcNames() {
				results = append(results, o.measure(ctx, v, none, p, info.Export+"."+name, name))
			}
		default:
			results = append(results, o.measure(ctx, v, none, p, info.Export, ""))
		}
	}
	return results, errors.Join(ctx.Err(), none.Close(context.WithoutCancel(ctx)), v.Close(context.WithoutCancel(ctx)))
}

// empty is a script with the same functions, which do nothing.
func empty(ctx context.Context, o script.Options, v *script.Version) (*script.Version, error) {
	var b strings.Builder
	for _, p := range v.Points() {
		info, _ := p.Info()
		switch p {
		case hook.PointEvents:
		case hook.PointRpc:
			fmt.Fprintf(&b, "export const %s = {", info.Export)
			for _, name := range v.RpcNames() {
				fmt.Fprintf(&b, "%q() {},", name)
			}
			b.WriteString("};\n")
		default:
			fmt.Fprintf(&b, "export function %s() {}\n", info.Export)
		}
	}
	if b.Len() == 0 {
		return nil, errors.New("the script exports nothing but events, which nobody waits for: there is nothing to measure")
	}
	const name = "muster:empty"
	built, err := bundle.Build(ctx, bundle.Options{Entry: name, Root: filepath.Dir(o.Entry), Modules: map[string]string{name: b.String()}})
	if err != nil {
		return nil, err
	}
	return script.LoadBundle(ctx, o, built)
}

// measure calls one function, and the empty one.
func (o *Options) measure(ctx context.Context, v, none *script.Version, p hook.Point, name, rpc string) Result {
	r := Result{Name: name}
	host := memhost.New()
	if r.time(ctx, v, p, rpc, max(o.Calls/10, 1), host); r.Err != nil { // the first ones are slow
		return r
	}
	took := r.counted(ctx, v, p, rpc, o.Calls, host)
	if r.Err != nil {
		return r
	}
	r.Calls, r.Median, r.P99 = len(took), took[len(took)/2], took[len(took)*99/100]
	var idle Result
	if took = idle.counted(ctx, none, p, rpc, o.Calls, host); idle.Err == nil {
		r.Empty, r.EmptyAllocs, r.EmptyBytes = took[len(took)/2], idle.Allocs, idle.Bytes
	}
	r.Places, r.Err = places(ctx, v, p, rpc, host)
	return r
}

// counted is time, and counts what is allocated.
func (r *Result) counted(ctx context.Context, v *script.Version, p hook.Point, rpc string, n int, host hook.Host) []time.Duration {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	took := r.time(ctx, v, p, rpc, n, host)
	runtime.ReadMemStats(&after)
	r.Allocs, r.Bytes = (after.Mallocs-before.Mallocs)/uint64(n), (after.TotalAlloc-before.TotalAlloc)/uint64(n)
	return took
}

// time calls a function n times and returns what each call took, sorted.
func (r *Result) time(ctx context.Context, v *script.Version, p hook.Point, rpc string, n int, host hook.Host) []time.Duration {
	ctx = hook.WithHost(ctx, host)
	asked := request(p, rpc)
	all := make([]time.Duration, 0, n)
	r.Refused = 0
	for range n {
		answer := p.NewResponse()
		began := time.Now()
		err := v.Invoke(ctx, p, asked, answer)
		all = append(all, time.Since(began))
		if _, refused := hook.AsRefusal(err); refused {
			r.Refused++
		} else if err != nil {
			r.Err = err
			return nil
		}
	}
	slices.Sort(all)
	return all
}
