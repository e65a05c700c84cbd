//go:build linux

package worker_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/runtime/worker"
)

// BenchmarkCall is one call there and back.
func BenchmarkCall(b *testing.B) {
	w := start(b, hostile)
	idle := resident(b, w.Status().PID)
	for b.Loop() {
		if _, err := ask(b.Context(), w, "echo", "hello"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(idle, "MiB-idle")
}

// BenchmarkStart is from nothing to the first answer.
func BenchmarkStart(b *testing.B) {
	entry := write(b, hostile)
	for b.Loop() {
		w, err := worker.Start(b.Context(), worker.Options{Game: "arena", Entry: entry, Timeout: time.Second})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := ask(b.Context(), w, "echo", "hello"); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := w.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// resident is how much memory a process uses, in MiB.
func resident(t testing.TB, pid int) float64 {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return float64(pages*os.Getpagesize()) / (1 << 20)
}
