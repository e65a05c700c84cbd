package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/match"
	"github.com/muster-gg/muster/core/server"
	"github.com/muster-gg/muster/core/telemetry"
)

// asSaga makes the test binary be a muster process that asks at every point of a
// match whether it may go on; its value is the address to ask at.
const asSaga = "MUSTER_TEST_AS_SAGA"

// serveSaga is `muster serve -config FILE` but for the points.
func serveSaga(addr string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	cfg, diags := config.Load(os.Args[len(os.Args)-1], config.Options{Files: config.RequireFiles})
	if err := diags.Err(); err != nil {
		fmt.Println("config:", err)
		return 1
	}
	log, err := telemetry.NewLogger(string(cfg.Server.Mode), os.Stderr)
	if err != nil {
		fmt.Println("log:", err)
		return 1
	}
	node, err := server.Start(context.WithoutCancel(ctx), server.Options{
		Config: cfg, Version: "test", Logger: log,
		Reached: func(_, matchID string, p match.Point) { askStops(addr, matchID, p) },
	})
	if err != nil {
		fmt.Println("start:", err)
		return 1
	}
	fmt.Printf("  Open    %s/\n", node.PublicURL())
	<-ctx.Done()
	draining, cancel := context.WithTimeout(context.Background(), cfg.Server.Drain)
	defer cancel()
	if err := node.Stop(draining); err != nil {
		fmt.Println("stop:", err)
	}
	return 0
}

// askStops tells of a point and returns when the process may go on. Where nobody
// listens it may.
func askStops(addr, matchID string, p match.Point) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer conn.Close()
	if _, err := fmt.Fprintln(conn, p, matchID, os.Getpid()); err == nil {
		_, _ = io.Copy(io.Discard, conn)
	}
}

// stops is what the processes of one data folder ask at their points.
type stops struct {
	t    testing.TB
	l    net.Listener
	wg   sync.WaitGroup
	held chan *stop

	mu     sync.Mutex
	hold   map[match.Point]bool
	passed []string // "point match" as they came
	dead   map[int]bool
	conns  map[net.Conn]bool
	over   bool
}

// stop is a process that waits at a point.
type stop struct {
	point   match.Point
	matchID string
	pid     int
	conn    net.Conn
}

// goOn lets the process go on, if it still lives.
func (s *stop) goOn() { _ = s.conn.Close() }

func newStops(t testing.TB) *stops {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s := &stops{t: t, l: l, held: make(chan *stop, 64), hold: map[match.Point]bool{}, dead: map[int]bool{}, conns: map[net.Conn]bool{}}
	s.wg.Go(s.listen)
	t.Cleanup(func() {
		_ = l.Close()
		s.mu.Lock()
		s.over = true
		for c := range s.conns {
			_ = c.Close()
		}
		s.mu.Unlock()
		s.wg.Wait()
	})
	return s
}

func (s *stops) listen() {
	for {
		conn, err := s.l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.t.Error("stops:", err)
			return
		}
		s.mu.Lock()
		s.conns[conn] = true
		if s.over {
			_ = conn.Close()
		}
		s.mu.Unlock()
		s.wg.Go(func() { s.serve(conn) })
	}
}

// serve answers one process at one point.
func (s *stops) serve(conn net.Conn) {
	line, err := bufio.NewReader(conn).ReadString('\n')
	at := &stop{conn: conn}
	if err == nil {
		_, err = fmt.Sscan(line, &at.point, &at.matchID, &at.pid)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.passed = append(s.passed, fmt.Sprint(at.point, " ", at.matchID))
		if s.hold[at.point] && !s.over {
			s.held <- at
			return
		}
	}
	_ = conn.Close()
	delete(s.conns, conn)
}

// at makes the points that matches are held at from now on: these and no others.
func (s *stops) at(points ...match.Point) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.hold)
	for _, p := range points {
		s.hold[p] = true
	}
}

// died makes await skip what a process that is dead has come to: two of its
// goroutines may end the same match.
func (s *stops) died(pid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead[pid] = true
}

func (s *stops) isDead(pid int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dead[pid]
}

// await returns the next match that is held, which must be at a point.
func (s *stops) await(want match.Point) *stop {
	s.t.Helper()
	deadline := time.After(time.Minute)
	for {
		select {
		case at := <-s.held:
			if s.isDead(at.pid) {
				continue
			}
			if at.point != want {
				s.t.Fatalf("the match is at %q, want %q", at.point, want)
			}
			return at
		case <-deadline:
			s.t.Fatalf("no match came to %q; there were %q", want, s.all())
		}
	}
}

// all are the points that were passed or held at, as "point match".
func (s *stops) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.passed...)
}

// matches are the ids of the matches that came to a point, in their order.
func (s *stops) matches() (ids []string) {
	seen := map[string]bool{}
	for _, line := range s.all() {
		if _, id, _ := strings.Cut(line, " "); !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}
