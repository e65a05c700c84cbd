package worker

import (
	"context"
	"strings"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/fetch"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

// announced tells the server before it asks others for something that may change
// them: such a call is not made again. What goes through the server, storage and
// notices, the server sees itself.
type announced struct{ script.Fetcher }

// Do implements script.Fetcher.
func (a announced) Do(ctx context.Context, r fetch.Request) (*fetch.Response, error) {
	switch strings.ToUpper(r.Method) {
	case "", "GET", "HEAD":
	default:
		if err := wire.Effect(ctx); err != nil {
			return nil, err
		}
	}
	return a.Fetcher.Do(ctx, r)
}
