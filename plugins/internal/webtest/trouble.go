package webtest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/muster-gg/muster/sdk/hook"
)

// Troubles are answers that say nothing about a player. Those that can repeat what
// they were asked: errors and logs must not.
func Troubles() map[string]http.HandlerFunc {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Error(w, echo(r), code) }
	}
	body := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
	}
	return map[string]http.HandlerFunc{
		"500": status(500), "502": status(502), "503": status(503), "201": status(201), "204": status(204),
		"429 without a time": Busy(9, "", nil), "429 for long": Busy(9, "3600", nil), "429 again and again": Busy(9, "0.01", nil),
		"429 until never": Busy(9, "NaN", nil), "429 of the past": Busy(9, "-1", nil),
		"empty": body(""), "a page": body("<html>"), "half": body(`{"response":`), "a list": body(`[]`), "a number": body(`1`),
		"huge": body(`{"x":"` + strings.Repeat("x", 2<<20) + `"}`),
		"echo": func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, echo(r)) },
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere?"+r.URL.RawQuery, http.StatusFound)
		},
		"cut": raw(func(*http.Request) string { return "" }),
		"cut in the body": raw(func(*http.Request) string {
			return "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"
		}),
		"no HTTP":    raw(func(r *http.Request) string { return echo(r) + "\r\n\r\n" }),
		"bad status": raw(func(r *http.Request) string { return "HTTP/1.1 " + echo(r) + "\r\n\r\n" }),
		"bad header": raw(func(r *http.Request) string { return "HTTP/1.1 200 OK\r\n" + echo(r) + "\r\n\r\n{}" }),
		"bad length": raw(func(r *http.Request) string {
			return "HTTP/1.1 200 OK\r\nContent-Length: " + echo(r) + "\r\n\r\n{}"
		}),
		"huge header": raw(func(*http.Request) string {
			return "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20) + "\r\n\r\n{}"
		}),
		"slow": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"slow body": func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "{")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		},
	}
}

func echo(r *http.Request) string { return r.Header.Get("Authorization") + r.URL.String() }

// raw writes what needs not be HTTP, and cuts the connection.
func raw(text func(*http.Request) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = io.WriteString(conn, text(r))
		_ = conn.Close()
	}
}

// Exercise has a path of p fail in every way. Each time call, which signs somebody
// in, must say that the provider cannot be reached, and nothing that is secret.
func Exercise(t *testing.T, p *Provider, path string, secrets []string, call func() error) {
	t.Helper()
	logs := Logs(t)
	for name, trouble := range Troubles() {
		p.On(path, trouble)
		err := call()
		if !hook.IsUnreachable(err) {
			t.Errorf("%s: %v", name, err)
		}
		Clean(t, fmt.Sprint(name, ": ", err), secrets...)
	}
	Clean(t, logs(), secrets...)
	if p.Calls("/elsewhere") > 0 {
		t.Error("a redirect was followed")
	}
}

// Clean fails the test if a text holds a secret.
func Clean(t testing.TB, text string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("it tells the secret %q: %.500s", secret, text)
		}
	}
}
