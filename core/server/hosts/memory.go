package hosts

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-gg/muster/runtime/memory"
)

// Memory is how much memory a process may use, and does, in bytes.
type Memory struct {
	// Limit is what it may use beyond what it does when it is idle.
	Limit int64 `json:"limit"`
	// Kept says who keeps the limit; empty: nobody.
	Kept string `json:"kept"`
	// Used is what it used when it was looked at last, Most what it may; 0 where
	// nobody looks.
	Used int64 `json:"used"`
	Most int64 `json:"most"`
	// Ended is how often it was ended for that since its last reload.
	Ended int `json:"ended"`
}

// String says for people what the limit is and who keeps it.
func (m Memory) String() string {
	kept := "kept by " + m.Kept
	if m.Kept == "" {
		kept = "not kept on this system"
	}
	return fmt.Sprintf("memory_limit %d MiB, %s", m.Limit>>20, kept)
}

// memoryNow is how the memory of the slot's process is. Hosts.mu is held.
func (s *slot) memoryNow() Memory {
	m := s.current.process.Memory()
	if m.Limit == 0 { // a worker bounds itself, and is watched by its host
		return Memory{Limit: int64(s.memory), Kept: memory.Kept}
	}
	return Memory{Limit: m.Limit, Kept: m.Kept, Used: m.Used, Most: m.Most, Ended: m.Ended}
}

// collectMemory shows how the memory of a plugin is.
func (h *Hosts) collectMemory(reg prometheus.Registerer, s *slot, labels prometheus.Labels) error {
	gauge := func(name, help string, value func(Memory) float64) error {
		return reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels},
			func() float64 { return value(h.now(s).Memory) }))
	}
	return errors.Join(
		gauge("muster_plugin_memory_bytes", "Memory that a plugin uses, its program not counted.", func(m Memory) float64 { return float64(m.Used) }),
		gauge("muster_plugin_memory_limit_bytes", "Memory at which a plugin is ended: what it used when it was idle, and memory_limit.", func(m Memory) float64 { return float64(m.Most) }),
		gauge("muster_plugin_memory_ended", "How often a plugin was ended for its memory since its last reload.", func(m Memory) float64 { return float64(m.Ended) }),
	)
}
