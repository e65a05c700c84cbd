package hooks_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/sdk/hook"
)

// TestWhereALateCallStood holds that the log says where a call was stopped, as far as
// its host knows, although nobody waited for it.
func TestWhereALateCallStood(t *testing.T) {
	for text, lines := range map[string]int{"rules.ts:5:13: the call ran out of time here": 1, "": 0} {
		synctest.Test(t, func(t *testing.T) {
			core, log := observer.New(zap.WarnLevel)
			late := hookOf("rules.ts", rules{rpc: func(ctx context.Context, _ *hook.RpcRequest) (*hook.RpcResponse, error) {
				<-ctx.Done()
				time.Sleep(time.Millisecond) // of the bubble's clock: the caller has gone on
				if text == "" {
					return nil, ctx.Err()
				}
				return nil, fmt.Errorf("%s%w", text, silent{ctx.Err()})
			}})
			r, err := hooks.New(hooks.Options{Game: "arena", Hooks: []hooks.Hook{late}, Logger: zap.New(core)})
			if err != nil {
				t.Fatal(err)
			}
			_, _ = r.Rpc(t.Context(), &hook.RpcRequest{Name: "slow", Player: &hook.Player{AccountId: "p"}})
			time.Sleep(2 * time.Millisecond)
			synctest.Wait()
			found := log.FilterMessage("a call was stopped after its deadline").All()
			if len(found) != lines {
				t.Fatalf("%q: %d lines", text, len(found))
			}
			if lines == 1 {
				if f := found[0].ContextMap(); f["error"] != text || f["game"] != "arena" || f["hook"] != "rules.ts" || f["point"] != "rpc" || f["rpc"] != "slow" {
					t.Errorf("%v", f)
				}
			}
			if err := r.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}

// silent is an error that is said in other words.
type silent struct{ error }

func (silent) Error() string   { return "" }
func (s silent) Unwrap() error { return s.error }
