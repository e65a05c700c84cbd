package fetch_test

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/muster-gg/muster/runtime/script/fetch"
)

func TestRedirects(t *testing.T) {
	end := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Authorization", "Cookie", "X-Api-Key", "Referer"} {
			if r.Header.Get(name) != "" {
				w.Header().Set("Leaked", name)
			}
		}
		w.Header().Set("Accepted", r.Header.Get("Accept"))
	})
	start := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stay" {
			w.Header().Set("Kept", r.Header.Get("Authorization"))
			return
		}
		if n, err := strconv.Atoi(r.URL.Query().Get("left")); err == nil && n > 0 {
			http.Redirect(w, r, "/?left="+strconv.Itoa(n-1), http.StatusFound)
			return
		}
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusTemporaryRedirect)
		}
	})
	c := newClient(t, fetch.Options{
		Allow:  []string{start, end, named(t, "near.example", end)},
		Lookup: names(map[string]string{"near.example": "127.0.0.1"}),
	})
	ask := func(to string) (*fetch.Response, error) {
		return c.Do(t.Context(), fetch.Request{URL: "http://" + start + "/?" + to, Headers: map[string]string{
			"Authorization": "key", "Cookie": "a=b", "X-Api-Key": "key", "Accept": "text/plain",
		}})
	}

	r, err := ask("to=" + escape("/stay"))
	if err != nil || r.Headers["kept"] != "key" {
		t.Errorf("the same host: %v %v", r, err)
	}
	r, err = ask("to=" + escape("http://"+end+"/"))
	if err != nil || r.Headers["leaked"] != "" || r.Headers["accepted"] != "text/plain" {
		t.Errorf("another host: %v %v", r, err)
	}
	if r, err = ask("left=5"); err != nil || r.Status != http.StatusOK {
		t.Errorf("five redirects: %v %v", r, err)
	}
	_, err = ask("left=6")
	fails(t, err, fetch.CodeFailed, "fetch: 127.0.0.1 redirects over 5 times")
	_, err = ask("to=" + escape("http://evil.com/"))
	fails(t, err, fetch.CodeRefused, `fetch: "evil.com" is not in the allow list of this hooks block, to which 127.0.0.1 redirects`)
	_, err = ask("to=" + escape("file:///etc/passwd"))
	fails(t, err, fetch.CodeRefused, "")
	_, err = ask("to=" + escape("http://"+named(t, "near.example", end)+"/"))
	fails(t, err, fetch.CodeRefused, "")
}
