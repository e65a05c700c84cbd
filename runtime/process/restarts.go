package process

import (
	"math/rand/v2"
	"slices"
	"time"
)

const (
	// free is how many deaths within the crash window are answered at once.
	free = 2
	// mostBlamed is how many there may be that a call is to blame for.
	mostBlamed = 20
)

// restarts decides when a plugin that died is started again. The budget is for deaths
// that no call is to blame for: whoever makes such calls bounds them by their names.
type restarts struct {
	timing Timing
	deaths []time.Time // the latest, at most Budget
	blames []time.Time // those that one call is to blame for, the latest mostBlamed
	level  int         // how often the wait was doubled; 0: it does not wait
}

// died takes note of a death after the plugin had been up for so long, and says
// how long to wait; false: it is not to be started again.
func (r *restarts) died(now time.Time, up time.Duration) (time.Duration, bool) {
	r.heal(up)
	r.deaths = append(r.deaths, now)
	if len(r.deaths) > r.timing.Budget {
		r.deaths = r.deaths[1:]
	}
	if len(r.deaths) == r.timing.Budget && now.Sub(r.deaths[0]) < r.timing.BudgetSpan {
		return 0, false
	}
	if r.level == 0 && r.within(now) <= free {
		return 0, true
	}
	return r.wait(), true
}

// blamed takes note of a death that one call is to blame for, and says how long to
// wait: not at all, unless there are very many.
func (r *restarts) blamed(now time.Time, up time.Duration) time.Duration {
	r.heal(up)
	r.blames = append(r.blames, now)
	if len(r.blames) <= mostBlamed {
		return 0
	}
	first := r.blames[0]
	r.blames = r.blames[1:]
	if now.Sub(first) >= r.timing.CrashWindow {
		return 0
	}
	return r.wait()
}

// forgive takes back a death: by now it is known which call is to blame.
func (r *restarts) forgive(at time.Time) {
	r.deaths = slices.DeleteFunc(r.deaths, at.Equal)
}

// heal forgets earlier waits after a plugin was up for long enough.
func (r *restarts) heal(up time.Duration) {
	if up >= r.timing.Healthy {
		r.level = 0
	}
}

// wait is the next one.
func (r *restarts) wait() time.Duration {
	wait := r.timing.MostWait
	if r.level < 32 && r.timing.FirstWait<<r.level < wait {
		wait = r.timing.FirstWait << r.level
	}
	r.level++
	// Up to a fifth less, so that plugins which died together do not stay together.
	return wait - rand.N(wait/5+1)
}

func (r *restarts) within(now time.Time) int {
	n := 0
	for _, at := range r.deaths {
		if now.Sub(at) < r.timing.CrashWindow {
			n++
		}
	}
	return n
}
