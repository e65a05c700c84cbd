package gameserver

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"syscall"
	"testing"
)

// env is an environment of a test's own.
func env(pairs ...string) func(string) string {
	set := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		set[pairs[i]] = pairs[i+1]
	}
	return func(name string) string { return set[name] }
}

// serve runs the fake on a real loopback port and returns that port.
func serve(t testing.TB, f http.Handler) string {
	t.Helper()
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

// connect connects over a real socket.
func connect(t testing.TB, f http.Handler) *Server {
	t.Helper()
	s, err := Connect(t.Context(), Options{Getenv: env("AGONES_SDK_HTTP_PORT", serve(t, f))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// direct is a transport that calls the handler in this process, so that time can
// be faked around it. Streams end with the request's context.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	body, out := io.Pipe()
	w := &directWriter{header: http.Header{}, out: out, begun: make(chan int, 1)}
	stop := make(chan struct{})
	go func() {
		select {
		case <-r.Context().Done():
			out.CloseWithError(r.Context().Err())
			w.WriteHeader(0)
		case <-stop:
		}
	}()
	go func() {
		d.handler.ServeHTTP(w, r)
		w.WriteHeader(http.StatusOK)
		out.CloseWithError(r.Context().Err()) // nil: the end of the body
		close(stop)
	}()
	status := <-w.begun
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: w.header, Body: body, Request: r}, nil
}

type directWriter struct {
	header http.Header
	out    *io.PipeWriter
	begun  chan int
}

func (w *directWriter) Header() http.Header { return w.header }

func (w *directWriter) WriteHeader(status int) {
	select {
	case w.begun <- status:
	default:
	}
}

func (w *directWriter) Flush() {}

func (w *directWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.out.Write(p)
}

// refusing is a transport to a port where nobody listens.
type refusing struct{ tried func() }

func (r refusing) RoundTrip(*http.Request) (*http.Response, error) {
	r.tried()
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

func wantErr(t testing.TB, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("error is %v, want %v", got, want)
	}
}

// samplePayload is a launch payload in the protocol's shape.
func samplePayload(matchID, resultURL string) string {
	return fmt.Sprintf(`{"matchId":%q,"lobbyId":"l-1","game":"arena","region":"eu","players":["p1","p2","bot-1"],
		"teamA":["p1"],"teamB":["p2","bot-1"],"teams":[{"name":"Red","players":[{"accountId":"p1","username":"Ada","bot":false}]},
		{"name":"Blue","players":[{"accountId":"p2","username":"Bob","bot":false},{"accountId":"bot-1","username":"Bot 1","bot":true}]}],
		"properties":{"map":"small"},"resultUrl":%q,"resultToken":"result-secret",
		"ticketKey":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8","hook":{"more":1}}`, matchID, resultURL)
}
