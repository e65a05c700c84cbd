package match

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/state"
)

// TestRecoverClosesStartsOfLooseServers: a start that was cancelled right before the
// crash is known by its server alone. When Recover returns, a result of it is
// answered as that of any start that failed, whatever its provider does meanwhile.
func TestRecoverClosesStartsOfLooseServers(t *testing.T) {
	f := newFixture(t)
	token := f.signer.resultToken
	var writes []state.Write
	for id, played := range map[string]bool{"cancelled": false, "played": true} {
		l := &Loose{ID: id, LobbyID: "l", Provider: "stub", Region: "eu", Played: played}
		writes = append(writes, state.Write{Key: looseKey(id), Value: l, Deadline: time.Now().Add(time.Hour)})
	}
	writes = append(writes, state.Write{Key: looseKey("broken"), Value: state.Raw("{"), Deadline: time.Now().Add(time.Hour)})
	must(t, errOf(f.state.Apply(t.Context(), state.Tx{Game: "g", Writes: writes})))
	f.mu.Lock()
	f.closed = true // nothing is done behind Recover's back
	f.mu.Unlock()
	must(t, f.Recover(t.Context(), []lobby.Interrupted{{MatchID: "interrupted", LobbyID: "m", Region: "us"}}))
	for id, want := range map[string]string{"cancelled": "l eu", "interrupted": "m us"} {
		if _, err := f.Report(t.Context(), id, token(id), []byte(goodResult)); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: a result is answered %v", id, err)
		}
		m, err := f.records.MatchByID(t.Context(), "g", id)
		if got := fmt.Sprint(m.LobbyID, " ", m.Region); err != nil || got != want || m.Status != statusFailed {
			t.Errorf("%s: recorded as %+v, %v", id, m, err)
		}
	}
	if _, err := f.Report(t.Context(), "played", token("played"), []byte(goodResult)); !errors.Is(err, ErrNotFound) {
		t.Errorf("a match that was played is no failed start: %v", err)
	}
}
