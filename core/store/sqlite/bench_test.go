package sqlite

import (
	"fmt"
	"sync/atomic"
	"testing"
)

// callers is how many players sign in side by side in the benchmarks.
const callers = 64

// parallel runs f from exactly callers goroutines, b.N times in all.
func parallel(b *testing.B, f func(n int64) error) {
	b.ReportAllocs()
	var n atomic.Int64
	var failed atomic.Value
	done := make(chan struct{}, callers)
	b.ResetTimer()
	for range callers {
		go func() {
			defer func() { done <- struct{}{} }()
			for {
				i := n.Add(1)
				if i > int64(b.N) {
					return
				}
				if err := f(i); err != nil {
					failed.Store(err)
					return
				}
			}
		}()
	}
	for range callers {
		<-done
	}
	if err := failed.Load(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

// BenchmarkNewAccounts is durable new accounts at 64 callers.
func BenchmarkNewAccounts(b *testing.B) {
	s := openNew(b)
	parallel(b, func(n int64) error {
		_, _, err := signInKey(b.Context(), s, fmt.Sprint(n))
		return err
	})
}

// BenchmarkKnownSignIns is durable sign-ins of 10,000 known accounts at 64 callers.
func BenchmarkKnownSignIns(b *testing.B) {
	s := openNew(b)
	const known = 10_000
	var made atomic.Int64
	done := make(chan error, callers)
	for range callers {
		go func() {
			for n := made.Add(1); n <= known; n = made.Add(1) {
				if _, _, err := signInAs(b.Context(), s, fmt.Sprint(n), fmt.Sprint("first", n)); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range callers {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	parallel(b, func(n int64) error {
		_, created, err := signInAs(b.Context(), s, fmt.Sprint(n%known+1), fmt.Sprint(n))
		if created {
			b.Error("not known")
		}
		return err
	})
}

// BenchmarkAccount is reading an account with its identity at 64 callers.
func BenchmarkAccount(b *testing.B) {
	s := openNew(b)
	if _, _, err := signInKey(b.Context(), s, "1"); err != nil {
		b.Fatal(err)
	}
	parallel(b, func(int64) error {
		_, err := s.Account(b.Context(), "g", "a1")
		return err
	})
}
