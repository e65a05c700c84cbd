package script_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/hooktest"
)

// contended is a storage of which another writer is faster, so often.
type contended struct {
	*hooktest.Host
	left  atomic.Int64
	tried atomic.Int64
}

func (h *contended) Storage() hook.Storage { return h }

func (h *contended) Set(ctx context.Context, scope, key string, value json.RawMessage, when hook.Version) (hook.Version, error) {
	h.tried.Add(1)
	if h.left.Add(-1) >= 0 {
		return 0, hook.ErrConflict
	}
	return h.Host.Set(ctx, scope, key, value, when)
}

// TestUpdateIsPatient holds that update tries again as long as the call has time,
// and says conflict only then.
func TestUpdateIsPatient(t *testing.T) {
	source := one(`({ storage }) => storage.update("n", (old) => (old ?? 0) + 1).catch((e) => e.code)`)
	host := &contended{Host: hooktest.NewHost()}
	host.left.Store(40)
	v := load(t, source, func(o *script.Options) { o.Timeout = time.Minute })
	if got, err := ask(v, host, "null"); got != 1.0 || err != nil || host.tried.Load() != 41 {
		t.Errorf("%v %v after %d tries", got, err, host.tried.Load())
	}
	host.left.Store(1 << 60)
	v = load(t, source, func(o *script.Options) { o.Timeout = 300 * time.Millisecond })
	for try := 1; ; try++ { // on a busy machine the time may be over before the script hears of it
		got, err := ask(v, host, "null")
		if got == "conflict" && err == nil {
			break
		}
		if try == 20 || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%v %v", got, err)
		}
	}
}
