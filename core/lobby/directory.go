package lobby

import (
	"cmp"
	"slices"
	"sync"
)

// directory knows which lobbies of a game exist and keeps the public list,
// sorted once per change and only when somebody asks.
type directory struct {
	mu         sync.Mutex
	all        map[string]struct{}
	reserved   int
	public     map[string]Snapshot
	generation uint64
	list       []Snapshot // nil: to be built
}

func newDirectory() *directory {
	return &directory{all: map[string]struct{}{}, public: map[string]Snapshot{}}
}

// add makes an existing lobby known without listing it.
func (d *directory) add(id string) {
	d.mu.Lock()
	d.all[id] = struct{}{}
	d.mu.Unlock()
}

// reserve keeps room for one more lobby below limit (0: none), until unreserve.
func (d *directory) reserve(limit int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if limit > 0 && len(d.all)+d.reserved >= limit {
		return false
	}
	d.reserved++
	return true
}

func (d *directory) unreserve() {
	d.mu.Lock()
	d.reserved--
	d.mu.Unlock()
}

// refresh takes over a lobby's state as current reports it. The look and the
// entry are one step, so a late caller never brings back an older one.
func (d *directory) refresh(id string, current func() Snapshot) {
	d.mu.Lock()
	defer d.mu.Unlock()
	snap := current()
	if snap.Lobby == nil {
		delete(d.all, id)
	} else {
		d.all[id] = struct{}{}
	}
	_, was := d.public[id]
	switch {
	case snap.Lobby != nil && snap.Lobby.Joinable():
		d.public[id] = snap
	case was:
		delete(d.public, id)
	default:
		return
	}
	d.generation++
	d.list = nil
}

func (d *directory) listed() ([]Snapshot, uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.list == nil {
		d.list = make([]Snapshot, 0, len(d.public))
		for _, s := range d.public {
			d.list = append(d.list, s)
		}
		slices.SortFunc(d.list, func(a, b Snapshot) int {
			return cmp.Or(b.Lobby.CreatedAt.Compare(a.Lobby.CreatedAt), cmp.Compare(a.Lobby.ID, b.Lobby.ID))
		})
	}
	return d.list, d.generation
}

// count returns how many lobbies there are.
func (d *directory) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.all)
}
