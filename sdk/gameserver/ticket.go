package gameserver

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	ticketIssuer = "muster"
	ticketKeyLen = 32
	maxTicket    = 4 << 10
)

// Player is who a valid ticket speaks for.
type Player struct {
	AccountID string
	Name      string
	// Team is the name of his team.
	Team    string
	Expires time.Time
}

// ticketClaims are the claims of a join ticket (see "Join ticket" of the protocol).
type ticketClaims struct {
	jwt.RegisteredClaims
	MatchID string `json:"mid"`
	Name    string `json:"name"`
	Team    string `json:"team"`
}

// CheckTicket says who presents a join ticket, without a call home. It uses the
// payload that was last read, and fails with ErrTicketInvalid, ErrTicketExpired,
// ErrTicketOtherMatch, ErrNoTicketKey or ErrNoPayload.
func (s *Server) CheckTicket(token string) (Player, error) {
	p := s.current()
	if p == nil {
		return Player{}, ErrNoPayload
	}
	return p.CheckTicket(token)
}

// CheckTicket says who presents a join ticket of this payload's match: an HS256
// JWT signed with the payload's key, issuer "muster", audience the game, `mid`
// the match, not expired. It fails as [Server.CheckTicket].
func (p *Payload) CheckTicket(token string) (Player, error) {
	return p.checkTicket(token, time.Now())
}

func (p *Payload) checkTicket(token string, now time.Time) (Player, error) {
	key, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(p.TicketKey, "="))
	// A short or empty key would let anybody sign.
	if err != nil || len(key) != ticketKeyLen || p.MatchID == "" || p.Game == "" {
		return Player{}, ErrNoTicketKey
	}
	if len(token) > maxTicket {
		return Player{}, ErrTicketInvalid
	}
	var c ticketClaims
	_, err = jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(ticketIssuer), jwt.WithAudience(p.Game),
		jwt.WithExpirationRequired(), jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(func() time.Time { return now }),
	).ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		// Extensions that must be understood, and are not (RFC 7515, 4.1.11).
		if _, ok := t.Header["crit"]; ok {
			return nil, ErrTicketInvalid
		}
		return key, nil
	})
	switch {
	case errors.Is(err, jwt.ErrTokenSignatureInvalid) && p.isOtherMatch(token):
		return Player{}, ErrTicketOtherMatch
	case err == nil && c.MatchID != "" && c.MatchID != p.MatchID:
		return Player{}, ErrTicketOtherMatch
	case onlyExpired(err) && c.MatchID == p.MatchID:
		return Player{}, ErrTicketExpired
	case err != nil || c.Subject == "" || c.MatchID == "":
		return Player{}, ErrTicketInvalid
	}
	return Player{AccountID: c.Subject, Name: c.Name, Team: c.Team, Expires: c.ExpiresAt.Time}, nil
}

// isOtherMatch looks into a ticket that is not signed for this match, to tell its
// holder why it is refused; nothing is granted by it.
func (p *Payload) isOtherMatch(token string) bool {
	var c ticketClaims
	_, _, err := jwt.NewParser().ParseUnverified(token, &c)
	return err == nil && c.Issuer == ticketIssuer && c.MatchID != "" && c.MatchID != p.MatchID
}

// onlyExpired: signed for this match, nothing wrong with it but its age.
func onlyExpired(err error) bool {
	return errors.Is(err, jwt.ErrTokenExpired) &&
		!errors.Is(err, jwt.ErrTokenInvalidIssuer) && !errors.Is(err, jwt.ErrTokenInvalidAudience) &&
		!errors.Is(err, jwt.ErrTokenNotValidYet) && !errors.Is(err, jwt.ErrTokenSignatureInvalid)
}
