package script

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/dop251/goja"
)

// Limits of what a call may have going on.
const (
	maxWork    = 16   // at once; more waits
	maxPending = 1000 // in all, and as many timers
)

// loop is what a call waits for: work that goes on elsewhere, and timers. It
// belongs to the machine's goroutine.
type loop struct {
	ctx     context.Context
	cancel  context.CancelFunc
	results chan func() // room for all work that goes on
	workers sync.WaitGroup
	running int
	waiting []func()             // work that did not begin
	pending int                  // work whose result was not delivered
	done    []result             // of a replay: what was not delivered yet
	passed  time.Time            // of a replay: what its timers count from
	begun   int                  // work of a replay
	asked   []*[]goja.StackFrame // where the work was asked for whose result was not delivered
	at      string               // where the work was asked for whose result is being delivered
	// simulated work is done at once; replayed is simulated in an order of its own.
	simulated, replayed bool
	timers              []*timer // the next one first
	lastID              int64
}

type timer struct {
	id   int64
	at   time.Time
	call goja.Callable
	args []goja.Value
	set  []goja.StackFrame // where it was
}

var (
	errNeverSettles = errors.New("the promise that the function returned can never be settled: nothing that it waits for is going on")
	errTooMuch      = fmt.Errorf("over %d things are going on in one call", maxPending)
)

// going returns the loop, made when it is first needed.
func (c *call) going() *loop {
	if c.loop == nil {
		ctx, cancel := context.WithCancel(c.ctx)
		c.loop = &loop{ctx: ctx, cancel: cancel, results: make(chan func(), maxWork)}
		if s := c.machine.version.options.Simulation; s != nil {
			c.simulated, c.replayed = true, s.Next != nil
		}
	}
	return c.loop
}

// begin does work on a goroutine of its own and returns a promise of what done
// makes of its result, on the machine's goroutine.
func begin[T any](c *call, work func(context.Context) (T, error), done func(T) goja.Value) goja.Value {
	vm := c.machine.vm
	l := c.going()
	if l.pending >= maxPending {
		return c.reject(errTooMuch)
	}
	promise, resolve, reject := vm.NewPromise()
	stack := vm.CaptureCallStack(maxFrames, nil)
	l.pending++
	l.asked = append(l.asked, &stack)
	w := c.newWork(stack)
	ctx := l.ctx
	if w != nil {
		ctx = withWork(ctx, w)
	}
	l.do(w, func() func() {
		value, err := guarded(ctx, work)
		return func() {
			l.pending--
			c.delivering(w)
			var result, failed goja.Value
			if err != nil {
				failed = c.machine.hostError(err, stack)
			} else if ex := vm.Try(func() { result = done(value) }); ex != nil {
				failed = ex.Value()
			}
			settle := resolve
			if failed != nil {
				settle, result = reject, failed
			}
			if err := settle(result); err != nil {
				panic(err) // the script was stopped
			}
			l.asked = slices.DeleteFunc(l.asked, func(s *[]goja.StackFrame) bool { return s == &stack })
		}
	})
	return vm.ToValue(promise)
}

// reject returns a promise that is rejected with err.
func (c *call) reject(err error) goja.Value {
	promise, _, reject := c.machine.vm.NewPromise()
	if err := reject(c.machine.hostError(err, nil)); err != nil {
		panic(err) // the script was stopped
	}
	return c.machine.vm.ToValue(promise)
}

// guarded does work and makes an error of a panic.
func guarded[T any](ctx context.Context, work func(context.Context) (T, error)) (value T, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("internal error: %v", v)
		}
	}()
	return work(ctx)
}

// do begins work, now or when other work is done.
func (l *loop) do(w *Work, work func() func()) {
	if l.replayed {
		l.done = append(l.done, result{w, work()})
		return
	}
	start := func() {
		l.running++
		if l.simulated {
			l.results <- work()
			return
		}
		l.workers.Go(func() {
			result := work()
			l.results <- result
		})
	}
	if l.running < maxWork {
		start()
	} else {
		l.waiting = append(l.waiting, start)
	}
}

// settle waits until a promise that the function returned has its result.
func (c *call) settle(v goja.Value) (goja.Value, error) {
	o, ok := v.(*goja.Object)
	if !ok || o.ExportType() != promiseType {
		return v, nil
	}
	p := o.Export().(*goja.Promise)
	for p.State() == goja.PromiseStatePending {
		if c.loop == nil || c.pending == 0 && len(c.timers) == 0 {
			return nil, &Error{Message: c.serves.info.Export + ": " + errNeverSettles.Error()}
		}
		if err := c.step(); err != nil {
			return nil, err
		}
	}
	if p.State() == goja.PromiseStateRejected {
		c.handled(p)
		return nil, c.machine.thrown(p.Result(), nil)
	}
	return p.Result(), nil
}

// handled forgets a rejection.
func (c *call) handled(p *goja.Promise) {
	c.rejections = slices.DeleteFunc(c.rejections, func(r *goja.Promise) bool { return r == p })
}

// drain waits for work that the function began and did not wait for.
func (c *call) drain() error {
	for c.loop != nil && c.pending > 0 {
		if err := c.step(); err != nil {
			return err
		}
	}
	return nil
}

// step waits for the next result or timer and lets the script go on with it. Others
// may use the processor meanwhile.
func (c *call) step() error {
	l := c.loop
	var due <-chan time.Time
	if l.replayed {
		return c.replay()
	}
	if l.simulated {
		due = c.jump()
	} else if len(l.timers) > 0 {
		t := time.NewTimer(time.Until(l.timers[0].at))
		defer t.Stop()
		due = t.C
	}
	c.slot.give()
	select {
	case result := <-l.results:
		// What comes when the time is over, such as the errors of work that was given up
		// for that, the script does not see.
		if c.slot.take(c.ctx) != nil || c.ctx.Err() != nil {
			return c.outOfTime(c.ctx.Err())
		}
		l.running--
		if len(l.waiting) > 0 {
			start := l.waiting[0]
			l.waiting = l.waiting[1:]
			start()
		}
		result()
	case <-due:
		if c.slot.take(c.ctx) != nil {
			return c.outOfTime(c.ctx.Err())
		}
		return c.goOff(0)
	case <-c.ctx.Done():
		return c.outOfTime(c.ctx.Err())
	}
	return nil
}

// goOff lets a timer call its function.
func (c *call) goOff(i int) error {
	t := c.timers[i]
	c.timers = slices.Delete(c.timers, i, i+1)
	if c.tape != nil {
		c.tape.timer(t.id)
	}
	if _, err := t.call(goja.Undefined(), t.args...); err != nil {
		if err = c.machine.failure(err); c.machine.broken {
			return err
		}
		c.logFailure("an error in a timer", err)
	}
	return nil
}

// end cancels what still goes on and waits for it.
func (c *call) end() {
	if c.loop == nil {
		return
	}
	c.cancel()
	c.workers.Wait()
}

// setTimeout is the function of that name.
func (c *call) setTimeout(args goja.FunctionCall) goja.Value {
	f, ok := goja.AssertFunction(args.Argument(0))
	if !ok {
		panic(c.machine.vm.NewTypeError("setTimeout needs a function"))
	}
	if c.serves == nil {
		panic(c.machine.vm.NewTypeError("setTimeout can be used in a call only, not outside of functions"))
	}
	l := c.going()
	if len(l.timers) >= maxPending {
		panic(c.machine.hostError(errTooMuch, nil))
	}
	wait := min(max(args.Argument(1).ToInteger(), 0), int64(time.Hour/time.Millisecond))
	l.lastID++
	t := &timer{id: l.lastID, at: c.timersNow().Add(time.Duration(wait) * time.Millisecond), call: f}
	t.set = c.machine.vm.CaptureCallStack(4, nil)
	if len(args.Arguments) > 2 {
		t.args = slices.Clone(args.Arguments[2:])
	}
	at, _ := slices.BinarySearchFunc(l.timers, t, func(a, b *timer) int {
		if a.at.After(b.at) {
			return 1
		}
		return -1 // of equal ones the older goes first
	})
	l.timers = slices.Insert(l.timers, at, t)
	return c.machine.vm.ToValue(t.id)
}

func (c *call) clearTimeout(args goja.FunctionCall) goja.Value {
	if c.loop != nil {
		id := args.Argument(0).ToInteger()
		c.timers = slices.DeleteFunc(c.timers, func(t *timer) bool { return t.id == id })
	}
	return goja.Undefined()
}
