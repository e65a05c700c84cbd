package memory

import "github.com/muster-gg/muster/core/state"

// batch is what the transactions of one batch want to change in one table: of
// each document only the newest value. The committer alone uses it.
type batch struct {
	changes  []change
	index    map[state.Key]int
	revision uint64 // the highest given away in this batch; 0: none
	reserved uint64 // the revision that the journal holds
	wanted   uint64 // the revision that the journal is about to hold
}

type change struct {
	doc  state.Doc // no value: deleted
	body []byte    // the encoded value
	seq  int64     // its row in the journal, once rows has said which
}

func (b *batch) empty() bool { return b.revision == 0 }

func (b *batch) get(t *table, key state.Key) state.Doc {
	if i, ok := b.index[key]; ok {
		return b.changes[i].doc
	}
	return t.get(key)
}

func (b *batch) version(t *table, key state.Key) uint64 {
	if len(b.changes) > 0 {
		if i, ok := b.index[key]; ok {
			return b.changes[i].doc.Version
		}
	}
	return t.version(key)
}

func (b *batch) put(d state.Doc, body []byte) {
	if b.index == nil {
		b.index = make(map[state.Key]int)
	}
	if i, ok := b.index[d.Key]; ok {
		b.changes[i] = change{doc: d, body: body}
		return
	}
	b.index[d.Key] = len(b.changes)
	b.changes = append(b.changes, change{doc: d, body: body})
}

// rows appends what the journal must write. New documents get the rows from next
// on, so that those of one time lie together in the file.
func (b *batch) rows(t *table, rows []row, next *int64) []row {
	for i := range b.changes {
		c := &b.changes[i]
		e := t.entry(c.doc.Key)
		switch {
		case e != nil:
			c.seq = e.seq
		case c.doc.Value == nil:
			continue // made and deleted within the batch
		default:
			c.seq = *next
			*next++
		}
		rows = append(rows, row{seq: c.seq, fresh: e == nil, game: t.game, doc: c.doc, body: c.body})
	}
	return rows
}

// reserve says when the journal's revision has to move on.
func (b *batch) reserve(t *table) (mark, bool) {
	if b.revision+revisionsAhead/2 < b.reserved {
		return mark{}, false
	}
	b.wanted = b.revision + revisionsAhead
	return mark{t.game, b.wanted}, true
}

// end makes the batch visible or drops it.
func (b *batch) end(t *table, committed bool) {
	if committed {
		t.mu.Lock()
		for i := range b.changes {
			t.put(b.changes[i].doc, b.changes[i].seq)
		}
		t.revision = max(t.revision, b.revision)
		t.mu.Unlock()
		b.reserved = max(b.reserved, b.wanted)
	}
	clear(b.index)
	clear(b.changes)
	b.changes = b.changes[:0]
	b.revision, b.wanted = 0, 0
}
