package transport

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-gg/muster/sdk/js"
)

func webFolder(t *testing.T) string {
	t.Helper()
	outside := t.TempDir()
	folder := filepath.Join(outside, "web")
	for name, text := range map[string]string{
		"../secret.txt": "secret", "index.html": "<h1>hi</h1>", "app.js": "let x", "data.bin": "\x00\x01", "sub/index.html": "sub",
		"empty/file.css": "a{}", ".env": "SECRET=1", ".git/config": "secret", "sub/.hidden": "secret", "noindex/a.txt": "a",
	} {
		p := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"out.txt": "../secret.txt", "abs.txt": filepath.Join(outside, "secret.txt"), "in.js": "app.js", "outdir": ".."} {
		if err := os.Symlink(to, filepath.Join(folder, link)); err != nil {
			t.Skip(err) // no links on this system
		}
	}
	return folder
}

func TestStaticFiles(t *testing.T) {
	folder := webFolder(t)
	n := start(t, func(s *setup) { s.Games[0].Web = folder })
	for path, want := range map[string]struct{ kind, body string }{
		"/games/arena/play/":               {"text/html; charset=utf-8", "<h1>hi</h1>"},
		"/games/arena/play/index.html":     {"text/html; charset=utf-8", "<h1>hi</h1>"},
		"/play/":                           {"text/html; charset=utf-8", "<h1>hi</h1>"},
		"/games/arena/play/app.js":         {"text/javascript; charset=utf-8", "let x"},
		"/games/arena/play/in.js":          {"text/javascript; charset=utf-8", "let x"},
		"/games/arena/play/data.bin":       {"application/octet-stream", "\x00\x01"},
		"/games/arena/play/sub/":           {"text/html; charset=utf-8", "sub"},
		"/games/arena/play/empty/file.css": {"text/css; charset=utf-8", "a{}"},
	} {
		status, header, body := n.full("GET", path, "", "", nil)
		if status != 200 || body != want.body || header.Get("Content-Type") != want.kind ||
			header.Get("X-Content-Type-Options") != "nosniff" || header.Get("ETag") == "" {
			t.Errorf("%s: %d %q %v", path, status, body, header)
		}
		if status, _, body := n.full("GET", path, "", "", http.Header{"If-None-Match": {header.Get("ETag")}}); status != 304 || body != "" {
			t.Errorf("%s: not revalidated: %d %q", path, status, body)
		}
		if status, _, body := n.full("HEAD", path, "", "", nil); status != 200 || body != "" {
			t.Errorf("HEAD %s: %d %q", path, status, body)
		}
	}
	for path, to := range map[string]string{
		"/games/arena": "/games/arena/play/", "/games/arena/": "/games/arena/play/", "/games/arena/play": "/games/arena/play/",
		"/games/arena/play/sub": "/games/arena/play/sub/",
	} {
		if status, header, _ := n.full("GET", path, "", "", nil); status != 302 || header.Get("Location") != to {
			t.Errorf("%s: %d %q", path, status, header.Get("Location"))
		}
	}
	for _, path := range []string{
		"../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", "sub/../../secret.txt", "%2e%2e%2fsecret.txt", "..%5csecret.txt",
		"out.txt", "abs.txt", "outdir/secret.txt", ".env", ".git/config", "sub/.hidden", "%2eenv", "noindex", "noindex/", "none.html",
		"//etc/passwd", "%2fetc/passwd", "app.js/", "app.js/x", "a%00.js", "C:/x", "sub//index.html", "./app.js",
	} {
		for _, below := range []string{"/games/arena/play/", "/play/"} {
			if status, body := n.get(below+path, ""); status == 200 || strings.Contains(body, "secret") {
				t.Errorf("%s%s: %d %q", below, path, status, body)
			}
		}
	}
	if status, _ := n.get("/games/duel/play/", ""); status != 404 {
		t.Error(status)
	}
	if status, _ := n.post("/games/arena/play/app.js", "", ""); status != 404 {
		t.Error(status)
	}
}

func TestSDK(t *testing.T) {
	n := start(t, nil)
	status, header, body := n.full("GET", "/sdk/muster.js", "", "", nil)
	if status != 200 || body != string(js.Client) || header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("%d %v, %d bytes", status, header, len(body))
	}
	if status, _, _ := n.full("GET", "/sdk/muster.js", "", "", http.Header{"If-None-Match": {header.Get("ETag")}}); status != 304 {
		t.Error(status)
	}
}
