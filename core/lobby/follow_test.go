package lobby

import "testing"

// TestNewFollowersMissNothing moves a member out of a lobby, through the combiner
// of another, while somebody has been seated but does not follow yet.
func TestNewFollowersMissNothing(t *testing.T) {
	f := newFixture(t, *fourByFour())
	made := f.mustCreate(t, "ann")
	must(t, errOf(f.Join(t.Context(), who("bob"), JoinRequest{Code: made.Lobby.Code}, func(Snapshot) {})))
	heard := 0
	must(t, errOf(f.Join(t.Context(), who("cid"), JoinRequest{Code: made.Lobby.Code}, func(Snapshot) {
		f.mustCreate(t, "bob")
		f.told.mu.Lock()
		heard = len(f.told.all[made.Lobby.ID]) // from here on cid follows
		f.told.mu.Unlock()
	})))
	now, err := f.Get(t.Context(), made.Lobby.ID)
	must(t, err)
	f.told.mu.Lock()
	defer f.told.mu.Unlock()
	for _, m := range f.told.all[made.Lobby.ID][heard:] {
		if m.Version == now.Version {
			return
		}
	}
	t.Errorf("cid was never told of version %d, without bob", now.Version)
}
