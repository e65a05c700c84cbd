package lifecycle_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/lifecycle"
)

func TestEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, times := time.Now(), 0
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		lifecycle.Every(ctx, time.Second, func(context.Context) { times++ })
		if took := time.Since(begun); times != 3 || took != 3500*time.Millisecond {
			t.Errorf("%d times in %s", times, took)
		}
	})
}

// TestEnd: work comes to its end, or is made to, and is waited for either way.
func TestEnd(t *testing.T) {
	for name, grace := range map[string]time.Duration{"enough time": time.Minute, "too little": time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				enough := grace == time.Minute
				life, cancel := context.WithCancel(t.Context())
				var work sync.WaitGroup
				ended := false
				work.Go(func() {
					select {
					case <-time.After(10 * time.Second):
					case <-life.Done():
					}
					ended = true
				})
				ctx, stop := context.WithTimeout(t.Context(), grace)
				defer stop()
				err := lifecycle.End(ctx, work.Wait, cancel)
				if !ended || enough != (err == nil) || !enough && !errors.Is(err, context.DeadlineExceeded) || life.Err() == nil {
					t.Errorf("ended %t, %v; life %v", ended, err, life.Err())
				}
			})
		})
	}
}
