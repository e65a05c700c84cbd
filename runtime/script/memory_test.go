package script_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
)

// TestMemory holds that a call during which the process grows too much fails long
// before its deadline, and neither one that waits meanwhile, nor one that makes much
// and keeps nothing.
func TestMemory(t *testing.T) {
	if os.Getenv(childEnv) == "" {
		inChild(t)
		return
	}
	limitChild(t)
	v := load(t, `export const rpc = {
		keeps() { const all = []; for (;;) all.push({ a: [1, 2, 3] }) },
		grows() { let a = "x", b = "y"; for (;;) { a += b; b += a } },
		makes() { let n = 0; for (let i = 0; i < 300; i++) n += ("x" + i).repeat(2 ** 17).length; return n },
		waits: () => new Promise((done) => setTimeout(() => done("waited"), 1000)),
	};`, func(o *script.Options) { o.Timeout = time.Minute })
	call := func(name string) (*hook.RpcResponse, error) {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		return v.Impl().Rpc(ctx, &hook.RpcRequest{Name: name})
	}
	waited := make(chan error, 1)
	go func() {
		_, err := call("waits")
		waited <- err
	}()
	for _, name := range []string{"keeps", "grows"} {
		if _, err := call(name); err == nil || !strings.Contains(err.Error(), grown) || !strings.Contains(err.Error(), "arena.ts:") {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	if _, err := call("makes"); err != nil {
		t.Error(err)
	}
	if err := <-waited; err != nil {
		t.Error(err)
	}
}
