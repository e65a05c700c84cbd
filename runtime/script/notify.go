package script

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/dop251/goja"

	"github.com/muster-gg/muster/sdk/hook"
)

// notify is ctx.notify.
func (c *call) notify(args goja.FunctionCall) goja.Value {
	account, kind := c.text(args, 0, "notify", "the account's id"), c.text(args, 1, "notify", "a kind")
	var payload json.RawMessage
	if v := args.Argument(2); !goja.IsUndefined(v) {
		var err error
		if payload, err = c.encode(v); err != nil {
			return c.reject(fmt.Errorf("%w: %w", hook.ErrInvalidNotice, err))
		}
	}
	host := hook.HostFrom(c.ctx)
	return begin(c, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, host.Notify(ctx, account, kind, payload)
	}, func(struct{}) goja.Value { return goja.Undefined() })
}
