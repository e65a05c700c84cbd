package gameflowtest

import "net/http/httptest"

// Server is a Platform that listens on loopback.
type Server struct {
	*Platform
	// URL is the API's base.
	URL  string
	http *httptest.Server
}

// NewServer starts a platform. Close it.
func NewServer(o Options) *Server {
	p := New(o)
	h := httptest.NewServer(p)
	return &Server{Platform: p, URL: h.URL + "/v1", http: h}
}

// Close ends open connections and the listener. Later calls find nobody.
func (s *Server) Close() {
	s.http.CloseClientConnections()
	s.http.Close()
}
