package script

import (
	"context"
	"fmt"

	"github.com/dop251/goja"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/muster-gg/muster/sdk/hook"
)

// call is one call of a hook, or the first run of a machine.
type call struct {
	ctx      context.Context
	machine  *machine
	serves   *point // nil: only load the machine
	request  protoreflect.Message
	response protoreflect.Message
	err      error
	slot     slot
	// over says that the objects of the call must not be read any more: their
	// message may be changed.
	over bool

	player goja.Value // of the rpc point, once it was read
	tape   *tape      // nil: the call is not recorded

	*loop // nil until the script does something that takes time
	logged
	refusals   map[*goja.Object]error // what refuse, invalid and unreachable threw
	rejections []*goja.Promise        // that nobody has handled yet
}

// mustRead throws when the call is over.
func (c *call) mustRead() {
	if c.over {
		panic(c.machine.vm.NewTypeError("this object belongs to a call that is over: copy what you keep"))
	}
}

// run calls the function of the point and takes its answer.
func (c *call) run() error {
	h, args, err := c.serves.call(c)
	if err != nil {
		return err
	}
	if h.call == nil {
		return nil
	}
	v, err := h.call(h.this, args...)
	if err != nil {
		err = c.machine.failure(err)
	} else {
		v, err = c.settle(v)
	}
	// What the script began, and did not wait for, is done all the same.
	if !c.machine.broken {
		if left := c.drain(); err == nil {
			err = left
		}
	}
	c.reportRejections()
	if err != nil {
		return err
	}
	return c.answer(v)
}

// answer converts what the function returned.
func (c *call) answer(v goja.Value) error {
	var failed error
	if ex := c.machine.vm.Try(func() { failed = c.serves.answer(v, c.response) }); ex != nil {
		return c.machine.failure(ex)
	}
	if failed != nil {
		if err := c.machine.failure(failed); err != failed {
			return err // of a toJSON
		}
		return &Error{Message: fmt.Sprintf("%s answered something wrong: %s", c.serves.info.Export, failed)}
	}
	return nil
}

func (c *call) game() string { return c.machine.version.options.Game }

func (c *call) point() hook.Point {
	if c.serves == nil {
		return ""
	}
	return c.serves.name
}
