package transport

import "net/http"

// postResult is POST /matches/{matchId}/result, called by game servers.
func (s *Server) postResult(w http.ResponseWriter, r *http.Request, m matched) error {
	token := bearer(r.Header)
	if token == "" {
		return errUnauthorized
	}
	body, err := readBody(w, r, maxResult)
	if err != nil {
		return err
	}
	answer, err := m.game.Matches.Report(r.Context(), m.rest, token, body)
	if err != nil {
		return err
	}
	writeBody(w, http.StatusOK, answer)
	return nil
}
