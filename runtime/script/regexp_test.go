package script_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/dlclark/regexp2/v2"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
)

func TestLimitRegexps(t *testing.T) {
	before := regexp2.DefaultMatchTimeout
	script.LimitRegexps()
	defer func() {
		regexp2.DefaultMatchTimeout = before
		regexp2.StopTimeoutClock()
	}()
	v := load(t, one(`() => /^(a+)+\1$/.test("a".repeat(40) + "b")`))
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := v.Impl().Rpc(ctx, &hook.RpcRequest{Name: "f"})
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	if err == nil || !strings.Contains(err.Error(), "arena.ts:1:") || !strings.Contains(err.Error(), "searched for over 25ms") {
		t.Errorf("the error is %v", err)
	}
}
