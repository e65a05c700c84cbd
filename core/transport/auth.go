package transport

import (
	"net/http"

	"github.com/muster-gg/muster/core/identity"
)

// postSignIn is POST /auth/{provider}.
func (s *Server) postSignIn(w http.ResponseWriter, r *http.Request, m matched) error {
	from := s.proxies.client(r.RemoteAddr, r.Header)
	if err := s.limits.signIn(network(from)); err != nil {
		return err
	}
	fields, err := readObject(w, r, false)
	if err != nil {
		return err
	}
	got, err := m.game.Identity.SignIn(r.Context(), m.rest, fields, from.String())
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, newSignInBody(got))
	return nil
}

// postRefresh is POST /auth/refresh.
func (s *Server) postRefresh(w http.ResponseWriter, r *http.Request, m matched) error {
	if err := s.limits.signIn(network(s.proxies.client(r.RemoteAddr, r.Header))); err != nil {
		return err
	}
	fields, err := readObject(w, r, false)
	if err != nil {
		return err
	}
	token, ok := fields["refreshToken"].(string)
	if !ok {
		return errInvalidRequest
	}
	got, err := m.game.Identity.Refresh(r.Context(), token)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, newSignInBody(got))
	return nil
}

// postLogout is POST /auth/logout. The identity service tells the registry, which
// closes the sockets.
func (s *Server) postLogout(w http.ResponseWriter, r *http.Request, m matched) error {
	who, err := m.game.authenticate(r)
	if err != nil {
		return err
	}
	fields, err := readObject(w, r, true)
	if err != nil {
		return err
	}
	everywhere := false
	if v, present := fields["everywhere"]; present {
		var ok bool
		if everywhere, ok = v.(bool); !ok {
			return errInvalidRequest
		}
	}
	if err := m.game.Identity.Logout(r.Context(), who, everywhere); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// signInBody is the answer to a sign-in and a refresh.
type signInBody struct {
	AccessToken  string      `json:"accessToken"`
	Account      accountBody `json:"account"`
	RefreshToken string      `json:"refreshToken"`
	ExpiresAt    int64       `json:"expiresAt"`
}

func newSignInBody(s identity.Session) signInBody {
	return signInBody{s.AccessToken, newAccountBody(s.Account, false), s.RefreshToken, s.ExpiresAt}
}
