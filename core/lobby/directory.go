package lobby

import (
	"cmp"
	"slices"
	"sync"
)

// directory knows which lobbies of a game exist and keeps the public list. What
// has changed is brought into the sorted list only when somebody asks, so that
// neither a change nor a question costs a sort of all.
type directory struct {
	mu         sync.Mutex
	all        map[string]struct{}
	reserved   int
	public     map[string]Snapshot
	generation uint64
	list       []Snapshot        // shared with readers: replaced, never changed
	stale      map[string]*Lobby // by id: what of public is not in list as it is now
}

func newDirectory() *directory {
	return &directory{all: map[string]struct{}{}, public: map[string]Snapshot{}, stale: map[string]*Lobby{}}
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
	old, was := d.public[id]
	switch {
	case snap.Lobby != nil && snap.Lobby.Joinable():
		d.public[id], d.stale[id] = snap, snap.Lobby
	case was:
		delete(d.public, id)
		d.stale[id] = old.Lobby
	default:
		return
	}
	d.generation++
}

// order sorts the public list: newest first. It never changes for a lobby.
func order(a Snapshot, b *Lobby) int {
	return cmp.Or(b.CreatedAt.Compare(a.Lobby.CreatedAt), cmp.Compare(a.Lobby.ID, b.ID))
}

func (d *directory) listed() ([]Snapshot, uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.stale) > 0 {
		d.list = d.merged()
		clear(d.stale)
	}
	return d.list, d.generation
}

// merged is the list with what is stale brought up to date, in a slice of its own.
func (d *directory) merged() []Snapshot {
	fresh := make([]Snapshot, 0, len(d.stale))
	for id := range d.stale {
		if snap, listed := d.public[id]; listed {
			fresh = append(fresh, snap)
		}
	}
	slices.SortFunc(fresh, func(a, b Snapshot) int { return order(a, b.Lobby) })
	gone := make([]int, 0, len(d.stale)) // where the list has what is stale
	for _, l := range d.stale {
		if i, found := slices.BinarySearchFunc(d.list, l, order); found {
			gone = append(gone, i)
		}
	}
	slices.Sort(gone)
	out := make([]Snapshot, 0, len(d.public))
	from := 0
	keep := func(to int) { // the list's entries before to that are not stale
		for len(gone) > 0 && gone[0] < to {
			out = append(out, d.list[from:gone[0]]...)
			from, gone = gone[0]+1, gone[1:]
		}
		out = append(out, d.list[from:max(from, to)]...)
		from = max(from, to)
	}
	for _, snap := range fresh {
		i, _ := slices.BinarySearchFunc(d.list, snap.Lobby, order)
		keep(i)
		out = append(out, snap)
	}
	keep(len(d.list))
	return out
}

// count returns how many lobbies there are.
func (d *directory) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.all)
}
