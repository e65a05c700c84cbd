package replay

import (
	"context"
	"errors"

	"github.com/muster-gg/muster/runtime/script"
)

var (
	errNotRecorded = errors.New("this was not recorded")
	// errNever is never seen: nothing of work that did not end comes to the script.
	errNever = errors.New("this did not end")
)

// answer finds what was asked on the tape: the same question, which was not answered
// yet. A write with another content is answered as well, since the answer does not
// depend on it.
func (w *world) answer(ctx context.Context, asked script.Asked) (*script.Asked, error) {
	d := script.WorkFrom(ctx)
	found := w.find(d, func(a *script.Asked) bool { return same(a, &asked) })
	if found == nil {
		if known := w.unfinished(d); known != nil {
			w.links[d] = known
			return nil, errNever
		}
		near := w.find(d, func(a *script.Asked) bool { return writes(a) && similar(a, &asked) })
		w.unmet(d, &asked, near)
		if near == nil {
			return nil, errNotRecorded
		}
		found = near
	}
	if found.Error != nil {
		return nil, found.Error.Err()
	}
	return found, nil
}

// find takes the first question of the tape that fits.
func (w *world) find(d *script.Work, fits func(*script.Asked) bool) *script.Asked {
	for _, one := range w.works {
		for i := range one.Asked {
			if !one.used[i] && fits(&one.Asked[i]) {
				one.used[i] = true
				if w.links[d] == nil {
					w.links[d] = one
					d.GaveUp = one.GaveUp
				}
				return &one.Asked[i]
			}
		}
	}
	return nil
}

// unfinished is the work that d repeats if that ended before it had asked.
func (w *world) unfinished(d *script.Work) *work {
	if one := w.links[d]; one != nil {
		if one.Unfinished {
			return one
		}
		return nil
	}
	for _, one := range w.works {
		if one.ID == d.ID && one.Unfinished && len(one.Asked) == 0 {
			return one
		}
	}
	return nil
}

// unmet says that something was not recorded, and what comes next to it.
func (w *world) unmet(d *script.Work, asked, near *script.Asked) {
	at := ""
	if d != nil && d.At != "" {
		at = " at " + d.At
	}
	if near == nil {
		for _, one := range w.works {
			for i := range one.Asked {
				if near == nil && !one.used[i] && similar(&one.Asked[i], asked) {
					near = &one.Asked[i]
				}
			}
		}
	}
	if near == nil {
		w.differs("the script now asks for something that was not recorded: %s%s", show(asked), at)
		return
	}
	w.differs("the script now asks differently for %s%s", show(asked), at)
	for _, line := range fields("", question(near), question(asked)) {
		w.differs("  %s", line)
	}
}

// left says which writes of the tape the script does not make any more.
func (w *world) left() {
	for _, one := range w.works {
		for i := range one.Asked {
			if a := &one.Asked[i]; !one.used[i] && writes(a) && !one.Unfinished {
				w.differs("the script does not do any more: %s (it was at %s)", show(a), clip(one.At))
			}
		}
	}
}
