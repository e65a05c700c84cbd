package fetch_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-gg/muster/runtime/script/fetch"
)

func TestDo(t *testing.T) {
	host := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Add("X-Two", "a")
		w.Header().Add("X-Two", "b")
		w.WriteHeader(http.StatusTeapot)
		_ = json.NewEncoder(w).Encode([]string{r.Method, r.URL.RequestURI(), r.Header.Get("Authorization"), r.Host, string(body)})
	})
	c := newClient(t, fetch.Options{Allow: []string{host}})
	got, err := c.Do(t.Context(), fetch.Request{
		Method: "post", URL: "http://" + host + "/a?b=c", Headers: map[string]string{"authorization": "key"}, Body: []byte("hello"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `["POST","/a?b=c","key","` + host + `","hello"]`
	if got.Status != http.StatusTeapot || got.Headers["x-two"] != "a, b" || strings.TrimSpace(string(got.Body)) != want {
		t.Errorf("got %d %v %s, want %s", got.Status, got.Headers, got.Body, want)
	}
}

func TestRefused(t *testing.T) {
	host := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the server was asked") })
	c := newClient(t, fetch.Options{
		Allow:  []string{host, named(t, "near.example", host), named(t, "localhost", host), "*.wild.example", "plain.example"},
		Lookup: names(map[string]string{"near.example": "127.0.0.1", "localhost": "10.1.2.3", "a.wild.example": "169.254.169.254", "plain.example": "::ffff:10.0.0.1"}),
	})
	for _, test := range []struct{ name, url, text string }{
		{"not listed", "https://evil.com/x", `fetch: "evil.com" is not in the allow list of this hooks block`},
		{"another port", "http://127.0.0.1:1/", `fetch: "127.0.0.1:1" is not in the allow list of this hooks block`},
		{"usual port of a listed other one", "http://127.0.0.1/", `fetch: "127.0.0.1" is not in the allow list of this hooks block`},
		{"another form of the address", "http://2130706433:80/", `fetch: "2130706433" is not in the allow list of this hooks block`},
		{"user as host", "http://" + host + "@evil.com/", `fetch: the address must not have a user or password: use the Authorization header`},
		{"the wild host itself", "https://wild.example/", `fetch: "wild.example" is not in the allow list of this hooks block`},
		{"end of a name", "https://evilplain.example/", `fetch: "evilplain.example" is not in the allow list of this hooks block`},
		{"scheme", "file:///etc/passwd", `fetch: the address must begin with http:// or https://`},
		{"no host", "https:///x", `fetch: the address has no host`},
		{"relative", "/x", `fetch: the address must begin with http:// or https://`},
		{"control", "http://" + host + "/\n", `fetch: the address is not valid`},
		{"long", "http://" + host + "/" + strings.Repeat("x", fetch.MaxURL), `fetch: the address is over 2048 bytes`},
		{"name of a private address", "http://" + named(t, "near.example", host), ""},
		{"localhost elsewhere", "http://" + named(t, "localhost", host), ""},
		{"metadata", "http://a.wild.example/latest", `fetch: "a.wild.example" may not be reached at 169.254.169.254:80, which is not public`},
		{"mapped", "http://plain.example/", `fetch: "plain.example" may not be reached at 10.0.0.1:80, which is not public`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := get(t, c, test.url)
			fails(t, err, fetch.CodeRefused, test.text)
		})
	}
	for _, test := range []struct {
		name    string
		request fetch.Request
		text    string
	}{
		{"host header", fetch.Request{Headers: map[string]string{"host": "evil.com"}}, "fetch: the header Host cannot be set"},
		{"hop by hop", fetch.Request{Headers: map[string]string{"Transfer-encoding": "chunked"}}, "fetch: the header Transfer-Encoding cannot be set"},
		{"proxy", fetch.Request{Headers: map[string]string{"proxy-x": "1"}}, "fetch: the header Proxy-X cannot be set"},
		{"second header", fetch.Request{Headers: map[string]string{"A": "b\r\nHost: evil.com"}}, "fetch: the header A has control characters"},
		{"name", fetch.Request{Headers: map[string]string{"A: b": "c"}}, `fetch: "A: b" is not the name of a header`},
		{"headers", fetch.Request{Headers: map[string]string{"A": strings.Repeat("x", fetch.MaxHeaders)}}, "fetch: the headers are over 8 KiB"},
		{"method", fetch.Request{Method: "CONNECT"}, `fetch: the method "CONNECT" is not supported`},
		{"body", fetch.Request{Method: "POST", Body: make([]byte, fetch.MaxBody+1)}, "fetch: the body is over 64 KiB"},
		{"body of a GET", fetch.Request{Body: []byte("x")}, "fetch: a GET request has no body"},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.request.URL = "http://" + host
			_, err := c.Do(t.Context(), test.request)
			fails(t, err, fetch.CodeRefused, test.text)
		})
	}
}

// TestRebinding has a name that is harmless when it is first asked for.
func TestRebinding(t *testing.T) {
	hits := 0
	host := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		hits++
		w.Header().Set("Connection", "close")
	})
	home := named(t, "localhost", host)
	known := map[string]string{"localhost": "127.0.0.1", "rebind.example": "127.0.0.1"}
	c := newClient(t, fetch.Options{Allow: []string{home, named(t, "rebind.example", host)}, Lookup: names(known)})
	if _, err := get(t, c, "http://"+home); err != nil || hits != 1 {
		t.Fatal(err, hits)
	}
	known["localhost"] = "192.168.0.1"
	_, err := get(t, c, "http://"+home)
	fails(t, err, fetch.CodeRefused, "")
	_, err = get(t, c, "http://"+named(t, "rebind.example", host))
	fails(t, err, fetch.CodeRefused, "")
	if hits != 1 {
		t.Errorf("the server was asked %d times", hits)
	}
}

func TestIPv6(t *testing.T) {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skip("no IPv6 here: ", err)
	}
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.NotFoundHandler()}}
	s.Start()
	t.Cleanup(s.Close)
	c := newClient(t, fetch.Options{Allow: []string{l.Addr().String()}})
	if r, err := get(t, c, s.URL); err != nil || r.Status != http.StatusNotFound {
		t.Fatal(r, err)
	}
	_, err = get(t, c, "http://[fe80::1%25lo]/")
	fails(t, err, fetch.CodeRefused, "")
}

func TestTooLarge(t *testing.T) {
	host := serve(t, func(w http.ResponseWriter, r *http.Request) {
		size := fetch.MaxResponse
		if r.URL.Path != "/fits" {
			size++
		}
		if r.URL.Path != "/bomb" {
			_, _ = w.Write(bytes.Repeat([]byte("x"), size))
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write(make([]byte, 20*fetch.MaxResponse))
		_ = z.Close()
	})
	c := newClient(t, fetch.Options{Allow: []string{host}})
	if r, err := get(t, c, "http://"+host+"/fits"); err != nil || len(r.Body) != fetch.MaxResponse {
		t.Fatal(err)
	}
	for _, path := range []string{"/big", "/bomb"} {
		_, err := get(t, c, "http://"+host+path)
		fails(t, err, fetch.CodeTooLarge, "fetch: the answer of 127.0.0.1 is over 1 MiB")
	}
}

func TestSlow(t *testing.T) {
	host := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			_, _ = w.Write([]byte("begun"))
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	})
	c := newClient(t, fetch.Options{Allow: []string{host}, Timeout: 50 * time.Millisecond})
	for _, path := range []string{"/head", "/body"} {
		_, err := get(t, c, "http://"+host+path)
		fails(t, err, fetch.CodeTimeout, "fetch: 127.0.0.1 did not answer in time")
	}
	patient := newClient(t, fetch.Options{Allow: []string{host}})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := patient.Do(ctx, fetch.Request{URL: "http://" + host})
	fails(t, err, fetch.CodeTimeout, "")
}

func TestFailed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := l.Addr().String()
	_ = l.Close()
	c := newClient(t, fetch.Options{Allow: []string{host, "none.example"}, Lookup: names(nil)})
	_, err = get(t, c, "http://"+host+"/?key=secret")
	fails(t, err, fetch.CodeFailed, "")
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the error tells the query: %v", err)
	}
	_, err = get(t, c, "https://none.example/")
	fails(t, err, fetch.CodeFailed, "fetch: none.example: no such host")
}

func TestCallsAreBounded(t *testing.T) {
	arrived, leave := make(chan struct{}, 3), make(chan struct{})
	host := serve(t, func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-leave
	})
	c := newClient(t, fetch.Options{Allow: []string{host}, Calls: 2})
	var calls sync.WaitGroup
	for range 2 {
		calls.Go(func() {
			if _, err := get(t, c, "http://"+host); err != nil {
				t.Error(err)
			}
		})
	}
	<-arrived
	<-arrived
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := c.Do(ctx, fetch.Request{URL: "http://" + host})
	fails(t, err, fetch.CodeTimeout, "")
	if len(arrived) != 0 {
		t.Error("a third call reached the server")
	}
	close(leave)
	calls.Wait()
}

func TestClose(t *testing.T) {
	arrived := make(chan struct{})
	host := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	c := newClient(t, fetch.Options{Allow: []string{host}})
	ended := make(chan error, 1)
	go func() {
		_, err := c.Do(context.Background(), fetch.Request{URL: "http://" + host})
		ended <- err
	}()
	<-arrived
	c.Close()
	fails(t, <-ended, fetch.CodeFailed, "fetch: the call to 127.0.0.1 was given up")
	_, err := get(t, c, "http://"+host)
	fails(t, err, fetch.CodeFailed, "fetch: this version of the script has ended")
}

func TestCloseEndsConnections(t *testing.T) {
	closed := make(chan struct{}, 1)
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			closed <- struct{}{}
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	c, err := fetch.New(fetch.Options{Allow: []string{s.Listener.Addr().String()}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := get(t, c, s.URL); err != nil {
		t.Fatal(err)
	}
	c.Close()
	select {
	case <-closed:
	case <-time.After(5 * time.Second):
		t.Error("a connection is still open")
	}
}
