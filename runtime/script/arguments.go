package script

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/dop251/goja"

	"github.com/muster-gg/muster/sdk/hook"
)

// text is an argument that must be text.
func (c *call) text(args goja.FunctionCall, i int, function, what string) string {
	text, ok := args.Argument(i).(goja.String)
	if !ok {
		panic(c.machine.vm.NewTypeError("%s needs %s as text, got %s", function, what, describe(args.Argument(i))))
	}
	if text.Length() > maxText {
		panic(c.machine.vm.NewTypeError("%s: %s of over %d bytes", function, what, maxText))
	}
	return text.String()
}

// texts is an argument that must be a list of keys.
func (c *call) texts(v goja.Value) []string {
	var d decoder
	o, length, err := d.array(v)
	if err == nil && length > hook.MaxListed {
		err = fmt.Errorf("over %d keys", hook.MaxListed)
	}
	keys := make([]string, length)
	for i := 0; i < length && err == nil; i++ {
		d.item(i)
		keys[i], err = d.string(o.Get(strconv.Itoa(i)))
		if err == nil {
			d.pop()
		}
	}
	if err != nil {
		panic(c.machine.vm.NewTypeError("getMany: the keys: %s", err.Error()))
	}
	return keys
}

// when is the condition of a write.
func (c *call) when(v goja.Value) hook.Version {
	if goja.IsUndefined(v) || goja.IsNull(v) {
		return hook.AnyVersion
	}
	o, ok := v.(*goja.Object)
	if !ok || className(o) != "" {
		panic(c.machine.vm.NewTypeError("the condition of a write is {version: …}, got %s", describe(v)))
	}
	version := o.Get("version")
	if version == nil || goja.IsUndefined(version) {
		return hook.AnyVersion
	}
	n := version.ToFloat()
	if !goja.IsNumber(version) || n != float64(int64(n)) || n < 0 || n > maxSafe {
		panic(c.machine.vm.NewTypeError("version must be that of an entry, or 0 for none, is %s", describe(version)))
	}
	return hook.Version(n)
}

// encode writes a value as JSON.
func (c *call) encode(v goja.Value) (json.RawMessage, error) {
	var d decoder
	value, err := d.json(v)
	if err != nil {
		return nil, err
	}
	return hook.ValueToJSON(value)
}

// encodeStored is encode for values that are stored.
func (c *call) encodeStored(v goja.Value) (json.RawMessage, error) {
	if goja.IsUndefined(v) {
		return nil, fmt.Errorf("%w: undefined is none, use delete", hook.ErrInvalidValue)
	}
	data, err := c.encode(v)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", hook.ErrInvalidValue, err)
	}
	return data, nil
}

// member is a property that must be text; empty if it is not there.
func (c *call) member(o *goja.Object, name string) string {
	v := o.Get(name)
	if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		return ""
	}
	text, err := new(decoder).string(v)
	if err != nil {
		panic(c.machine.vm.NewTypeError("%s %s", name, err.Error()))
	}
	return text
}
