package match

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/muster-gg/muster/core/lobby"
)

// nearby knows one region, and notes for whom it was asked.
type nearby struct{ asked []string }

func (n *nearby) Best(_ context.Context, accounts ...string) string {
	n.asked = accounts
	return "eu-west"
}

// TestMeasuredRegion is that of the humans, where nobody has named another one. The
// server is told it like any other.
func TestMeasuredRegion(t *testing.T) {
	for ask, want := range map[string]string{"": "eu-west", "us-west": "us-west"} {
		f := newFixture(t)
		near := &nearby{}
		f.regions = near
		f.gather(t)
		must(t, errOf(f.lobbies.FillBots(t.Context(), who("ann"), nil)))
		must(t, errOf(f.Start(t.Context(), who("ann"), ask)))
		f.feed.await(t, lobby.MatchStarted)
		raw, err := f.fleet.made[0].Payload("http://sidecar/result")
		must(t, err)
		var p launch
		must(t, json.Unmarshal(raw, &p))
		if f.fleet.made[0].Region != want || p.Region != want {
			t.Errorf("asked for %q: request in %q, payload %q", ask, f.fleet.made[0].Region, p.Region)
		}
		if slices.Sort(near.asked); ask == "" && strings.Join(near.asked, " ") != "ann bob" {
			t.Errorf("asked for %q", near.asked)
		}
		if ask != "" && near.asked != nil {
			t.Error("measurements are looked at although a region was named")
		}
	}
}
