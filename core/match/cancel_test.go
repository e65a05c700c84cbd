package match

import (
	"context"
	"testing"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/fault"
)

// TestResultOfACancelledStart has a server that got its match although the start
// was cancelled meanwhile: its result is not unknown, it comes too late.
func TestResultOfACancelledStart(t *testing.T) {
	f := newFixture(t)
	arrived := make(chan struct{})
	f.fleet.answer = func(ctx context.Context, _ allocation.Request) (allocation.Server, error) {
		close(arrived)
		<-ctx.Done()
		return server, nil
	}
	f.gather(t)
	id := f.start(t)
	<-arrived
	must(t, errOf(f.lobbies.CancelStart(t.Context(), who("ann"))))
	_, err := f.Report(t.Context(), id, f.signer.resultToken(id), []byte(goodResult))
	if got := fault.From(err); got == nil || got.Code != ErrClosed.Code {
		t.Errorf("answered %v, want %s", err, ErrClosed.Code)
	}
}
