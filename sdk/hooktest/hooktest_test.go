package hooktest_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/hooktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNative(t *testing.T) {
	hooktest.Exercise(t, func(*testing.T) hooktest.Hosted {
		return hooktest.Hosted{Impl: hooktest.Rules{}, Points: hook.ServedPoints(hooktest.Rules{}), RpcNames: hooktest.Rules{}.RpcNames()}
	})
}

func TestStorage(t *testing.T) {
	hooktest.ExerciseStorage(t, func(*testing.T) hooktest.Stored {
		return hooktest.Stored{Storage: hooktest.NewHost("one", "two"), Accounts: [2]string{"one", "two"}}
	})
}
