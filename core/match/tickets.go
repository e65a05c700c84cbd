package match

import (
	"crypto/subtle"
	"encoding/base64"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/muster-gg/muster/core/identity"
	"github.com/muster-gg/muster/core/lobby"
)

// Signer makes the secrets of matches. All are derived from the server's secret,
// so nothing is stored and every node makes the same. Safe for concurrent use.
type Signer struct {
	game   string
	secret []byte
	life   time.Duration
}

// NewSigner returns the signer of one game. life is how long a ticket is good
// for: as long as a match may last.
func NewSigner(game string, secret []byte, life time.Duration) *Signer {
	return &Signer{game: game, secret: secret, life: life}
}

// ticketClaims are the claims of a join ticket (see "Join ticket" of the protocol).
type ticketClaims struct {
	jwt.RegisteredClaims
	MatchID string `json:"mid"`
	Name    string `json:"name"`
	Team    string `json:"team"`
}

// Ticket signs the join ticket of a player of a match's roster, "" for anybody else.
func (s *Signer) Ticket(m *lobby.Match, accountID string) string {
	for _, team := range m.Teams {
		for _, p := range team.Players {
			if p.AccountID == accountID && !p.Bot {
				return s.sign(m.ID, team.Name, p)
			}
		}
	}
	return ""
}

func (s *Signer) sign(matchID, team string, p lobby.RosterPlayer) string {
	now := time.Now()
	key := identity.DeriveKey(s.secret, "join ticket", s.game, matchID)
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, ticketClaims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: "muster", Audience: jwt.ClaimStrings{s.game}, Subject: p.AccountID,
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(s.life)),
		},
		MatchID: matchID, Name: p.Username, Team: team,
	}).SignedString(key[:])
	if err != nil {
		return "" // HS256 with a byte key cannot fail
	}
	return token
}

// ticketKey is the payload's `ticketKey`: what the game server checks tickets with.
func (s *Signer) ticketKey(matchID string) string {
	key := identity.DeriveKey(s.secret, "join ticket", s.game, matchID)
	return base64.RawURLEncoding.EncodeToString(key[:])
}

// resultToken is the bearer that the game server reports its result with.
func (s *Signer) resultToken(matchID string) string {
	key := identity.DeriveKey(s.secret, "result token", s.game, matchID)
	return base64.RawURLEncoding.EncodeToString(key[:])
}

func (s *Signer) checkResultToken(matchID, bearer string) bool {
	return subtle.ConstantTimeCompare([]byte(bearer), []byte(s.resultToken(matchID))) == 1
}
