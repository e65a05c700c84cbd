package script

import (
	"fmt"

	"github.com/dop251/goja"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/muster-gg/muster/sdk/hook"
)

// point is how one extension point is called and answered.
type point struct {
	name     hook.Point
	info     hook.Info
	request  *plan
	response *plan
}

// makePoint works out how a point is called.
func makePoint(name hook.Point, ps plans) (*point, error) {
	info, ok := name.Info()
	if !ok {
		return nil, fmt.Errorf("there is no extension point %q", name)
	}
	request, err := ps.of(name.NewRequest().ProtoReflect())
	if err != nil {
		return nil, err
	}
	response, err := ps.of(name.NewResponse().ProtoReflect())
	return &point{name, info, request, response}, err
}

// call returns the function to call, and with what. No function means that there
// is nothing to do.
func (p *point) call(c *call) (handler, []goja.Value, error) {
	m := c.machine
	ctx := c.context()
	switch {
	case p.name == hook.PointRpc:
		request := c.request.Interface().(*hook.RpcRequest)
		h, ok := m.handlers[p.info.Export+"."+request.GetName()]
		if !ok {
			return h, nil, hook.ErrUnknownRpc
		}
		args := []goja.Value{ctx}
		if request.GetPayload() != nil {
			args = append(args, c.json(request.GetPayload()))
		}
		return h, args, nil
	case p.name == hook.PointEvents:
		kind := c.request.WhichOneof(p.request.desc.Oneofs().Get(0))
		if kind == nil {
			return handler{}, nil, nil
		}
		h, ok := m.handlers[p.info.Export+"."+kind.JSONName()]
		if !ok {
			return handler{}, nil, nil
		}
		event := &p.request.fields[p.request.index[kind.JSONName()]]
		at := c.request.Interface().(*hook.Event).GetAt()
		return h, []goja.Value{ctx, c.value(event, c.request.Get(kind)), m.vm.ToValue(at)}, nil
	case p.info.Spread:
		args := make([]goja.Value, 1, 1+len(p.request.fields))
		args[0] = ctx
		for i := range p.request.fields {
			v := c.read(c.request, &p.request.fields[i])
			if v == absent {
				v = goja.Undefined()
			}
			args = append(args, v)
		}
		return m.handlers[p.info.Export], args, nil
	}
	return m.handlers[p.info.Export], []goja.Value{ctx, c.object(p.request, c.request)}, nil
}

// answer fills dst with what the function returned. It may run code of the script.
func (p *point) answer(v goja.Value, dst protoreflect.Message) error {
	if len(p.response.fields) == 0 {
		return nil // whatever it is, nobody asked
	}
	none := v == nil || goja.IsUndefined(v) || goja.IsNull(v)
	switch m := dst.Interface().(type) {
	case *hook.Decision:
		if none || v == trueValue {
			m.Allow = true
			return nil
		}
		if v == falseValue {
			return nil
		}
	case *hook.RpcResponse:
		if v == nil || goja.IsUndefined(v) {
			return nil
		}
		var err error
		m.Payload, err = newDecoder().json(v)
		return err
	}
	if none {
		return nil
	}
	d := newDecoder()
	if p.info.Lone {
		return d.field(&p.response.fields[0], v, dst)
	}
	return d.message(p.response, v, dst)
}
