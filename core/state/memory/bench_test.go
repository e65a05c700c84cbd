//go:build unix

package memory

import (
	"context"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/state"
)

// cpu is the time that this process has used.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func journals(b *testing.B, f func(b *testing.B, path string)) {
	b.Run("journal=off", func(b *testing.B) { f(b, "") })
	b.Run("journal=on", func(b *testing.B) { f(b, journalPath(b)) })
}

// BenchmarkApply changes documents of 700 bytes, one for each of many callers.
func BenchmarkApply(b *testing.B) {
	value := state.Raw(make([]byte, 700))
	journals(b, func(b *testing.B, path string) {
		for _, callers := range []int{1, 16, 128} {
			b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
				p := path
				if p != "" {
					p = journalPath(b)
				}
				s, err := Open(context.Background(), Options{Path: p})
				if err != nil {
					b.Fatal(err)
				}
				defer s.Close()
				var id atomic.Int64
				b.ReportAllocs()
				start := cpu(b)
				b.ResetTimer()
				spread(b, callers, func(next func() bool) {
					writes := []state.Write{{Key: lobby(fmt.Sprint(id.Add(1))), Value: value}}
					for next() {
						rev, err := s.Apply(context.Background(), state.Tx{Game: "arena", Writes: writes})
						if err != nil {
							b.Error(err)
							return
						}
						writes[0].Expect = rev
					}
				})
				b.ReportMetric(float64((cpu(b)-start).Nanoseconds())/float64(b.N), "cpu-ns/op")
			})
		}
	})
}

// spread lets n goroutines share b.N turns.
func spread(b *testing.B, n int, f func(next func() bool)) {
	var turns atomic.Int64
	done := make(chan struct{})
	for range n {
		go func() {
			defer func() { done <- struct{}{} }()
			f(func() bool { return turns.Add(1) <= int64(b.N) })
		}()
	}
	for range n {
		<-done
	}
}

// BenchmarkMatch is what a lobby of four does in its life, in documents: create,
// three joins, four readies, start, match, end. One operation is one match: 12
// transactions, 27 documents written or deleted.
func BenchmarkMatch(b *testing.B) {
	body := make([]byte, 2000)
	journals(b, func(b *testing.B, path string) {
		s := openAt(b, path)
		var id atomic.Int64
		start := cpu(b)
		b.ResetTimer()
		spread(b, 64, func(next func() bool) {
			for next() {
				m := matchLife{s: s, id: fmt.Sprintf("%016x", uint64(id.Add(1))*0x9E3779B97F4A7C15), versions: make(map[state.Key]uint64)}
				if err := m.run(body); err != nil {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64((cpu(b)-start).Microseconds())/float64(b.N), "cpu-us/match")
	})
}

type matchLife struct {
	s        *Store
	id       string
	versions map[state.Key]uint64
}

// put writes bodies of the given sizes, 0 deletes.
func (m *matchLife) put(body []byte, sizes map[string]int) error {
	tx := state.Tx{Game: "arena"}
	for kind, size := range sizes {
		k := state.Key{Kind: kind, ID: m.id}
		w := state.Write{Key: k, Expect: m.versions[k]}
		if size > 0 {
			w.Value = state.Raw(body[:size])
		}
		tx.Writes = append(tx.Writes, w)
	}
	rev, err := m.s.Apply(context.Background(), tx)
	for i := range tx.Writes {
		m.versions[tx.Writes[i].Key] = rev
	}
	return err
}

func (m *matchLife) run(body []byte) error {
	steps := []map[string]int{{"lobby": 400, "code": 40, "seat1": 60}}
	for i := range 3 {
		steps = append(steps, map[string]int{"lobby": 550 + 150*i, fmt.Sprint("seat", i+2): 60})
	}
	for range 4 {
		steps = append(steps, map[string]int{"lobby": 850})
	}
	steps = append(steps, map[string]int{"lobby": 1000}, map[string]int{"lobby": 1100, "match": 1000},
		map[string]int{"lobby": 1100, "match": 1100},
		map[string]int{"lobby": 0, "code": 0, "match": 0, "seat1": 0, "seat2": 0, "seat3": 0, "seat4": 0})
	for _, sizes := range steps {
		if err := m.put(body, sizes); err != nil {
			return err
		}
	}
	return nil
}

func BenchmarkGet(b *testing.B) {
	s := openAt(b, "")
	for i := range 10_000 {
		mustApply(b, s, write(fmt.Sprint(i), 0, "x"))
	}
	k := lobby("4711")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if docs, err := s.Get(context.Background(), "arena", k); err != nil || docs[0].Version == 0 {
				b.Error(docs, err)
				return
			}
		}
	})
}

// BenchmarkDue asks for 100 due documents among 10,000, and moves one.
func BenchmarkDue(b *testing.B) {
	s := openAt(b, "")
	var rev uint64
	for i := range 10_000 {
		w := write(fmt.Sprint(i), 0, "x")
		w.Deadline = time.UnixMilli(int64(i))
		rev = mustApply(b, s, w)
	}
	now := time.UnixMilli(99)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if docs, err := s.Due(context.Background(), "arena", "lobby", now, 100); err != nil || len(docs) != 100 {
			b.Fatal(len(docs), err)
		}
		w := write("9999", rev, "x")
		w.Deadline = time.UnixMilli(int64(5000 + i%5000))
		rev = mustApply(b, s, w)
	}
}
