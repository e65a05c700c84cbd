package script_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/fetch"
)

func TestFetchRefusesWithoutClient(t *testing.T) {
	v := load(t, one(`(ctx) => ctx.fetch("https://example.com").catch((e) => e.code)`))
	if got, err := rpc(t, v); err != nil || got != "fetch_refused" {
		t.Errorf("it answered %v, %v", got, err)
	}
}

func TestFetch(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Seen", r.Header.Get("X-Token"))
		switch r.URL.Path {
		case "/none":
			w.WriteHeader(http.StatusNotFound)
		case "/deep":
			fmt.Fprint(w, strings.Repeat("[", 300)+strings.Repeat("]", 300))
		case "/text":
			fmt.Fprint(w, "no JSON")
		default:
			fmt.Fprintf(w, `{"method":%q,"body":%q}`, r.Method, body)
		}
	}))
	defer server.Close()
	client, err := fetch.New(fetch.Options{Allow: []string{strings.TrimPrefix(server.URL, "http://")}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	tests := map[string]struct {
		body string
		want any
	}{
		"get":      {`const r = await fetch(url); return [r.status, r.ok, r.json()]`, []any{200.0, true, map[string]any{"method": "GET", "body": ""}}},
		"post":     {`const r = await fetch(url, { method: "POST", body: JSON.stringify([1]), headers: { "X-Token": "t" } }); return [r.json(), r.headers["x-seen"]]`, []any{map[string]any{"method": "POST", "body": "[1]"}, "t"}},
		"status":   {`const r = await fetch(url + "/none"); return [r.status, r.ok, r.text()]`, []any{404.0, false, ""}},
		"text":     {`const r = await fetch(url + "/text"); try { r.json() } catch (e) { return [r.text(), e instanceof SyntaxError] }`, []any{"no JSON", true}},
		"deep":     {`const r = await fetch(url + "/deep"); try { r.json() } catch (e) { return e.message }`, "JSON nested over 256 levels"},
		"refused":  {`try { await fetch("http://example.com/") } catch (e) { return [e.code, e instanceof Error] }`, []any{"fetch_refused", true}},
		"bad body": {`try { fetch(url, { body: { a: 1 } }) } catch (e) { return e.message }`, "body must be text, is an object: use JSON.stringify"},
		"no url":   {`try { fetch() } catch (e) { return e.message }`, "fetch needs an address as text, got missing"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			v := load(t, one(`async ({ fetch }, url) => { `+test.body+` }`), func(o *script.Options) { o.Fetch = client })
			got, err := rpc(t, v, server.URL)
			if err != nil {
				t.Fatal(err)
			}
			same(t, got, test.want)
		})
	}
}
