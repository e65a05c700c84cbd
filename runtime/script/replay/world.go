package replay

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/muster-gg/muster/runtime/script"
)

// world is all that a script sees of what is outside of it: what is on the tape. Only
// the goroutine that runs the script uses it, since a replay does all work at once.
type world struct {
	recorded *script.Recording
	moments  []script.Moment
	last     time.Time
	late     int // times that the script asked for and that were not recorded
	randoms  []float64
	drawn    int // random numbers that were on the tape
	more     *rand.Rand
	// works are those of the tape, in the order in which they began; order is the tape's.
	works []*work
	order []next
	links map[*script.Work]*work

	different []string // what the script asks for differently
}

// work is one of the tape.
type work struct {
	*script.Work
	used []bool // by what was asked
}

// next is a step of the tape that decides what comes to the script.
type next struct {
	work  *work
	timer int64
	gone  bool
}

func newWorld(r *script.Recording) *world {
	w := &world{recorded: r, last: r.RecordedAt, more: rand.New(rand.NewPCG(1, 1)), links: map[*script.Work]*work{}}
	for _, s := range r.Tape {
		switch {
		case s.Now != nil:
			w.moments = append(w.moments, *s.Now)
		case s.Random != nil:
			w.randoms = append(w.randoms, *s.Random)
		case s.Work != nil:
			one := &work{s.Work, make([]bool, len(s.Work.Asked))}
			w.works = append(w.works, one)
			w.order = append(w.order, next{work: one})
		default:
			w.order = append(w.order, next{timer: s.Timer})
		}
	}
	w.drawn = len(w.randoms)
	slices.SortFunc(w.works, func(a, b *work) int { return cmp.Compare(a.ID, b.ID) })
	return w
}

// clock is the next time of the tape, and the last one from then on.
func (w *world) clock() time.Time {
	if len(w.moments) == 0 {
		w.late++
		return w.last
	}
	m := &w.moments[0]
	w.last = time.UnixMilli(m.Ms)
	if m.Times--; m.Times <= 0 {
		w.moments = w.moments[1:]
	}
	return w.last
}

// rand is the next random number of the tape.
func (w *world) rand() float64 {
	if len(w.randoms) > 0 {
		n := w.randoms[0]
		w.randoms = w.randoms[1:]
		return n
	}
	if w.drawn >= 0 {
		w.differs("the script now asks for more random numbers than the %d that were recorded", w.drawn)
		w.drawn = -1
	}
	return w.more.Float64()
}

// maxDifferent bounds what is said of questions.
const maxDifferent = 20

func (w *world) differs(format string, args ...any) {
	if len(w.different) < maxDifferent {
		w.different = append(w.different, fmt.Sprintf(format, args...))
	}
}

// next is script.Simulation.Next: in the order of the tape, as far as there is one.
func (w *world) next(done []*script.Work, timers []int64) (*script.Work, int64) {
	for i := range w.order {
		n := &w.order[i]
		if n.gone {
			continue
		}
		if n.work == nil {
			if slices.Contains(timers, n.timer) {
				n.gone = true
				return nil, n.timer
			}
			continue
		}
		if at := slices.IndexFunc(done, func(d *script.Work) bool { return w.link(d) == n.work }); at >= 0 && !n.work.Unfinished {
			n.gone = true
			return done[at], 0
		}
	}
	for _, d := range done {
		if known := w.link(d); known == nil || !known.Unfinished {
			return d, 0
		}
	}
	if f := w.recorded.Failed; len(timers) > 0 && (f == nil || f.Kind != script.FailedTimeout) {
		return nil, timers[0]
	}
	return nil, 0 // in the recording, too, nothing came any more
}

// link is the work of the tape that d repeats, nil if there is none.
func (w *world) link(d *script.Work) *work {
	if w.links[d] == nil {
		// What asks for nothing is told by its number.
		for _, one := range w.works {
			if one.ID == d.ID && len(one.Asked) == 0 {
				w.links[d] = one
			}
		}
	}
	return w.links[d]
}
