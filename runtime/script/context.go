package script

import (
	"errors"
	"strings"

	"github.com/dop251/goja"

	"github.com/muster-gg/muster/sdk/hook"
)

// context makes ctx, the first argument of a call.
func (c *call) context() goja.Value { return c.machine.vm.NewDynamicObject(&contextObject{c}) }

// contextObject is ctx. Its functions are made when they are first used, once for a
// machine: they are about the call that is under way.
type contextObject struct{ call *call }

var _ goja.DynamicObject = (*contextObject)(nil)

var (
	contextKeys    = []string{"game", "point", "log", "storage", "now", "random", "fetch", "notify", "refuse", "invalid", "unreachable"}
	rpcContextKeys = append([]string{"player"}, contextKeys...)
)

// Get implements goja.DynamicObject, as all below.
func (o *contextObject) Get(key string) goja.Value {
	c := o.call
	m := c.machine
	switch key {
	case "game":
		return m.vm.ToValue(c.game())
	case "point":
		return m.vm.ToValue(string(c.point()))
	case "player":
		return c.caller()
	case "log":
		return m.object("ctx.log", func() goja.DynamicObject { return &functions{m, "ctx.log", logNames, logFunction} })
	case "storage":
		return m.object("ctx.storage", func() goja.DynamicObject { return &storageObject{m, ""} })
	case "now":
		return m.function("now", (*call).now)
	case "random":
		return m.function("random", (*call).random)
	case "fetch":
		return m.function("fetch", (*call).fetch)
	case "notify":
		return m.function("notify", (*call).notify)
	case "refuse":
		return m.function("refuse", (*call).refuse)
	case "invalid":
		return m.function("invalid", (*call).invalid)
	case "unreachable":
		return m.function("unreachable", (*call).unreachable)
	}
	return nil
}

func (o *contextObject) Has(key string) bool               { return contains(o.Keys(), key) }
func (o *contextObject) Set(key string, _ goja.Value) bool { return o.call.machine.fixed("ctx", key) }
func (o *contextObject) Delete(key string) bool            { return o.call.machine.fixed("ctx", key) }
func (o *contextObject) Keys() []string {
	if o.call.point() == hook.PointRpc {
		return rpcContextKeys
	}
	return contextKeys
}

// caller is ctx.player, the same object whenever it is read.
func (c *call) caller() goja.Value {
	if c.point() != hook.PointRpc {
		return nil
	}
	if c.player == nil {
		c.player = c.read(c.request, &c.serves.request.fields[c.serves.request.index["player"]])
	}
	if c.player == absent {
		return nil
	}
	return c.player
}

// functions is an object that has nothing but functions of the platform.
type functions struct {
	machine *machine
	title   string
	names   []string
	find    func(name string) func(*call, goja.FunctionCall) goja.Value
}

var _ goja.DynamicObject = (*functions)(nil)

// Get implements goja.DynamicObject, as all below.
func (o *functions) Get(key string) goja.Value {
	if !contains(o.names, key) {
		return nil
	}
	return o.machine.function(o.title+"."+key, o.find(key))
}

func (o *functions) Has(key string) bool               { return contains(o.names, key) }
func (o *functions) Set(key string, _ goja.Value) bool { return o.machine.fixed(o.title, key) }
func (o *functions) Delete(key string) bool            { return o.machine.fixed(o.title, key) }
func (o *functions) Keys() []string                    { return o.names }

func contains(names []string, key string) bool {
	for _, name := range names {
		if name == key {
			return true
		}
	}
	return false
}

// fixed throws because what belongs to the platform is not the script's to change.
func (m *machine) fixed(title, key string) bool {
	panic(m.vm.NewTypeError("%s.%s cannot be changed", title, key))
}

// object returns what make makes, made once for the machine.
func (m *machine) object(title string, make func() goja.DynamicObject) goja.Value {
	v := m.shared[title]
	if v == nil {
		v = m.vm.NewDynamicObject(make())
		m.shared[title] = v
	}
	return v
}

// function returns f as a function that is about the call under way, made once for
// the machine.
func (m *machine) function(name string, f func(*call, goja.FunctionCall) goja.Value) goja.Value {
	v := m.shared[name]
	if v == nil {
		o := m.vm.ToValue(func(args goja.FunctionCall) goja.Value { return f(m.call, args) }).(*goja.Object)
		_ = o.DefineDataProperty("name", m.vm.ToValue(name[strings.LastIndexByte(name, '.')+1:]), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE)
		v = o
		m.shared[name] = v
	}
	return v
}

func (c *call) now(goja.FunctionCall) goja.Value {
	return c.machine.vm.ToValue(c.machine.now().UnixMilli())
}

func (c *call) random(goja.FunctionCall) goja.Value {
	return c.machine.vm.ToValue(c.machine.random())
}

func (c *call) refuse(args goja.FunctionCall) goja.Value {
	reason := c.text(args, 0, "refuse", "a reason")
	reasons := map[string]string{}
	if v := args.Argument(1); !goja.IsUndefined(v) && !goja.IsNull(v) {
		refusal := &hook.Refusal{}
		d := decoder{path: []step{{key: "playerReasons"}}}
		if err := d.dict(&c.machine.version.playerReasons, v, refusal.ProtoReflect()); err != nil {
			panic(c.machine.vm.NewTypeError("refuse: %s", err.Error()))
		}
		reasons = refusal.GetPlayerReasons()
	}
	refusal := c.endWith("Refusal", reason, hook.Refuse(reason, reasons))
	if c.machine.version.options.Simulation != nil && len(reasons) > 0 {
		_ = refusal.Set("playerReasons", args.Argument(1))
	}
	panic(refusal)
}

func (c *call) invalid(args goja.FunctionCall) goja.Value {
	reason := c.text(args, 0, "invalid", "a reason")
	panic(c.endWith("Invalid", reason, hook.Invalid(reason)))
}

func (c *call) unreachable(args goja.FunctionCall) goja.Value {
	cause := "no cause was given"
	if v := args.Argument(0); !goja.IsUndefined(v) {
		cause = c.show(v)
	}
	panic(c.endWith("Unreachable", cause, hook.Unreachable(errors.New(cause))))
}

// endWith makes the error that ends the call with err, unless the script catches it.
func (c *call) endWith(name, message string, err error) *goja.Object {
	o := c.machine.makeError(message)
	_ = o.Set("name", name)
	if c.refusals == nil {
		c.refusals = map[*goja.Object]error{}
	}
	c.refusals[o] = err
	return o
}
