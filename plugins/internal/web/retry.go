package web

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// retryAfter returns how long a 429 asks to wait, false if that is too long or not
// said. Some providers send parts of a second.
func retryAfter(h http.Header, now time.Time) (time.Duration, bool) {
	text := h.Get("Retry-After")
	wait := time.Duration(-1)
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 && seconds <= maxWait.Seconds() {
		wait = time.Duration(seconds * float64(time.Second))
	} else if at, err := http.ParseTime(text); err == nil {
		wait = max(0, at.Sub(now))
	}
	return wait, wait >= 0 && wait <= maxWait
}

// pause waits, and reports whether ctx lives on.
func pause(ctx context.Context, wait time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
