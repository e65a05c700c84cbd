package script

import (
	"encoding/json"
	"time"

	"github.com/dop251/goja"
)

// Simulation is a world of its own for a script that is tested: nothing in it happens
// beside the script, so that every run is the same. A version has one machine at a
// time, and what the script asks of its host is done at once and in order.
type Simulation struct {
	// Pass makes the time that Options.Clock answers at least until. It is called
	// where a script waits for a timer and nothing else is left to do.
	Pass func(until time.Time)
	// Next makes it a replay: it says what comes to the script next, of the work that is
	// done (in the order in which it was begun) and the numbers of the timers (the one
	// that is due first first). Neither of them means that nothing comes any more, and
	// ends the call as one that ran out of time.
	Next func(done []*Work, timers []int64) (*Work, int64)
	// Natives are functions for a module that the platform has put into the bundle: they
	// take a list of JSON values, their arguments, and answer one, or nil for nothing.
	// The code outside of functions finds them in the global __muster_native.
	Natives map[string]func(args json.RawMessage) (json.RawMessage, error)
}

// nativeName is the global that natives stand in while a script is loaded.
const nativeName = "__muster_native"

// addNatives defines the natives, if there are any.
func (m *machine) addNatives() error {
	s := m.version.options.Simulation
	if s == nil || len(s.Natives) == 0 {
		return nil
	}
	all := m.vm.NewObject()
	for name, f := range s.Natives {
		m.put(all, name, m.function("native."+name, func(c *call, args goja.FunctionCall) goja.Value {
			list := make([]any, len(args.Arguments))
			for i, v := range args.Arguments {
				list[i] = v
			}
			data, err := c.encode(m.vm.NewArray(list...))
			if err == nil {
				data, err = f(data)
			}
			if err != nil {
				panic(m.vm.NewTypeError("%s", err.Error()))
			}
			if data == nil {
				return goja.Undefined()
			}
			return m.parse(data)
		}))
	}
	return m.vm.Set(nativeName, all)
}

// timersNow is the time that timers count from.
func (c *call) timersNow() time.Time {
	if c.loop != nil && c.replayed {
		return c.passed
	}
	if o := &c.machine.version.options; o.Simulation != nil {
		return o.Clock()
	}
	return time.Now()
}

// jump goes on to the time of the next timer if there is nothing before it, and
// returns a channel that says so.
func (c *call) jump() <-chan time.Time {
	if c.pending > 0 || len(c.timers) == 0 {
		return nil
	}
	c.machine.version.options.Simulation.Pass(c.timers[0].at)
	due := make(chan time.Time, 1)
	due <- c.timers[0].at
	return due
}
