package transport

import (
	"net/http"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/muster-gg/muster/core/fault"
)

// answerTimeout bounds how long a client may take to read an answer. WebSockets
// have bounds of their own.
const answerTimeout = 2 * time.Minute

// serve answers one request of the public listener.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	rec := &recorder{ResponseWriter: w}
	route := "other"
	// Where there are no deadlines (tests with recorders) nothing has to be bounded.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(answerTimeout))
	h := w.Header()
	h.Set(requestIDHeader, newRequestID())
	s.origins.headers(h, r)
	defer func() {
		p := recover()
		if p == http.ErrAbortHandler {
			s.metrics.request(route, rec.status)
			panic(p) // the connection is to break
		}
		if p != nil {
			s.log.Error("request panicked", zap.String("requestId", h.Get(requestIDHeader)), zap.String("route", route),
				zap.Any("panic", p), zap.Stack("stack"))
			if rec.status == 0 {
				s.writeError(rec, r, fault.Internal)
			}
		}
		s.metrics.request(route, rec.status)
	}()
	if r.Method == http.MethodOptions {
		rec.WriteHeader(http.StatusNoContent)
		return
	}
	m := s.match(r.Method, r.URL.Path)
	if m.handler == nil {
		s.writeError(rec, r, errNotFound)
		return
	}
	route = m.route
	if err := m.handler(rec, r, m); err != nil {
		s.writeError(rec, r, err)
	}
}

// recorder notes the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach what is below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// matched is what a path and method lead to.
type matched struct {
	// route is the pattern, for metrics.
	route   string
	game    *game  // of the routes below a game
	rest    string // what the route leaves open: a provider, a match id, a file
	handler func(w http.ResponseWriter, r *http.Request, m matched) error
}

// match finds the handler of a request; its handler is nil when there is none,
// be it for the path or for the method. HEAD is answered as GET.
func (s *Server) match(method, path string) matched {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if method == http.MethodGet {
		switch path {
		case "/":
			return matched{route: "/", handler: s.getIndex}
		case "/healthz":
			return matched{route: path, handler: s.getHealth}
		case "/readyz":
			return matched{route: path, handler: s.getReady}
		case "/sdk/muster.js":
			return matched{route: path, handler: s.getSDK}
		}
	}
	if rest, ok := strings.CutPrefix(path, "/v1/"); ok {
		return s.matchServers(rest)
	}
	if below, ok := strings.CutPrefix(path, "/games/"); ok {
		name, rest, ok := strings.Cut(below, "/")
		g := s.games[name]
		if g == nil {
			return matched{}
		}
		if !ok {
			rest = ""
		}
		return s.matchGame(g, method, "/"+rest)
	}
	if s.defaultGame == nil {
		return matched{}
	}
	return s.matchGame(s.defaultGame, method, path)
}

// matchGame finds the handler of a path below a game.
func (s *Server) matchGame(g *game, method, path string) matched {
	m := matched{game: g, route: path}
	switch method + " " + path {
	case "GET /":
		m.handler = s.getGame
	case "POST /auth/refresh":
		m.handler = s.postRefresh
	case "POST /auth/logout":
		m.handler = s.postLogout
	case "GET /accounts/me":
		m.handler = s.getAccount
	case "PATCH /accounts/me":
		m.handler = s.patchAccount
	case "DELETE /accounts/me":
		m.handler = s.deleteAccount
	case "GET /accounts/me/export":
		m.handler = s.getExport
	case "GET /lobbies":
		m.handler = s.getLobbies
	case "GET /_ws":
		m.handler = s.getSocket
	case "GET /play":
		m.handler = s.redirectToPlay
	default:
		return s.matchOpen(m, method, path)
	}
	return m
}

// matchOpen finds the routes that leave a part of their path open.
func (s *Server) matchOpen(m matched, method, path string) matched {
	if method == http.MethodPost {
		if rest, ok := strings.CutPrefix(path, "/auth/"); ok && rest != "" && !strings.Contains(rest, "/") {
			m.route, m.rest, m.handler = "/auth/{provider}", rest, s.postSignIn
			return m
		}
		if rest, ok := strings.CutPrefix(path, "/rpc/"); ok && rest != "" && !strings.Contains(rest, "/") {
			m.route, m.rest, m.handler = "/rpc/{name}", rest, s.postRpc
			return m
		}
		if rest, ok := strings.CutPrefix(path, "/matches/"); ok {
			if id, ok := strings.CutSuffix(rest, "/result"); ok && id != "" && !strings.Contains(id, "/") {
				m.route, m.rest, m.handler = "/matches/{matchId}/result", id, s.postResult
				return m
			}
		}
	}
	if rest, ok := strings.CutPrefix(path, "/accounts/me/identities/"); ok && rest != "" && !strings.Contains(rest, "/") {
		m.route, m.rest = "/accounts/me/identities/{provider}", rest
		switch method {
		case http.MethodPost:
			m.handler = s.postIdentity
		case http.MethodDelete:
			m.handler = s.deleteIdentity
		}
		return m
	}
	if rest, ok := strings.CutPrefix(path, "/play/"); ok && method == http.MethodGet {
		m.route, m.rest, m.handler = "/play/", rest, s.getFile
		return m
	}
	return matched{}
}
