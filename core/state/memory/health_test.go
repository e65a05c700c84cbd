package memory

import (
	"context"
	"testing"

	"github.com/muster-gg/muster/core/state"
)

// While changes cannot be saved Check says so, and no longer when they can.
func TestCheckWhileChangesFail(t *testing.T) {
	ctx := context.Background()
	s := openAt(t, journalPath(t))
	mustApply(t, s, write("a", 0, "A"))
	writer(s, func(c *connection) { execOn(t, c.conn, "PRAGMA query_only(1)") })
	j := s.commits.journal
	there := j.file
	j.file = there + "/gone" // where a failed commit opens it anew
	if _, err := s.Apply(ctx, state.Tx{Game: "arena", Writes: []state.Write{write("b", 0, "B")}}); err == nil {
		t.Fatal("a change was taken")
	}
	for range 2 {
		if err := s.Check(ctx); err == nil {
			t.Fatal("Check says that all is well")
		}
	}
	j.file = there
	for range 2 {
		if err := s.Check(ctx); err != nil {
			t.Fatal(err)
		}
	}
	mustApply(t, s, write("b", 0, "B"))
	if docs, err := s.Get(ctx, "arena", probe); err != nil || docs[0].Version != 0 {
		t.Errorf("the probe is in a game: %+v, %v", docs, err)
	}
}
