//go:build linux

package local

import (
	"strconv"
	"testing"
)

// BenchmarkStart is the way from Allocate to a ready process and to its end.
func BenchmarkStart(b *testing.B) {
	f, _ := startFleet(b, options(b, "serve"))
	i := 0
	for b.Loop() {
		id := "m-" + strconv.Itoa(i)
		i++
		if _, err := f.Allocate(b.Context(), request(id)); err != nil {
			b.Fatal(err)
		}
		s := f.find("arena", id)
		_ = f.Release(b.Context(), "arena", id)
		<-s.gone
	}
}
