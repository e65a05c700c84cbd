package server_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-gg/muster/runtime/process"
)

// TestPluginMemory has a plugin eat all memory that there is: it is ended for that and
// started again, and an operator sees its limit, who keeps it and what came of it.
func TestPluginMemory(t *testing.T) {
	block := strings.Replace(pluginBlock("DIR"), `timeout = "1m"`, "timeout = \"1m\"\n    memory_limit = \"96MiB\"", 1)
	r := newRuled(t, block+`
  hooks "plugin" {
    use    = "moody"
    points = ["rpc"]
  }`)
	const kept = `"detail":"memory_limit 96 MiB, kept by the kernel, and a watcher of what is used"`
	p := r.player("ann")
	for round := range 2 {
		if text := r.ready(); !strings.Contains(text, kept) {
			t.Errorf("/readyz: %s", text)
		}
		if m := r.plugins()[0].Memory; m.Limit != 96<<20 || m.Kept == "" || m.Used == 0 || m.Most <= m.Limit || m.Ended != 0 {
			t.Errorf("%+v", m)
		}
		if err := p.Rpc(t.Context(), "eat", nil, nil); err == nil {
			t.Error("it has eaten all")
		}
		r.back(1)
		var pid int
		must(t, p.Rpc(t.Context(), "pid", nil, &pid))
		one := r.plugins()[0]
		if one.PID != pid || one.Memory.Ended != 1 || !strings.Contains(one.LastError, "memory_limit is 96 MiB") {
			t.Errorf("%+v", one)
		}
		if text := r.metrics(); !strings.Contains(text, `muster_plugin_memory_ended{game="arena",plugin="moody"} 1`) {
			t.Errorf("round %d: the end is not counted", round)
		}
		if status, body := r.reload("moody"); status != http.StatusOK { // its next process is bounded as well
			t.Fatalf("%d %s", status, body)
		}
	}
}

// metrics are those of the node.
func (r *ruled) metrics() string { return r.admin("/metrics") }

// TestReloadOfAnotherProgram: where the config has a checksum, a reload says what to do
// about a new build, and the old one goes on.
func TestReloadOfAnotherProgram(t *testing.T) {
	program := filepath.Join(t.TempDir(), "moody")
	build, err := os.ReadFile(os.Args[0])
	must(t, err)
	must(t, os.WriteFile(program, build, 0o700))
	sum, err := process.Checksum(process.Options{Name: "moody", Command: []string{program}, Development: true})
	must(t, err)
	block := strings.Replace(pluginBlock("DIR"), fmt.Sprintf("[%q]", os.Args[0]), fmt.Sprintf("[%q]\n    sha256 = %q", program, sum), 1)
	r := newRuled(t, block+`
  hooks "plugin" {
    use    = "moody"
    points = ["rpc"]
  }`)
	must(t, os.WriteFile(program+".new", append(build, '\n'), 0o700))
	must(t, os.Rename(program+".new", program))
	next, err := process.Checksum(process.Options{Name: "moody", Command: []string{program}, Development: true})
	must(t, err)
	status, body := r.reload("moody")
	if status != http.StatusConflict || !strings.Contains(body, "A reload does not read the config") || !strings.Contains(body, next) {
		t.Errorf("%d %s", status, body)
	}
	var pid int
	must(t, r.player("ann").Rpc(t.Context(), "pid", nil, &pid))
	if one := r.plugins()[0]; one.PID != pid || one.Restarts != 0 {
		t.Errorf("%+v", one)
	}
}
