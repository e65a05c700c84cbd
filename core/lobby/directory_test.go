package lobby

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestDirectoryList compares the list with one that is built and sorted anew, over
// random changes and questions. What was handed out stays as it was.
func TestDirectoryList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDirectory()
		public := map[string]Snapshot{}
		var shared, copied []Snapshot
		version, asked := uint64(0), uint64(0)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if rapid.IntRange(0, 3).Draw(t, "ask") == 0 {
				list, generation := d.listed()
				want := make([]Snapshot, 0, len(public))
				for _, s := range public {
					want = append(want, s)
				}
				slices.SortFunc(want, func(a, b Snapshot) int {
					return cmp.Or(b.Lobby.CreatedAt.Compare(a.Lobby.CreatedAt), cmp.Compare(a.Lobby.ID, b.Lobby.ID))
				})
				if !slices.Equal(list, want) {
					t.Fatalf("%v, want %v", list, want)
				}
				if !slices.Equal(shared, copied) {
					t.Fatal("a list that was handed out has changed")
				}
				if !slices.Equal(list, shared) && generation == asked {
					t.Fatal("another list of the same generation")
				}
				shared, copied, asked = list, slices.Clone(list), generation
				continue
			}
			n := rapid.IntRange(0, 9).Draw(t, "lobby")
			id := fmt.Sprint("l", n)
			snap := Snapshot{}
			if rapid.IntRange(0, 3).Draw(t, "gone") > 0 {
				version++
				snap = Snapshot{&Lobby{
					ID: id, State: Open, MaxPlayers: 2, CreatedAt: time.UnixMilli(int64(n / 3)),
					IsPrivate: rapid.Bool().Draw(t, "private"),
					Teams:     []Team{{Name: "A", Size: 2, Players: []Player{{AccountID: "ann", Connected: true}}}},
				}, version}
			}
			d.refresh(id, func() Snapshot { return snap })
			delete(public, id)
			if snap.Lobby != nil && snap.Lobby.Joinable() {
				public[id] = snap
			}
		}
	})
}

// BenchmarkDirectory is one change of one lobby and then the list, among many.
func BenchmarkDirectory(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("lobbies=%d", n), func(b *testing.B) {
			d := newDirectory()
			snaps := make([]Snapshot, n)
			for i := range snaps {
				snaps[i] = Snapshot{&Lobby{
					ID: fmt.Sprint(i), State: Open, MaxPlayers: 2, CreatedAt: time.UnixMilli(int64(i)),
					Teams: []Team{{Name: "A", Size: 2, Players: []Player{{AccountID: "ann", Connected: true}}}},
				}, 1}
				d.refresh(snaps[i].Lobby.ID, func() Snapshot { return snaps[i] })
			}
			for i := 0; b.Loop(); i++ {
				s := &snaps[i%n]
				s.Version++
				d.refresh(s.Lobby.ID, func() Snapshot { return *s })
				if list, _ := d.listed(); len(list) != n {
					b.Fatal(len(list))
				}
			}
		})
	}
}
