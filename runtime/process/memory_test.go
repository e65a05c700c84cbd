//go:build linux

package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/runtime/memory"
)

// allowance is the memory limit of the plugins of these tests.
const allowance = 96 << 20

// limited are the options of a plugin with a memory limit that may die often.
func limited(t testing.TB, settings map[string]any) Options {
	t.Helper()
	o := options(t, "plugin", settings)
	o.Memory = allowance
	o.Timing = Timing{Budget: 1000, CrashWindow: time.Nanosecond, Start: time.Minute}
	return o
}

// TestMemoryLimit holds that a plugin that takes too much memory dies of it, and is
// started again, while another goes on.
func TestMemoryLimit(t *testing.T) {
	other := begin(t, limited(t, nil))
	before := other.Status().PID
	o := limited(t, nil)
	w := watch(&o)
	p := begin(t, o)
	if m := p.Memory(); m.Limit != allowance || m.Kept != memory.Kept || m.Used == 0 || m.Most != m.Used+allowance || m.Ended != 0 {
		t.Errorf("%+v", m)
	}
	for times, c := range []struct{ name, part string }{
		{"eat", "memory_limit is 96 MiB"}, // whoever is faster
		{"gulp", "for want of memory, its memory_limit is 96 MiB"},
		{"share", "more memory than when it was idle; memory_limit is 96 MiB"},
		{"eat", "memory_limit is 96 MiB"},
	} {
		_, err := ask(t.Context(), p, c.name, "")
		if err == nil {
			t.Fatalf("%s succeeded", c.name)
		}
		if c.name == "share" {
			wants(t, err, c.part)
		}
		s := w.restarted(t, times+1)
		if !strings.Contains(s.LastError, c.part) {
			t.Errorf("%s: %q", c.name, s.LastError)
		}
		if got, err := ask(t.Context(), p, "echo", "after it"); got != "after it" {
			t.Errorf("after %s: %v", c.name, err)
		}
		if m := p.Memory(); m.Ended != times+1 || m.Limit != allowance {
			t.Errorf("after %s: %+v", c.name, m)
		}
	}
	if got, err := ask(t.Context(), other, "echo", "alive"); got != "alive" || other.Status().PID != before || other.Memory().Ended != 0 {
		t.Errorf("the other plugin: %v, %+v", err, other.Status())
	}
}

// TestMemoryOfAWrapper holds that the bound is for a program, too, that a script runs
// for it.
func TestMemoryOfAWrapper(t *testing.T) {
	o := limited(t, nil)
	path := filepath.Join(t.TempDir(), "wrapper")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+o.Command[0]+"\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	o.Command = []string{path}
	w := watch(&o)
	p := begin(t, o)
	for times, name := range []string{"eat", "gulp"} {
		if _, err := ask(t.Context(), p, name, ""); err == nil {
			t.Fatalf("%s succeeded", name)
		}
		if s := w.restarted(t, times+1); !strings.Contains(s.LastError, "memory_limit is 96 MiB") {
			t.Errorf("%s: %q", name, s.LastError)
		}
	}
}

// eater is a program in Python that runs a plugin, and eats memory itself once there is
// a file.
const eater = `#!%s
import os, subprocess, time
child = subprocess.Popen([%q])
while not os.path.exists(%q):
    time.sleep(0.01)
kept = []
for _ in range(200):
    kept.append(bytearray(b"x") * (8 << 20))
    time.sleep(0.001)
`

// TestMemoryOfPython holds that the bound is not one of Go alone.
func TestMemoryOfPython(t *testing.T) {
	python, err := exec.Command("python3", "-c", "import sys; print(sys.executable)").Output()
	if err != nil {
		t.Skip("there is no python3 in PATH")
	}
	o := limited(t, nil)
	path, hungry := filepath.Join(t.TempDir(), "eater.py"), filepath.Join(t.TempDir(), "hungry")
	source := fmt.Sprintf(eater, strings.TrimSpace(string(python)), o.Command[0], hungry)
	if err := os.WriteFile(path, []byte(source), 0o755); err != nil {
		t.Fatal(err)
	}
	o.Command = []string{path}
	w := watch(&o)
	p := begin(t, o)
	if got, err := ask(t.Context(), p, "echo", "served"); got != "served" {
		t.Fatal(err)
	}
	if err := os.WriteFile(hungry, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := w.until(t, "down", func(s Status) bool { return s.State == Restarting })
	if !strings.Contains(s.LastError, "memory_limit is 96 MiB") {
		t.Errorf("%q", s.LastError)
	}
}

// TestMemoryOfAStart holds that a plugin is bounded while it starts, by more.
func TestMemoryOfAStart(t *testing.T) {
	o := limited(t, map[string]any{"greeting": "greedy"})
	o.startMemory = 64 << 20
	wants(t, fails(t, o), "it was ended because it used ", " MiB of memory before it was configured; it may use 160 MiB")
	if _, err := Describe(t.Context(), o); err != nil {
		t.Error(err)
	}
}

// TestNoMemoryLimit holds that nobody is bounded who has no limit.
func TestNoMemoryLimit(t *testing.T) {
	o := limited(t, nil)
	o.Memory = 0
	p := begin(t, o)
	if m := p.Memory(); m != (MemoryStatus{}) {
		t.Errorf("%+v", m)
	}
	if own, its := dataLimit(t, os.Getpid()), dataLimit(t, p.Status().PID); own != its {
		t.Errorf("limited to %s, the server to %s", its, own)
	}
	if bound := begin(t, limited(t, nil)); dataLimit(t, bound.Status().PID) == dataLimit(t, os.Getpid()) {
		t.Error("where there is a limit the kernel knows nothing of it")
	}
}

// dataLimit is what the kernel grants a process.
func dataLimit(t *testing.T, pid int) string {
	t.Helper()
	limits, err := os.ReadFile("/proc/" + itoa(pid) + "/limits")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(limits), "Max data size")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.Join(strings.Fields(line), " ")
}
