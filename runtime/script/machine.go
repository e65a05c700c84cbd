package script

import (
	"fmt"
	"iter"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/dop251/goja"
	"go.uber.org/zap"
)

// machine is one virtual machine with the script loaded. It runs on a stack of its
// own, which stays as large as the script once needed it, and is resumed by the
// goroutine of each call in turn. Others may only interrupt it.
type machine struct {
	version *Version
	vm      *goja.Runtime
	call    *call // under way, nil between calls
	loaded  bool
	served  int // calls
	// broken says that the machine must not serve another call.
	broken bool
	// resume serves call; end ends the machine between calls.
	resume func() (struct{}, bool)
	end    func()

	exports  map[string]goja.Value
	handlers map[string]handler
	shared   map[string]goja.Value // what ctx is made of, as far as it was used
	json     goja.Callable         // JSON.parse
	newError *goja.Object          // Error

	// What the guards of built-in functions need.
	descriptor native        // Object.getOwnPropertyDescriptor
	nothing    goja.Callable // a function of the prelude that does nothing
	lengthKey  goja.Value    // "length"
	iterator   goja.Value    // of lists
	depth      int           // of built-in functions that call themselves
	regexps    regexps
	stopOnce   sync.Once
	stopping   atomic.Bool // the call under way was stopped
	growth     growth
	made       int64 // bytes, since the memory was looked at
	loading    *tape // of the load, if it was made to be recorded
}

// handler is a function that serves calls.
type handler struct {
	this goja.Value
	call goja.Callable
}

func newMachine(v *Version) *machine {
	m := &machine{
		version: v, vm: goja.New(),
		exports: map[string]goja.Value{}, handlers: map[string]handler{}, shared: map[string]goja.Value{},
	}
	m.vm.SetMaxCallStackSize(maxStack)
	m.vm.SetTimeSource(m.now)
	m.vm.SetRandSource(m.random)
	m.vm.SetPromiseRejectionTracker(func(p *goja.Promise, what goja.PromiseRejectionOperation) { m.call.rejected(p, what) })
	m.resume, m.end = iter.Pull(func(yield func(struct{}) bool) {
		for m.serve(m.call); yield(struct{}{}); {
			m.serve(m.call)
		}
	})
	return m
}

// serve serves one call, whatever the script does.
func (m *machine) serve(c *call) {
	c.machine = m
	defer func() {
		if v := recover(); v != nil {
			m.broken = true
			c.err = m.panicked(v)
		}
		c.over = true
		c.end()
	}()
	if !m.loaded {
		if c.err = m.load(); c.err != nil {
			m.broken = true
			return
		}
		m.loaded = true
	}
	if c.serves != nil {
		m.served++
		c.err = c.run()
	}
}

// stop ends the call under way as soon as the script, or the guard of a built-in
// function, comes by: the first of several causes counts. The machine serves no other
// call after it. It may be called from any goroutine.
func (m *machine) stop(cause error) {
	m.stopOnce.Do(func() {
		m.vm.Interrupt(cause)
		m.stopping.Store(true)
	})
}

// panicked is the error for what came out of the machine as a panic: an interrupt
// outside of any script, or a fault of the engine.
func (m *machine) panicked(v any) error {
	if err, ok := v.(error); ok && isStop(err) {
		return m.failure(err)
	}
	m.version.log.Error("the script engine failed", zap.Any("panic", v), zap.ByteString("stack", debug.Stack()))
	return fmt.Errorf("the script engine failed: %v", v)
}

// load makes the globals and runs the code of the script outside of functions.
func (m *machine) load() error {
	if err := m.lock(); err != nil {
		return err
	}
	if err := m.addNatives(); err != nil {
		return err
	}
	if err := m.vm.Set(exportName, func(call goja.FunctionCall) goja.Value {
		m.exports[call.Argument(0).String()] = call.Argument(1)
		return goja.Undefined()
	}); err != nil {
		return err
	}
	_, err := m.vm.RunProgram(m.version.program)
	if err == nil {
		err = m.vm.GlobalObject().Delete(exportName)
	}
	if err != nil {
		return m.failure(err)
	}
	var failed error
	if ex := m.vm.Try(func() { failed = m.findHandlers() }); ex != nil {
		return m.failure(ex)
	}
	return failed
}

// exportName is what the end of a bundle calls with the name and the value of each
// export.
const exportName = "__muster_export"
