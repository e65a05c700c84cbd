package local

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// maxSidecarConns bounds the connections of one server to its sidecar.
const maxSidecarConns = 32

const drainTime = time.Second

// resultFunc passes a posted result on; it answers status and body.
type resultFunc func(bearer string, body []byte) (int, []byte)

// sidecar is the REST interface of one server, on a loopback port of its own.
type sidecar struct {
	object *gameServer
	result resultFunc
	port   int

	listener net.Listener
	http     *http.Server
	closing  chan struct{} // ends watch streams
	served   chan struct{}
	conns    atomic.Int64

	mu       sync.Mutex
	closed   bool
	draining bool
	inFlight sync.WaitGroup
}

func newSidecar(object *gameServer, result resultFunc) *sidecar {
	return &sidecar{object: object, result: result, closing: make(chan struct{})}
}

// openSidecar listens; serve begins to answer.
func openSidecar(object *gameServer, result resultFunc, log *zap.Logger) (*sidecar, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := newSidecar(object, result)
	s.listener, s.port = limitListener(l, maxSidecarConns), l.Addr().(*net.TCPAddr).Port
	s.http = &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: zap.NewStdLog(log), ConnState: s.count,
	}
	return s, nil
}

func (s *sidecar) serve() {
	s.served = make(chan struct{})
	go func() {
		defer close(s.served)
		_ = s.http.Serve(s.listener)
	}()
}

// enter counts a request, unless the sidecar is closed. Every true needs one
// inFlight.Done.
func (s *sidecar) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.inFlight.Add(1)
	return true
}

// drain reads what a process sent before it ended. Its connections end by
// themselves when they are read to their end; that takes at most drainTime, as a
// stranger may have one too.
func (s *sidecar) drain() {
	s.mu.Lock()
	first := !s.draining
	s.draining = true
	s.mu.Unlock()
	if !first {
		return
	}
	close(s.closing)
	if s.served == nil {
		return
	}
	deadline := time.Now().Add(drainTime)
	s.acceptAll(deadline)
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for s.conns.Load() > 0 && time.Now().Before(deadline) {
		<-poll.C
	}
}

// acceptAll returns when every connection that was made before it is accepted:
// they are accepted in order, and it makes one more and waits for its answer.
func (s *sidecar) acceptAll(deadline time.Time) {
	conn, err := net.DialTimeout("tcp", s.listener.Addr().String(), time.Until(deadline))
	if err != nil {
		return
	}
	defer conn.Close()
	_ = conn.SetDeadline(deadline)
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	_, _ = io.Copy(io.Discard, conn)
}

// count keeps the number of open connections; net/http calls it.
func (s *sidecar) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.conns.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.conns.Add(-1)
	}
}

// close drains, then closes what is left. A result that the observer still works
// on goes on; wait waits for it.
func (s *sidecar) close() {
	s.drain()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	_ = s.http.Close()
	_ = s.listener.Close()
	if s.served != nil {
		<-s.served
	}
}

func (s *sidecar) wait() { s.inFlight.Wait() }

// postResult passes a result on. Its answers, errors too, have the shape of the
// public result call.
func (s *sidecar) postResult(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r, maxResultBody)
	switch {
	case errors.Is(err, errBodySize):
		return answerResult(w, http.StatusRequestEntityTooLarge, []byte(`{"error":"Result too large","code":"too_large"}`))
	case err != nil:
		return answerResult(w, http.StatusBadRequest, []byte(`{"error":"Invalid request body","code":"invalid_message"}`))
	}
	scheme, bearer, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		bearer = ""
	}
	status, answer := s.result(strings.TrimSpace(bearer), body)
	return answerResult(w, status, answer)
}

func answerResult(w http.ResponseWriter, status int, body []byte) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
	return nil
}
