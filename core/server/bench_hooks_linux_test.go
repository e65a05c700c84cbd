package server_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The benchmarks of this file give the figures of rules, by name; see
// bench_linux_test.go.

// ruledGame is a game with the given blocks; DIR in them is dir.
func ruledGame(dir, blocks string) string {
	return "game \"arena\" {" + strings.ReplaceAll(blocks, "DIR", dir) + "\n}\n"
}

// children are the processes that the server has started.
func (s *subject) children() []int {
	pid := s.cmd.Process.Pid
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	must(s.t, err)
	var pids []int
	for _, task := range tasks {
		text, _ := os.ReadFile(task) // threads may end
		for field := range strings.FieldsSeq(string(text)) {
			child, err := strconv.Atoi(field)
			must(s.t, err)
			pids = append(pids, child)
		}
	}
	return pids
}

// ask calls an rpc and returns the answer.
func (s *subject) ask(name, token, body string) string {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/rpc/"+name, strings.NewReader(body))
	must(s.t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := keepAlive.Do(req)
	must(s.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(s.t, err)
	if res.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s %s", name, res.Status, text)
	}
	return string(text)
}

// split has callers ask for ten players to be split, and reports the processor
// time of the server and that of its plugins.
func (s *subject) split(b *testing.B) {
	b.Helper()
	const callers = 32
	tokens := s.tokens(b, callers)
	if got := s.ask("split", tokens[0], tenRated); got != tenSplit {
		b.Fatalf("split answered %s", got)
	}
	plugins := s.children()
	used := func() (sum time.Duration) {
		for _, pid := range plugins {
			sum += cpuOf(b, pid)
		}
		return sum
	}
	before := used()
	s.each(b, callers, func(w int) error {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.url+"/rpc/split", strings.NewReader(tenRated))
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+tokens[w])
		return do(req)
	})
	if len(plugins) > 0 {
		b.ReportMetric(float64((used()-before).Microseconds())/float64(b.N), "plugin-cpu-us/op")
	}
}

// BenchmarkRpcEmbedded is a script that splits ten players into two teams, over HTTP.
func BenchmarkRpcEmbedded(b *testing.B) {
	dir := benchDir(b)
	writeFile(b, filepath.Join(dir, "rules.ts"), splitScript)
	measuredIn(b, dir, ruledGame(dir, scriptBlock)).split(b)
}

// BenchmarkRpcPlugin is the same by a plugin, which shares the server's processor.
func BenchmarkRpcPlugin(b *testing.B) {
	measuredIn(b, benchDir(b), ruledGame("", splitBlock("splitter"))).split(b)
}

// BenchmarkScriptReload is a script saved → its new version answers.
func BenchmarkScriptReload(b *testing.B) {
	dir := benchDir(b)
	save := func(version int) {
		source := fmt.Sprintf("%s\nrpc.version = () => %d;\n", splitScript, version)
		writeFile(b, filepath.Join(dir, "rules.ts"), source)
	}
	save(0)
	s := measuredIn(b, dir, ruledGame(dir, scriptBlock))
	token := s.tokens(b, 1)[0]
	var times []time.Duration
	for version := range b.N {
		begun := time.Now()
		save(version + 1)
		for want := strconv.Itoa(version + 1); s.ask("version", token, "") != want; {
			time.Sleep(time.Millisecond)
		}
		times = append(times, time.Since(begun))
	}
	reportTimes(b, times)
}

// BenchmarkStartupPlugins is BenchmarkStartup with three plugins and a script. The
// plugins are this test's program; memory is that of the server and of a plugin.
func BenchmarkStartupPlugins(b *testing.B) {
	dir := b.TempDir()
	writeFile(b, filepath.Join(dir, "rules.ts"), splitScript)
	var rest, plugin int64
	startups(b, dir, ruledGame(dir, scriptBlock+splitBlock("one")+splitBlock("two")+splitBlock("three")), func(s *subject) {
		plugins := s.children()
		if len(plugins) != 3 {
			b.Fatalf("healthy with %d plugins", len(plugins))
		}
		rest, plugin = s.resident(), 0
		for _, pid := range plugins {
			plugin = max(plugin, residentOf(b, pid))
		}
	})
	b.ReportMetric(float64(rest)/(1<<20), "MiB-at-rest")
	b.ReportMetric(float64(plugin)/(1<<20), "MiB-a-plugin")
}
