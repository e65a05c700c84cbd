package transport

import (
	"errors"
	"net/http"

	"github.com/muster-gg/muster/core/identity"
	"github.com/muster-gg/muster/core/store"
)

// postIdentity is POST /accounts/me/identities/{provider}: it links one. Its body
// is that of a sign-in, and so is its limit: a provider is asked.
func (s *Server) postIdentity(w http.ResponseWriter, r *http.Request, m matched) error {
	who, err := m.game.authenticate(r)
	if err != nil {
		return err
	}
	from := s.proxies.client(r.RemoteAddr, r.Header)
	if err := s.limits.signIn(network(from)); err != nil {
		return err
	}
	fields, err := readObject(w, r, false)
	if err != nil {
		return err
	}
	a, err := m.game.Identity.Link(r.Context(), who.AccountID, m.rest, fields, from.String())
	return writeAccount(w, a, err)
}

// deleteIdentity is DELETE /accounts/me/identities/{provider}.
func (s *Server) deleteIdentity(w http.ResponseWriter, r *http.Request, m matched) error {
	who, err := m.game.authenticate(r)
	if err != nil {
		return err
	}
	a, err := m.game.Identity.Unlink(r.Context(), who.AccountID, m.rest)
	return writeAccount(w, a, err)
}

// writeAccount answers with a changed account. That there is none any more is told
// as invalid_token.
func writeAccount(w http.ResponseWriter, a store.Account, err error) error {
	if errors.Is(err, identity.ErrAccountNotFound) {
		return errInvalidToken.With(err)
	}
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, newAccountBody(a, true))
	return nil
}

// getExport is GET /accounts/me/export. The file is written as it is read from the
// store; exports count as sign-ins, since they ask for as much.
func (s *Server) getExport(w http.ResponseWriter, r *http.Request, m matched) error {
	who, err := m.game.authenticate(r)
	if err != nil {
		return err
	}
	if err := s.limits.signIn(network(s.proxies.client(r.RemoteAddr, r.Header))); err != nil {
		return err
	}
	file := &download{w: w, name: m.game.Name + "-account.json"}
	err = m.game.Identity.Export(r.Context(), who.AccountID, file)
	switch {
	case err != nil && file.begun:
		s.writeLog(w, r, err)
		panic(http.ErrAbortHandler) // half a file must not look like a whole one
	case errors.Is(err, identity.ErrAccountNotFound):
		return errInvalidToken.With(err)
	}
	return err
}

// download is an answer to be saved as a file. Its header is written with its first
// bytes: until then the answer may still be an error.
type download struct {
	w     http.ResponseWriter
	name  string
	begun bool
}

// Write implements io.Writer.
func (d *download) Write(b []byte) (int, error) {
	if !d.begun {
		d.begun = true
		h := d.w.Header()
		h.Set("Content-Type", "application/json; charset=utf-8")
		h.Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		d.w.WriteHeader(http.StatusOK)
	}
	return d.w.Write(b)
}
