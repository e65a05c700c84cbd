package allocation_test

import (
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation"
)

// BenchmarkChain is the chain's own share of an allocation.
func BenchmarkChain(b *testing.B) {
	c, err := allocation.NewChain(allocation.Options{Entries: []allocation.Entry{
		{Name: "a", Provider: gives(allocation.Server{}, allocation.None(allocation.ErrFull)), Limits: allocation.Limits{Timeout: time.Minute}},
		{Name: "b", Provider: gives(good, nil), Limits: allocation.Limits{Timeout: time.Minute}},
	}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Allocate(b.Context(), request); err != nil {
			b.Fatal(err)
		}
	}
}
