package memory

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-gg/muster/core/state"
)

// table holds the documents of one game. Only the committer changes it (without
// a journal whoever holds mu), so that the committer reads it without the lock.
type table struct {
	game string

	mu       sync.RWMutex
	kinds    map[string]*kind
	revision uint64

	batch batch // the committer's alone
}

// kind holds the documents of one kind. A document keeps its slot as long as it
// exists, so that a listing can let go of the lock between two chunks.
type kind struct {
	docs  map[string]*entry
	slots []*entry
	free  []int
	due   dueHeap
}

type entry struct {
	doc  state.Doc
	slot int
	seq  int64 // row in the journal
	at   int64 // deadline in milliseconds; only when heap >= 0
	heap int   // place in the heap, -1 without a deadline
}

// get returns a document as it is committed.
func (t *table) get(key state.Key) state.Doc {
	if e := t.entry(key); e != nil {
		return e.doc
	}
	return state.Doc{Key: key}
}

func (t *table) entry(key state.Key) *entry {
	if k := t.kinds[key.Kind]; k != nil {
		return k.docs[key.ID]
	}
	return nil
}

func (t *table) version(key state.Key) uint64 {
	if e := t.entry(key); e != nil {
		return e.doc.Version
	}
	return 0
}

// apply compares and writes at once: all that is needed without a journal.
func (t *table) apply(writes []state.Write) (uint64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range writes {
		if t.version(writes[i].Key) != writes[i].Expect {
			return 0, conflict(writes, t.get)
		}
	}
	if !changes(writes) {
		return t.revision, nil
	}
	t.revision++
	for i := range writes {
		if !writes[i].CheckOnly {
			t.put(document(&writes[i], t.revision), 0)
		}
	}
	return t.revision, nil
}

// put stores or, with a nil value, removes a document, whose row in the journal is
// seq. The caller holds mu.
func (t *table) put(d state.Doc, seq int64) {
	k := t.kinds[d.Key.Kind]
	if k == nil {
		if d.Value == nil {
			return
		}
		k = &kind{docs: make(map[string]*entry)}
		t.kinds[d.Key.Kind] = k
	}
	e := k.docs[d.Key.ID]
	if d.Value == nil {
		if e != nil {
			k.remove(e)
		}
		return
	}
	if e == nil {
		e = k.add(d.Key.ID)
	}
	e.doc, e.seq = d, seq
	if d.Deadline.IsZero() {
		k.due.remove(e)
	} else {
		k.due.set(e, d.Deadline.UnixMilli())
	}
}

func (k *kind) add(id string) *entry {
	e := &entry{heap: -1}
	if n := len(k.free); n > 0 {
		e.slot, k.free = k.free[n-1], k.free[:n-1]
		k.slots[e.slot] = e
	} else {
		e.slot = len(k.slots)
		k.slots = append(k.slots, e)
	}
	k.docs[id] = e
	return e
}

func (k *kind) remove(e *entry) {
	k.due.remove(e)
	delete(k.docs, e.doc.Key.ID)
	k.slots[e.slot] = nil
	k.free = append(k.free, e.slot)
	if len(k.docs) == 0 {
		*k = kind{docs: make(map[string]*entry)} // give the room of a past peak back
	}
}

// chunk appends up to cap(room) documents from a slot on and returns the slot to
// go on with, -1 at the end.
func (t *table) chunk(kindName string, slot int, room []state.Doc) ([]state.Doc, int) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	k := t.kinds[kindName]
	if k == nil {
		return room, -1
	}
	for ; slot < len(k.slots); slot++ {
		if len(room) == cap(room) {
			return room, slot
		}
		if e := k.slots[slot]; e != nil {
			room = append(room, e.doc)
		}
	}
	return room, -1
}

// document is what a write leaves behind.
func document(w *state.Write, revision uint64) state.Doc {
	d := state.Doc{Key: w.Key, Version: revision, Value: w.Value}
	if w.Value == nil {
		d.Version = 0
	} else if !w.Deadline.IsZero() {
		d.Deadline = time.UnixMilli(w.Deadline.UnixMilli())
	}
	return d
}

// changes says whether a transaction does more than compare.
func changes(writes []state.Write) bool {
	for i := range writes {
		if !writes[i].CheckOnly {
			return true
		}
	}
	return false
}

func conflict(writes []state.Write, get func(state.Key) state.Doc) error {
	c := &state.Conflict{Docs: make([]state.Doc, len(writes))}
	for i := range writes {
		c.Docs[i] = get(writes[i].Key)
	}
	return c
}

// tables finds the table of a game without a lock: games are few and stay.
type tables struct {
	mu  sync.Mutex
	all atomic.Pointer[map[string]*table]
}

func (ts *tables) init() { ts.all.Store(&map[string]*table{}) }

// find returns nil for a game that nothing was written to.
func (ts *tables) find(game string) *table { return (*ts.all.Load())[game] }

func (ts *tables) open(game string) *table {
	if t := ts.find(game); t != nil {
		return t
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if t := ts.find(game); t != nil {
		return t
	}
	t := &table{game: game, kinds: make(map[string]*kind)}
	all := maps.Clone(*ts.all.Load())
	all[game] = t
	ts.all.Store(&all)
	return t
}
