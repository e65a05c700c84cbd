package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/sdk/client"
)

// The benchmarks of this file give the figures of docs/performance.md, by name.
// The server is a process of its own on processor 0, the load comes from this
// process on processor 1, over loopback. "cpu" figures are the server's own time.

// pin puts this process's threads on a processor; without one to spare it does nothing.
func pin(cpu int) {
	if runtime.NumCPU() < 2 {
		return
	}
	var set unix.CPUSet
	set.Set(cpu)
	tasks, _ := filepath.Glob("/proc/self/task/*")
	for _, task := range tasks {
		if tid, err := strconv.Atoi(filepath.Base(task)); err == nil {
			_ = unix.SchedSetaffinity(tid, &set)
		}
	}
}

// subject is the measured server.
type subject struct {
	*node
	platform *gameflowtest.Server
}

// measured starts the server that a benchmark measures.
func measured(b *testing.B, lobby string) *subject {
	b.Helper()
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: "key", Forget: true})
	b.Cleanup(platform.Close)
	s := measuredIn(b, benchDir(b), stubGame("arena", platform.URL, lobby))
	s.platform = platform
	return s
}

// benchDir is an empty folder, on a fast disk if BENCH_DIR names a folder there.
func benchDir(b *testing.B) string {
	b.Helper()
	base := os.Getenv("BENCH_DIR")
	if base == "" {
		return b.TempDir()
	}
	dir, err := os.MkdirTemp(base, "muster-bench-")
	must(b, err)
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// measuredIn starts the measured server with games of its own over a folder.
func measuredIn(b *testing.B, dir, games string) *subject {
	b.Helper()
	writeConfig(b, dir, games)
	pin(0) // children inherit it
	n := runNode(b, dir)
	pin(1)
	return &subject{node: n}
}

// cpu is the processor time that the server has used.
func (s *subject) cpu() time.Duration { return cpuOf(s.t, s.cmd.Process.Pid) }

func cpuOf(t testing.TB, pid int) time.Duration {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+2:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100
}

// resident is the server's memory in bytes.
func (s *subject) resident() int64 { return residentOf(s.t, s.cmd.Process.Pid) }

func residentOf(t testing.TB, pid int) int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		t.Fatal(err)
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(raw))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// each runs b.N operations from a number of workers and reports them per second,
// with the server's processor time for each.
func (s *subject) each(b *testing.B, workers int, op func(worker int) error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	before := s.cpu()
	b.ResetTimer()
	for w := range workers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := op(w); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
	b.ReportMetric(float64((s.cpu()-before).Microseconds())/float64(b.N), "cpu-us/op")
}

func reportTimes(b *testing.B, times []time.Duration) {
	slices.Sort(times)
	at := func(p float64) float64 {
		return float64(times[min(len(times)-1, int(p*float64(len(times))))].Microseconds()) / 1000
	}
	b.ReportMetric(at(.5), "p50-ms")
	b.ReportMetric(at(.99), "p99-ms")
}

// BenchmarkStartup is exec → first healthy answer, and memory at rest.
func BenchmarkStartup(b *testing.B) {
	dir := b.TempDir()
	var rest int64
	startups(b, dir, "game \"arena\" {}\n", func(s *subject) { rest = s.resident() })
	b.ReportMetric(float64(rest)/(1<<20), "MiB-at-rest")
}

// startups starts a server b.N times and kills it when it is healthy and healthy
// has looked at it.
func startups(b *testing.B, dir, games string, healthy func(*subject)) {
	b.Helper()
	self, err := filepath.Abs(os.Args[0])
	if err != nil {
		b.Fatal(err)
	}
	config := writeConfig(b, dir, games)
	text, _ := os.ReadFile(config)
	must(b, os.WriteFile(config, bytes.Replace(text, []byte(`listen = "127.0.0.1:0"`), []byte(`listen = "127.0.0.1:23999"`), 1), 0o600))
	var times []time.Duration
	for range b.N {
		cmd := exec.Command(self, "serve", "-config", config)
		cmd.Env = append(os.Environ(), asMuster+"=1")
		begun := time.Now()
		must(b, cmd.Start())
		for {
			res, err := http.Get("http://127.0.0.1:23999/healthz")
			if err == nil {
				_ = res.Body.Close()
				break
			}
			time.Sleep(time.Millisecond)
		}
		times = append(times, time.Since(begun))
		healthy(&subject{node: &node{t: b, cmd: cmd}})
		must(b, cmd.Process.Kill())
		_ = cmd.Wait()
	}
	reportTimes(b, times)
}

var keepAlive = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}

func post(ctx context.Context, url, body string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	return do(req)
}

func do(req *http.Request) error {
	res, err := keepAlive.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", req.Method, req.URL.Path, res.Status)
	}
	return nil
}

// BenchmarkAccountsNew makes accounts, each synced to disk before its answer.
func BenchmarkAccountsNew(b *testing.B) {
	s := measured(b, "")
	s.each(b, 64, func(int) error { return post(b.Context(), s.url+"/auth/anonymous", `{"username":"ann"}`) })
}

// BenchmarkAccountsKnown signs known devices in; each sign-in is synced to disk too.
func BenchmarkAccountsKnown(b *testing.B) {
	s := measured(b, "")
	body := func(w int) string { return fmt.Sprintf(`{"username":"ann","deviceId":"device-0123456789-%d"}`, w) }
	for w := range 64 {
		must(b, post(b.Context(), s.url+"/auth/anonymous", body(w)))
	}
	s.each(b, 64, func(w int) error { return post(b.Context(), s.url+"/auth/anonymous", body(w)) })
}

// tokens signs players in.
func (s *subject) tokens(b *testing.B, n int) []string {
	b.Helper()
	api := client.New(client.Config{URL: s.url})
	tokens := make([]string, n)
	var wg sync.WaitGroup
	for w := range 32 {
		wg.Go(func() {
			for i := w; i < n; i += 32 {
				session, err := api.SignIn(b.Context(), fmt.Sprint("p", i), "")
				if err != nil {
					b.Error(err)
					return
				}
				tokens[i] = session.AccessToken
			}
		})
	}
	wg.Wait()
	if b.Failed() {
		b.FailNow()
	}
	return tokens
}

// BenchmarkSocketsOpened opens sockets and waits for `connected`.
func BenchmarkSocketsOpened(b *testing.B) {
	s := measured(b, "")
	tokens := s.tokens(b, 64)
	s.each(b, 64, func(w int) error {
		conn, err := client.Dial(b.Context(), client.Options{URL: s.url, Token: tokens[w], KeepAlive: -1, OnEvent: func(client.Event) {}})
		if err != nil {
			return err
		}
		conn.Close()
		return nil
	})
}

// rest has the server collect its garbage, as it does by itself within two
// minutes, and waits while the runtime gives the memory back.
func (s *subject) rest() {
	m := adminLine.FindStringSubmatch(s.said())
	res, err := http.Get(m[1] + "/debug/pprof/heap?gc=1")
	must(s.t, err)
	_, err = io.Copy(io.Discard, res.Body)
	must(s.t, errors.Join(err, res.Body.Close()))
	for last := s.resident() + 1; s.resident() < last; {
		last = s.resident()
		time.Sleep(time.Second)
	}
}

var adminLine = regexp.MustCompile(`Admin\s+(http://\S+)/metrics`)

// BenchmarkIdleSockets holds 10,000 signed-in sockets and reports the server's
// memory for each: right after they were opened at once, and at rest.
func BenchmarkIdleSockets(b *testing.B) {
	const sockets = 10_000
	s := measured(b, "")
	tokens := s.tokens(b, sockets)
	before := s.resident()
	conns := make([]*client.Conn, sockets)
	var wg sync.WaitGroup
	for w := range 32 {
		wg.Go(func() {
			for i := w; i < sockets; i += 32 {
				conn, err := client.Dial(b.Context(), client.Options{URL: s.url, Token: tokens[i], KeepAlive: -1, OnEvent: func(client.Event) {}})
				if err != nil {
					b.Error(err)
					return
				}
				conns[i] = conn
			}
		})
	}
	wg.Wait()
	if b.Failed() {
		b.FailNow()
	}
	burst := s.resident()
	s.rest()
	for range b.N { // nothing is timed: the figures are of memory
	}
	b.ReportMetric(float64(burst-before)/sockets/1024, "KiB/socket-at-once")
	b.ReportMetric(float64(s.resident()-before)/sockets/1024, "KiB/socket")
	for _, c := range conns {
		wg.Go(c.Close)
	}
	wg.Wait()
}

// mates are players whose sockets only look for a few messages.
type mates struct {
	tokens  []string
	conns   []*client.Conn
	started chan struct{}
}

func (s *subject) mates(b *testing.B, tokens []string, level int) *mates {
	b.Helper()
	m := &mates{tokens: tokens, started: make(chan struct{}, len(tokens))}
	for _, token := range tokens {
		conn, err := client.Dial(b.Context(), client.Options{
			URL: s.url, Token: token, Level: level, KeepAlive: -1, SkipLobbies: true, OnEvent: func(client.Event) {},
			Raw: func(frame []byte) bool {
				switch string(client.TypeOf(frame)) {
				case "match:started":
					m.started <- struct{}{}
					return true
				case "lobby:updated", "lobby:chat":
					return true
				}
				return false
			},
		})
		must(b, err)
		m.conns = append(m.conns, conn)
	}
	b.Cleanup(func() {
		for _, c := range m.conns {
			c.Close()
		}
	})
	return m
}

// gather makes a lobby in which all are ready.
func (m *mates) gather(ctx context.Context) error {
	made, err := m.conns[0].CreateLobby(ctx, client.LobbyOptions{})
	if err != nil {
		return err
	}
	if err := m.all(m.conns[1:], func(c *client.Conn) error {
		_, err := c.Join(ctx, client.JoinOptions{Code: made.Code})
		return err
	}); err != nil {
		return err
	}
	return m.all(m.conns, func(c *client.Conn) error { return c.Ready(ctx, true) })
}

func (m *mates) all(conns []*client.Conn, f func(*client.Conn) error) error {
	errs := make(chan error, len(conns))
	for _, c := range conns {
		go func() { errs <- f(c) }()
	}
	var first error
	for range conns {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// start starts the match and returns how long it took until the last was told.
func (m *mates) start(ctx context.Context) (time.Duration, error) {
	begun := time.Now()
	if err := m.conns[0].Start(ctx, ""); err != nil {
		return 0, err
	}
	for range m.conns {
		select {
		case <-m.started:
		case <-time.After(30 * time.Second):
			return 0, fmt.Errorf("match:started never came")
		}
	}
	return time.Since(begun), nil
}

func (s *subject) crews(b *testing.B, n, players int) []*mates {
	b.Helper()
	tokens := s.tokens(b, n*players)
	crews := make([]*mates, n)
	for i := range crews {
		crews[i] = s.mates(b, tokens[i*players:(i+1)*players], 2)
	}
	return crews
}

// BenchmarkMatches is four players who create, join, get ready, start and are all
// told; then the same four again, who move to their next lobby.
func BenchmarkMatches(b *testing.B) {
	s := measured(b, "")
	crews := s.crews(b, 48, 4)
	s.each(b, len(crews), func(w int) error {
		if err := crews[w].gather(b.Context()); err != nil {
			return err
		}
		_, err := crews[w].start(b.Context())
		return err
	})
}

// BenchmarkStartTold is start → every member told, at 16 lobbies of four.
func BenchmarkStartTold(b *testing.B) {
	s := measured(b, "")
	crews := s.crews(b, 16, 4)
	var mu sync.Mutex
	var times []time.Duration
	s.each(b, len(crews), func(w int) error {
		if err := crews[w].gather(b.Context()); err != nil {
			return err
		}
		took, err := crews[w].start(b.Context())
		mu.Lock()
		times = append(times, took)
		mu.Unlock()
		return err
	})
	reportTimes(b, times)
}

const hundred = `team "A" { size = 50 }
    team "B" { size = 50 }`

// audience is a lobby of 100 whose members count what they are told.
func (s *subject) audience(b *testing.B, level int) (conns []*client.Conn, told chan struct{}) {
	b.Helper()
	told = make(chan struct{}, 1<<16)
	var count atomic.Bool
	for _, token := range s.tokens(b, 100) {
		conn, err := client.Dial(b.Context(), client.Options{
			URL: s.url, Token: token, Level: level, KeepAlive: -1, SkipLobbies: true, OnEvent: func(client.Event) {},
			Raw: func(frame []byte) bool {
				switch string(client.TypeOf(frame)) {
				case "lobby:updated", "lobby:chat":
					if count.Load() {
						told <- struct{}{}
					}
					return true
				}
				return false
			},
		})
		must(b, err)
		conns = append(conns, conn)
		b.Cleanup(conn.Close)
	}
	made, err := conns[0].CreateLobby(b.Context(), client.LobbyOptions{})
	must(b, err)
	for _, c := range conns[1:] {
		_, err := c.Join(b.Context(), client.JoinOptions{Code: made.Code})
		must(b, err)
	}
	_, err = conns[99].Ping(b.Context()) // what came before has been read
	must(b, err)
	count.Store(true)
	return conns, told
}

// onePerTurn sends one message at a time and waits until all hundred have it.
func (s *subject) onePerTurn(b *testing.B, level int, send func(c *client.Conn, turn int) error) {
	conns, told := s.audience(b, level)
	var times []time.Duration
	turn := 0
	s.each(b, 1, func(int) error {
		turn++
		begun := time.Now()
		if err := send(conns[0], turn); err != nil {
			return err
		}
		for range conns {
			<-told
		}
		times = append(times, time.Since(begun))
		return nil
	})
	reportTimes(b, times)
}

var line = strings.Repeat("x", 480) // with its envelope about 600 bytes

// BenchmarkChat100 is one line of chat in a lobby of 100 → the last member has it.
func BenchmarkChat100(b *testing.B) {
	s := measured(b, hundred)
	s.onePerTurn(b, 1, func(c *client.Conn, _ int) error {
		return c.Send(client.Message{Type: "lobby:chat", Fields: map[string]any{"text": line}})
	})
}

// BenchmarkChange100 is the same for one change of the lobby, at level 1.
func BenchmarkChange100(b *testing.B) {
	s := measured(b, hundred)
	s.onePerTurn(b, 1, func(c *client.Conn, turn int) error {
		return c.Send(client.Message{Type: "lobby:ready", Fields: map[string]any{"ready": turn%2 == 1}})
	})
}

// BenchmarkDeliveries sends chat to 100 members as fast as they take it; one
// operation is one delivery.
func BenchmarkDeliveries(b *testing.B) {
	s := measured(b, hundred)
	conns, told := s.audience(b, 1)
	rounds := max(1, b.N/len(conns))
	b.ResetTimer()
	before := s.cpu()
	const window = 32
	inFlight := 0
	for range rounds {
		must(b, conns[0].Send(client.Message{Type: "lobby:chat", Fields: map[string]any{"text": line}}))
		if inFlight++; inFlight == window {
			for range len(conns) * window / 2 {
				<-told
			}
			inFlight -= window / 2
		}
	}
	for range len(conns) * inFlight {
		<-told
	}
	b.StopTimer()
	n := float64(rounds * len(conns))
	b.ReportMetric(n/b.Elapsed().Seconds(), "deliveries/s")
	b.ReportMetric(float64((s.cpu()-before).Microseconds())/n, "cpu-us/delivery")
}

// BenchmarkSixteenAtOnce has 16 members change one lobby at once; an operation is
// one acknowledged change.
func BenchmarkSixteenAtOnce(b *testing.B) {
	s := measured(b, `team "A" { size = 8 }
    team "B" { size = 8 }`)
	crew := s.crews(b, 1, 16)[0]
	must(b, crew.gather(b.Context()))
	flips := make([]bool, 16)
	s.each(b, 16, func(w int) error {
		flips[w] = !flips[w]
		return crew.conns[w].Ready(b.Context(), !flips[w])
	})
	again, err := client.Dial(b.Context(), client.Options{URL: s.url, Token: crew.tokens[0], KeepAlive: -1})
	must(b, err)
	defer again.Close()
	l := again.Lobby()
	lost := 0
	for w, c := range crew.conns {
		if p, _, ok := l.Member(c.State().AccountID); !ok || w > 0 && p.Ready == flips[w] {
			lost++
		}
	}
	b.ReportMetric(float64(lost), "lost")
}

// BenchmarkLobbyList is GET /lobbies with 500 lobbies.
func BenchmarkLobbyList(b *testing.B) {
	s := measured(b, "")
	tokens := s.tokens(b, 500)
	for _, token := range tokens {
		conn, err := client.Dial(b.Context(), client.Options{URL: s.url, Token: token, KeepAlive: -1, OnEvent: func(client.Event) {}})
		must(b, err)
		b.Cleanup(conn.Close)
		_, err = conn.CreateLobby(b.Context(), client.LobbyOptions{})
		must(b, err)
	}
	s.each(b, 32, func(w int) error {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, s.url+"/lobbies", nil)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+tokens[w])
		return do(req)
	})
}

// BenchmarkGrowth shows whether a unit of work costs the same whatever else is
// there: one change of a lobby, a first page of the list and the whole list while
// lobbies change, with 100 and with 10,000 lobbies of one player each.
func BenchmarkGrowth(b *testing.B) {
	for _, lobbies := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("lobbies=%d", lobbies), func(b *testing.B) {
			s := measured(b, "max_lobbies = 20000")
			tokens := s.tokens(b, lobbies)
			conns := make([]*client.Conn, lobbies)
			var wg sync.WaitGroup
			for w := range 32 {
				wg.Go(func() {
					for i := w; i < lobbies; i += 32 {
						conn, err := client.Dial(b.Context(), client.Options{URL: s.url, Token: tokens[i], KeepAlive: -1, OnEvent: func(client.Event) {}})
						if err != nil {
							b.Error(err)
							return
						}
						conns[i] = conn
						if _, err := conn.CreateLobby(b.Context(), client.LobbyOptions{}); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.Cleanup(func() {
				for _, c := range conns {
					if c != nil {
						wg.Go(c.Close)
					}
				}
				wg.Wait()
			})
			if b.Failed() {
				b.FailNow()
			}
			turns, ready := make([]int, 32), make([]bool, lobbies)
			change := func(w int) error { // the next of the lobbies that are this worker's
				turns[w]++
				i := w + 32*(turns[w]%(lobbies/32))
				ready[i] = !ready[i]
				return conns[i].Ready(b.Context(), ready[i])
			}
			b.Run("change", func(b *testing.B) { s.each(b, 32, change) })
			for _, query := range []string{"?limit=50", ""} {
				b.Run("change+list"+strings.ReplaceAll(query, "?", "-"), func(b *testing.B) {
					s.each(b, 1, func(w int) error {
						if err := change(w); err != nil {
							return err
						}
						req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, s.url+"/lobbies"+query, nil)
						if err != nil {
							return err
						}
						req.Header.Set("Authorization", "Bearer "+tokens[0])
						return do(req)
					})
				})
			}
		})
	}
}
