package memory

import "github.com/muster-gg/muster/core/state"

// dueHeap is a binary heap of the documents with a deadline, earliest first.
// Entries know their place, so that moving a deadline leaves nothing behind.
type dueHeap []*entry

// set puts e in or moves it.
func (h *dueHeap) set(e *entry, at int64) {
	e.at = at
	if e.heap < 0 {
		e.heap = len(*h)
		*h = append(*h, e)
	}
	h.fix(e.heap)
}

// remove takes e out, if it is in.
func (h *dueHeap) remove(e *entry) {
	if e.heap < 0 {
		return
	}
	at, last := e.heap, len(*h)-1
	h.swap(at, last)
	(*h)[last] = nil
	*h = (*h)[:last]
	e.heap = -1
	if at < last {
		h.fix(at)
	}
}

func (h dueHeap) swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].heap, h[j].heap = i, j
}

func (h dueHeap) fix(i int) {
	for i > 0 && h[i].at < h[(i-1)/2].at {
		h.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
	for {
		least := i
		for _, c := range [2]int{2*i + 1, 2*i + 2} {
			if c < len(h) && h[c].at < h[least].at {
				least = c
			}
		}
		if least == i {
			return
		}
		h.swap(i, least)
		i = least
	}
}

// until returns up to limit documents that are due at now, earliest first, and
// leaves the heap as it is. Only children of what was taken can be next, so the
// cost grows with the answer and not with the heap.
func (h dueHeap) until(now int64, limit int) []state.Doc {
	if len(h) == 0 || h[0].at > now {
		return nil
	}
	docs := make([]state.Doc, 0, min(limit, len(h), 64))
	next := frontier{h: h, at: []int{0}}
	for len(docs) < limit && len(next.at) > 0 {
		i := next.pop()
		docs = append(docs, h[i].doc)
		for _, c := range [2]int{2*i + 1, 2*i + 2} {
			if c < len(h) && h[c].at <= now {
				next.push(c)
			}
		}
	}
	return docs
}

// frontier is a small heap of places in a dueHeap.
type frontier struct {
	h  dueHeap
	at []int
}

func (f *frontier) less(i, j int) bool { return f.h[f.at[i]].at < f.h[f.at[j]].at }

func (f *frontier) push(place int) {
	f.at = append(f.at, place)
	for i := len(f.at) - 1; i > 0 && f.less(i, (i-1)/2); i = (i - 1) / 2 {
		f.at[i], f.at[(i-1)/2] = f.at[(i-1)/2], f.at[i]
	}
}

func (f *frontier) pop() int {
	top, last := f.at[0], len(f.at)-1
	f.at[0] = f.at[last]
	f.at = f.at[:last]
	for i := 0; ; {
		least := i
		for _, c := range [2]int{2*i + 1, 2*i + 2} {
			if c < last && f.less(c, least) {
				least = c
			}
		}
		if least == i {
			return top
		}
		f.at[i], f.at[least] = f.at[least], f.at[i]
		i = least
	}
}
