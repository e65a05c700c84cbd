package script

import (
	"context"
	"fmt"
	"time"
)

// tape takes down what comes to a script from outside during one call. It belongs to
// the machine's goroutine; a Work belongs to whoever does it until it is delivered.
type tape struct {
	steps []Step
	log   []LogLine
	begun []*Work // and not delivered
	last  int     // the id of the newest work
	size  int     // about how many bytes it has
	count int     // steps, and what they hold
	// full says why nothing is taken down any more.
	full string
}

// stepSize is about what a step takes beside the texts in it.
const stepSize = 48

// fits counts what is to be taken down. Once there is too much, all of it is dropped.
func (t *tape) fits(count, size int) bool {
	if t.full != "" {
		return false
	}
	t.count += count
	t.size += count*stepSize + size
	switch {
	case t.count > MaxSteps:
		t.full = fmt.Sprintf("the call did over %d things", MaxSteps)
	case t.size > MaxRecording:
		t.full = tooLarge()
	default:
		return true
	}
	t.steps, t.log = nil, nil
	return false
}

// now takes down a time.
func (t *tape) now(at time.Time) {
	ms := at.UnixMilli()
	if n := len(t.steps); n > 0 && t.steps[n-1].Now != nil && t.steps[n-1].Now.Ms == ms {
		t.steps[n-1].Now.Times++
		return
	}
	if t.fits(1, 0) {
		t.steps = append(t.steps, Step{Now: &Moment{Ms: ms, Times: 1}})
	}
}

// random takes down a random number.
func (t *tape) random(n float64) {
	if t.fits(1, 0) {
		t.steps = append(t.steps, Step{Random: &n})
	}
}

// timer takes down that a timer went off.
func (t *tape) timer(id int64) {
	if t.fits(1, 0) {
		t.steps = append(t.steps, Step{Timer: id})
	}
}

// begin notes that work begins.
func (t *tape) begin(at string) *Work {
	t.last++
	w := &Work{ID: t.last, At: at}
	t.begun = append(t.begun, w)
	return w
}

// deliver takes down work whose result the script is about to get.
func (t *tape) deliver(w *Work) {
	for i, b := range t.begun {
		if b == w {
			t.begun = append(t.begun[:i], t.begun[i+1:]...)
			break
		}
	}
	t.add(w)
}

func (t *tape) add(w *Work) {
	size := 0
	for i := range w.Asked {
		size += w.Asked[i].size()
	}
	if t.fits(1+len(w.Asked), size) {
		t.steps = append(t.steps, Step{Work: w})
	}
}

// end takes down the work whose results never came. It has ended, too.
func (t *tape) end() {
	for _, w := range t.begun {
		w.Unfinished = true
		t.add(w)
	}
	t.begun = nil
}

// line takes down what the script logs.
func (t *tape) line(l LogLine) {
	if t.fits(1, len(l.Text)+len(l.Fields)+len(l.At)) {
		t.log = append(t.log, l)
	}
}

// size is about how many bytes the texts have.
func (a *Asked) size() int {
	n := 0
	if f := a.Fetch; f != nil {
		n += len(f.URL) + headersSize(f.Headers) + f.Body.size()
	}
	if r := a.Response; r != nil {
		n += headersSize(r.Headers) + r.Body.size()
	}
	if s := a.Storage; s != nil {
		n += len(s.Value) + len(s.Prefix) + len(s.After)
		for _, key := range s.Keys {
			n += stepSize + len(key)
		}
	}
	for i := range a.Entries {
		n += stepSize + len(a.Entries[i].Key) + len(a.Entries[i].Value)
	}
	if a.Notify != nil {
		n += len(a.Notify.Payload)
	}
	if a.Error != nil {
		n += len(a.Error.Text)
	}
	return n
}

func headersSize(headers map[string]string) int {
	n := 0
	for name, value := range headers {
		n += stepSize + len(name) + len(value)
	}
	return n
}

type workKey struct{}

func withWork(ctx context.Context, w *Work) context.Context {
	return context.WithValue(ctx, workKey{}, w)
}

// WorkFrom returns the work for which a Host or Fetcher is asked; nil where calls are
// neither recorded nor replayed.
func WorkFrom(ctx context.Context) *Work {
	w, _ := ctx.Value(workKey{}).(*Work)
	return w
}
