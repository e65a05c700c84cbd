package script

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dop251/goja"
	"go.uber.org/zap"

	"github.com/muster-gg/muster/sdk/hook"
)

// findHandlers finds the functions among the exports. The first machine also says
// what is strange about them.
func (m *machine) findHandlers() error {
	for _, p := range hook.Points() {
		info, _ := p.Info()
		v := m.exports[info.Export]
		if v == nil || goja.IsUndefined(v) {
			continue
		}
		if p != hook.PointRpc && p != hook.PointEvents {
			call, ok := goja.AssertFunction(v)
			if !ok {
				return m.version.errorf("%s must be a function, is %s", info.Export, describe(v))
			}
			m.handlers[info.Export] = handler{goja.Undefined(), call}
			continue
		}
		o, ok := v.(*goja.Object)
		if !ok || className(o) != "" {
			return m.version.errorf("%s must be an object of functions, is %s", info.Export, describe(v))
		}
		for _, name := range o.Keys() {
			call, ok := goja.AssertFunction(o.Get(name))
			if !ok {
				return m.version.errorf("%s.%s must be a function, is %s", info.Export, name, describe(o.Get(name)))
			}
			m.handlers[info.Export+"."+name] = handler{v, call}
		}
	}
	return nil
}

// errorf is an error about the script as a whole.
func (v *Version) errorf(format string, args ...any) error {
	return &Error{Message: v.source + ": " + fmt.Sprintf(format, args...)}
}

// findPoints takes over what the first machine has found.
func (v *Version) findPoints(m *machine) error {
	known := map[string]hook.Point{}
	for _, p := range hook.Points() {
		info, _ := p.Info()
		known[info.Export] = p
	}
	names := slices.Sorted(maps.Keys(known))
	kinds := eventKinds()
	ps := plans{}
	for _, export := range slices.Sorted(maps.Keys(m.exports)) {
		p, ok := known[export]
		if !ok {
			v.warnExport(export, names)
			continue
		}
		if goja.IsUndefined(m.exports[export]) {
			continue
		}
		made, err := makePoint(p, ps)
		if err != nil {
			return err
		}
		v.points[p] = made
	}
	for _, name := range slices.Sorted(maps.Keys(m.handlers)) {
		if rpc, ok := strings.CutPrefix(name, "rpc."); ok {
			v.rpcNames = append(v.rpcNames, rpc)
		}
		if kind, ok := strings.CutPrefix(name, "on."); ok && !slices.Contains(kinds, kind) {
			v.log.Warn("there is no such event: "+name+didYouMean(kind, kinds), zap.Strings("events", kinds))
		}
	}
	if len(v.points) == 0 {
		return v.noPoints(slices.Sorted(maps.Keys(m.exports)))
	}
	return nil
}

// warnExport says of an export that it serves nothing, if it looks as if it should.
func (v *Version) warnExport(export string, names []string) {
	if export == "default" {
		v.log.Warn("the default export serves nothing: export the functions by their names")
		return
	}
	if near := suggest(export, names); near != "" {
		v.log.Warn("export " + export + " serves no extension point, did you mean " + near + "?")
	}
}

// noPoints is the error of a script that exports nothing for us.
func (v *Version) noPoints(exports []string) error {
	var names []string
	for _, p := range hook.Points() {
		info, _ := p.Info()
		names = append(names, info.Export)
	}
	has := "it exports nothing"
	if len(exports) > 0 {
		has = "it exports " + strings.Join(exports, ", ")
	}
	for _, export := range exports {
		if near := suggest(export, names); near != "" {
			return v.errorf("serves no extension point: %s; did you mean %s?", has, near)
		}
	}
	return v.errorf("serves no extension point: %s; a script exports one or more of %s", has, strings.Join(names, ", "))
}

// eventKinds are the names that functions of the on export may have.
func eventKinds() []string {
	kinds := (&hook.Event{}).ProtoReflect().Descriptor().Oneofs().Get(0).Fields()
	names := make([]string, kinds.Len())
	for i := range names {
		names[i] = kinds.Get(i).JSONName()
	}
	return names
}
