package transport

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"strconv"
	"strings"
)

//go:embed index.html.tmpl
var indexTemplate string

// indexBody is GET / as JSON.
type indexBody struct {
	Message   string         `json:"message"`
	Version   string         `json:"version"`
	Endpoints endpointsBody  `json:"endpoints"`
	Games     []gameListBody `json:"games"`
}

type endpointsBody struct {
	Auth      []string `json:"auth"`
	Accounts  []string `json:"accounts"`
	Lobbies   []string `json:"lobbies"`
	WebSocket string   `json:"websocket"`
}

type gameListBody struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	// Path is what the game's routes stand below.
	Path string `json:"path"`
	Play string `json:"play,omitempty"`
}

func (s *Server) indexBody() indexBody {
	b := indexBody{Message: "Game Backend API", Version: s.version}
	for _, g := range s.order {
		entry := gameListBody{Name: g.Name, Title: g.Title, Path: "/games/" + g.Name}
		if g.web != nil {
			entry.Play = playURL(g)
		}
		b.Games = append(b.Games, entry)
	}
	// Without a default game nothing answers at the root, so the first one stands
	// for all.
	shown, below := s.defaultGame, ""
	if shown == nil {
		shown = s.order[0]
		below = "/games/" + shown.Name
	}
	b.Endpoints = endpointsBody{
		Auth:     []string{},
		Accounts: []string{below + "/accounts/me"}, Lobbies: []string{below + "/lobbies"},
		WebSocket: below + "/_ws?token=JWT_TOKEN",
	}
	for _, name := range shown.Auth {
		b.Endpoints.Auth = append(b.Endpoints.Auth, below+"/auth/"+name)
	}
	return b
}

// renderIndex makes the page of GET / once; it does not change while the server runs.
func (s *Server) renderIndex() ([]byte, error) {
	t, err := template.New("index").Parse(indexTemplate)
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	err = t.Execute(&page, s.indexBody())
	return page.Bytes(), err
}

// getIndex is GET /.
func (s *Server) getIndex(w http.ResponseWriter, r *http.Request, _ matched) error {
	w.Header().Add("Vary", "Accept")
	if !wantsHTML(r.Header.Get("Accept")) {
		writeJSON(w, http.StatusOK, s.indexBody())
		return nil
	}
	h := w.Header()
	h.Set("Content-Type", contentTypes[".html"])
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-cache")
	_, _ = w.Write(s.index)
	return nil
}

// wantsHTML reports whether an Accept header names text/html with a weight above
// zero and not below that of application/json.
func wantsHTML(accept string) bool {
	html, json := -1.0, -1.0
	for part := range strings.SplitSeq(accept, ",") {
		kind, params, _ := strings.Cut(part, ";")
		weight := 1.0
		for p := range strings.SplitSeq(params, ";") {
			if v, ok := strings.CutPrefix(strings.TrimSpace(p), "q="); ok {
				if q, err := strconv.ParseFloat(v, 64); err == nil {
					weight = q
				}
			}
		}
		switch strings.ToLower(strings.TrimSpace(kind)) {
		case "text/html":
			html = weight
		case "application/json":
			json = weight
		}
	}
	return html > 0 && html >= json
}

func (s *Server) getHealth(w http.ResponseWriter, _ *http.Request, _ matched) error {
	serveHealth(w, s.version)
	return nil
}

func (s *Server) getReady(w http.ResponseWriter, r *http.Request, _ matched) error {
	serveReady(w, s.Checks(r.Context()), false)
	return nil
}
