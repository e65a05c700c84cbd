package gameserver

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

const (
	firstBackoff = 250 * time.Millisecond
	maxBackoff   = 4 * time.Second
	jitter       = 0.2
)

// backoff is the wait before the next try: it doubles from 250 ms to 4 s, ±20 %.
type backoff struct{ tries int }

func (b *backoff) next() time.Duration {
	d := min(firstBackoff<<min(b.tries, 8), maxBackoff)
	b.tries++
	return time.Duration(float64(d) * (1 - jitter + 2*jitter*rand.Float64()))
}

// sleep waits, or returns ctx's error.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// retryable reports whether the sidecar may take the same call later.
func retryable(err error) bool {
	var answer *SidecarError
	if errors.As(err, &answer) {
		return transient(answer.Status)
	}
	return errors.Is(err, ErrUnavailable)
}
