package script_test

import (
	"context"
	"testing"
	"time"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hooktest"
)

// TestContract runs the cases that every host passes.
func TestContract(t *testing.T) {
	hooktest.Exercise(t, func(t *testing.T) hooktest.Hosted {
		v, err := script.Load(context.Background(), script.Options{
			Game: hooktest.Game, Entry: hooktest.ScriptEntry(t), Timeout: time.Minute,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := v.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
		return hooktest.Hosted{Impl: v.Impl(), Points: v.Points(), RpcNames: v.RpcNames()}
	})
}
