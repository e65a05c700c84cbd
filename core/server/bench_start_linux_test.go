package server_test

import (
	"testing"
	"time"
)

// BenchmarkStartToldCalm is start → every member told with 16 lobbies present and
// one start under way at a time: the path's own length, without a queue before it.
func BenchmarkStartToldCalm(b *testing.B) {
	s := measured(b, "")
	crews := s.crews(b, 16, 4)
	var times []time.Duration
	turn := 0
	s.each(b, 1, func(int) error {
		crew := crews[turn%len(crews)]
		turn++
		if err := crew.gather(b.Context()); err != nil {
			return err
		}
		took, err := crew.start(b.Context())
		times = append(times, took)
		return err
	})
	reportTimes(b, times)
}
