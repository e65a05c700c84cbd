package identity

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
)

// callers is how many players come side by side in the benchmarks.
const callers = 64

// parallel runs f from exactly callers goroutines, b.N times in all.
func parallel(b *testing.B, f func(n int64) error) {
	b.ReportAllocs()
	b.ResetTimer()
	var n atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
				if err := f(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

func benchSignIn(x *bench, n int64) error {
	_, err := x.SignIn(x.Context(), AnonymousName, map[string]any{"username": "Ann", "deviceId": fmt.Sprintf("device-%016d", n)}, "192.0.2.1")
	return err
}

// BenchmarkSignInNew is whole sign-ins that make an account, durable, tokens signed.
func BenchmarkSignInNew(b *testing.B) {
	x := newBench(b, openStore(b))
	parallel(b, func(n int64) error { return benchSignIn(x, n) })
}

// BenchmarkSignInKnown is whole sign-ins of 10,000 known accounts.
func BenchmarkSignInKnown(b *testing.B) {
	x := newBench(b, openStore(b))
	const known = 10_000
	var n atomic.Int64
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for i := n.Add(1); i <= known; i = n.Add(1) {
				if err := benchSignIn(x, i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	parallel(b, func(n int64) error { return benchSignIn(x, n%known+1) })
}

// BenchmarkVerify is one remembered sign-in's token checked again.
func BenchmarkVerify(b *testing.B) {
	x := newBench(b, openStore(b))
	s := x.in("Ann", "")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := x.Verify(b.Context(), s.AccessToken); err != nil {
			b.Fatal(err)
		}
	}
}
