package process

import (
	"math/rand/v2"
	"time"
)

// free is how many deaths within the crash window are answered at once.
const free = 2

// restarts decides when a plugin that died is started again.
type restarts struct {
	timing Timing
	deaths []time.Time // the latest, at most Budget
	level  int         // how often the wait was doubled; 0: it does not wait
}

// died takes note of a death after the plugin had been up for so long, and says
// how long to wait; false: it is not to be started again.
func (r *restarts) died(now time.Time, up time.Duration) (time.Duration, bool) {
	if up >= r.timing.Healthy {
		r.level = 0
	}
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
	wait := r.timing.MostWait
	if r.level < 32 && r.timing.FirstWait<<r.level < wait {
		wait = r.timing.FirstWait << r.level
	}
	r.level++
	// Up to a fifth less, so that plugins which died together do not stay together.
	return wait - rand.N(wait/5+1), true
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
