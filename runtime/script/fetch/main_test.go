package fetch_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"testing"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/runtime/script/fetch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs a server at 127.0.0.1 and returns its host with the port.
func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// named is the host of a server under another name.
func named(t *testing.T, name, server string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(server)
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort(name, port)
}

func newClient(t *testing.T, o fetch.Options) *fetch.Client {
	t.Helper()
	c, err := fetch.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// names is a resolver that knows these alone.
func names(known map[string]string) func(context.Context, string) ([]netip.Addr, error) {
	return func(_ context.Context, host string) ([]netip.Addr, error) {
		if ip, ok := known[host]; ok {
			return []netip.Addr{netip.MustParseAddr(ip)}, nil
		}
		return nil, errors.New("no such host")
	}
}

func get(t *testing.T, c *fetch.Client, address string) (*fetch.Response, error) {
	t.Helper()
	return c.Do(t.Context(), fetch.Request{URL: address})
}

// fails checks an error's code and text.
func fails(t *testing.T, err error, code, text string) {
	t.Helper()
	var e *fetch.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an error %s", err, code)
	}
	if e.Code != code || text != "" && e.Text != text {
		t.Errorf("got %s %q, want %s %q", e.Code, e.Text, code, text)
	}
}

func escape(s string) string { return url.QueryEscape(s) }
