package transport

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"
	"time"
)

// contentTypes are those of web clients. The system's own table is not asked,
// because it differs from machine to machine.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".htm": "text/html; charset=utf-8",
	".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8", ".txt": "text/plain; charset=utf-8",
	".json": "application/json", ".map": "application/json", ".webmanifest": "application/manifest+json",
	".wasm": "application/wasm", ".xml": "application/xml", ".pdf": "application/pdf",
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
	".gif": "image/gif", ".webp": "image/webp", ".avif": "image/avif", ".ico": "image/x-icon",
	".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".wav": "audio/wav", ".m4a": "audio/mp4",
	".mp4": "video/mp4", ".webm": "video/webm",
	".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf", ".otf": "font/otf",
	".glb": "model/gltf-binary", ".gltf": "model/gltf+json",
}

// web is a game's web client: the files of one folder and nothing outside it,
// symbolic links included.
type web struct{ root *os.Root }

func openWeb(folder string) (*web, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	return &web{root: root}, nil
}

func (w *web) close() error { return w.root.Close() }

// webPath turns what stands after /play/ into a name inside the folder. Names
// that are not clean, begin with a dot anywhere or hold a backslash are refused.
func webPath(rest string) (name string, ok bool) {
	name = rest
	if name == "" || strings.HasSuffix(name, "/") {
		name += "index.html"
	}
	if !fs.ValidPath(name) || path.Clean(name) != name || strings.ContainsAny(name, "\\\x00:") {
		return "", false
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") {
			return "", false
		}
	}
	return name, true
}

// getFile is GET /games/{game}/play/….
func (s *Server) getFile(w http.ResponseWriter, r *http.Request, m matched) error {
	if m.game.web == nil {
		return errNotFound
	}
	name, ok := webPath(m.rest)
	if !ok {
		return errNotFound
	}
	f, err := m.game.web.root.Open(name)
	if err != nil {
		return errNotFound.With(err)
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.IsDir() {
		index := path.Join(name, "index.html")
		if _, err := m.game.web.root.Stat(index); err != nil {
			return errNotFound.With(err)
		}
		// Without the slash, the page's relative links would lead elsewhere.
		redirect(w, r, path.Base(name)+"/")
		return nil
	}
	if !info.Mode().IsRegular() {
		return errNotFound
	}
	h := w.Header()
	kind, known := contentTypes[strings.ToLower(path.Ext(name))]
	if !known {
		kind = "application/octet-stream"
	}
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	// Ask each time, get the body only when it has changed.
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", fmt.Sprintf(`"%x-%x"`, info.Size(), info.ModTime().UnixNano()))
	http.ServeContent(w, r, name, info.ModTime(), f)
	return nil
}

// getGame is GET /games/{game}: the way to its web client, or to the API's index.
func (s *Server) getGame(w http.ResponseWriter, r *http.Request, m matched) error {
	if m.game.web == nil {
		return errNotFound
	}
	redirect(w, r, playURL(m.game))
	return nil
}

// redirectToPlay adds the slash that relative links of the page need.
func (s *Server) redirectToPlay(w http.ResponseWriter, r *http.Request, m matched) error {
	if m.game.web == nil {
		return errNotFound
	}
	redirect(w, r, playURL(m.game))
	return nil
}

func playURL(g *game) string { return "/games/" + g.Name + "/play/" }

func redirect(w http.ResponseWriter, r *http.Request, to string) {
	w.Header().Set("Cache-Control", "no-cache")
	http.Redirect(w, r, to, http.StatusFound)
}

// asset is a file that the server itself brings.
type asset struct {
	body []byte
	etag string
}

func newAsset(body []byte) asset {
	sum := sha256.Sum256(body)
	return asset{body: body, etag: `"` + hex.EncodeToString(sum[:12]) + `"`}
}

// getSDK is GET /sdk/muster.js.
func (s *Server) getSDK(w http.ResponseWriter, r *http.Request, _ matched) error {
	if len(s.sdk.body) == 0 {
		return errNotFound.With(errors.New("no client built in"))
	}
	h := w.Header()
	h.Set("Content-Type", contentTypes[".js"])
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", s.sdk.etag)
	http.ServeContent(w, r, "muster.js", time.Time{}, bytes.NewReader(s.sdk.body))
	return nil
}
