package process

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/muster-gg/muster/sdk/plugin/pluginpb"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

// call is one call, carried to one process, or to several in turn.
type call struct {
	began time.Time
	// acted says that it has changed something that others can see. The mutex of its
	// book guards it.
	acted bool

	// Guarded by the mutex of Process: the inquiry that it is part of, and what is
	// closed when it may go on; nil: it does not wait.
	inquiry *inquiry
	turn    chan struct{}
}

// book has the calls that are under way in one process, by their numbers.
type book struct {
	mu    sync.Mutex
	last  uint64
	calls map[uint64]*call
}

// enter gives a call its number in this process.
func (b *book) enter(c *call) uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.calls == nil {
		b.calls = map[uint64]*call{}
	}
	b.last++
	b.calls[b.last] = c
	return b.last
}

// leave ends a call: from now on nothing can be changed in its name. It returns
// whether something was.
func (b *book) leave(number uint64) (acted bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.calls[number]
	delete(b.calls, number)
	return c.acted
}

// act takes note that a call is about to change something; false: it is over.
func (b *book) act(number uint64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.calls[number]
	if c != nil {
		c.acted = true
	}
	return c != nil
}

// open are the calls under way.
func (b *book) open() []*call {
	b.mu.Lock()
	defer b.mu.Unlock()
	calls := make([]*call, 0, len(b.calls))
	for _, c := range b.calls {
		calls = append(calls, c)
	}
	return calls
}

// harmless are the requests to the platform that change nothing.
var harmless = map[string]bool{
	pluginpb.Host_StorageGet_FullMethodName: true, pluginpb.Host_StorageList_FullMethodName: true,
}

// admit lets a call change something only while it is under way, and notes it.
func (b *book) admit(ctx context.Context, r any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if n := wire.Number(ctx); n != 0 && !harmless[info.FullMethod] && !b.act(n) {
		return nil, status.Error(codes.Canceled, "the call is over")
	}
	return next(ctx, r)
}
