package gameserver

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"hash"
	"os"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write testdata/tickets.json anew")

const vectorFile = "testdata/tickets.json"

// vector is one case that the ticket checks of all languages must agree on.
type vector struct {
	Name string `json:"name"`
	// What the game server has: its payload's fields, and its clock (ms since 1970).
	TicketKey string `json:"ticketKey"`
	Game      string `json:"game"`
	MatchID   string `json:"matchId"`
	Now       int64  `json:"now"`
	// The ticket, and what was signed into it, for readers.
	Token  string          `json:"token"`
	Header json.RawMessage `json:"header,omitempty"`
	Claims json.RawMessage `json:"claims,omitempty"`
	// ok, invalid, expired, other_match or no_key.
	Want   string        `json:"want"`
	Player *vectorPlayer `json:"player,omitempty"`
}

type vectorPlayer struct {
	AccountID string `json:"accountId"`
	Name      string `json:"name"`
	Team      string `json:"team"`
}

var outcomes = map[string]error{
	"ok": nil, "invalid": ErrTicketInvalid, "expired": ErrTicketExpired, "other_match": ErrTicketOtherMatch, "no_key": ErrNoTicketKey,
}

func TestTicketVectors(t *testing.T) {
	raw, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			want, known := outcomes[v.Want]
			if !known {
				t.Fatalf("unknown outcome %q", v.Want)
			}
			p := &Payload{MatchID: v.MatchID, Game: v.Game, TicketKey: v.TicketKey}
			player, err := p.checkTicket(v.Token, time.UnixMilli(v.Now))
			if !errors.Is(err, want) {
				t.Fatalf("error is %v, want %s", err, v.Want)
			}
			switch {
			case err != nil:
				if player != (Player{}) {
					t.Errorf("a refused ticket gave %+v", player)
				}
			case (vectorPlayer{player.AccountID, player.Name, player.Team}) != *v.Player:
				t.Errorf("player is %+v, want %+v", player, *v.Player)
			}
		})
	}
}

// The file is made from the cases below by an HMAC of our own, so that it does
// not inherit what a JWT library thinks.
func TestTicketVectorsAreFresh(t *testing.T) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(makeVectors()); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(vectorFile, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stored, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored, out.Bytes()) {
		t.Error(vectorFile + " is stale: go test -run Fresh -update, and read the difference")
	}
}

const (
	vectorNow  = 1_800_000_000_000 // ms
	vectorGame = "arena"
	vectorID   = "0f9f2b1c-5d0a-4c58-9a44-0d9f5a6f3c11"
	goodHeader = `{"alg":"HS256","typ":"JWT"}`
	goodClaims = `{"iss":"muster","sub":"acc-1","aud":["arena"],"exp":1800007200,"iat":1800000000,"mid":"` + vectorID +
		`","name":"Zoë 🎮","team":"Red"}`
)

func testKey(first byte, n int) []byte {
	key := make([]byte, n)
	for i := range key {
		key[i] = first + byte(i)
	}
	return key
}

var (
	vectorKey = base64.RawURLEncoding.EncodeToString(testKey(0, 32))
	otherKey  = base64.RawURLEncoding.EncodeToString(testKey(100, 32))
)

func sign(key, header, claims string) string { return signWith(sha256.New, key, header, claims) }

func signWith(h func() hash.Hash, key, header, claims string) string {
	raw, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil {
		panic(err)
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	mac := hmac.New(h, raw)
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func makeVectors() []vector {
	var all []vector
	add := func(want, name, header, claims, token string, change ...func(*vector)) {
		v := vector{Name: name, TicketKey: vectorKey, Game: vectorGame, MatchID: vectorID, Now: vectorNow, Token: token, Want: want}
		if json.Valid([]byte(header)) {
			v.Header = json.RawMessage(header)
		}
		if json.Valid([]byte(claims)) {
			v.Claims = json.RawMessage(claims)
		}
		if want == "ok" {
			v.Player = &vectorPlayer{"acc-1", "Zoë 🎮", "Red"}
		}
		for _, f := range change {
			f(&v)
		}
		all = append(all, v)
	}
	claims := func(want, name, old, new string, change ...func(*vector)) {
		c := strings.Replace(goodClaims, old, new, 1)
		if c == goodClaims && old != new {
			panic(name)
		}
		add(want, name, goodHeader, c, sign(vectorKey, goodHeader, c), change...)
	}
	header := func(want, name, h string) { add(want, name, h, goodClaims, sign(vectorKey, h, goodClaims)) }
	token := func(want, name, tok string) { add(want, name, "", "", tok) }
	at := func(ms int64) func(*vector) { return func(v *vector) { v.Now = ms } }
	key := func(k string) func(*vector) { return func(v *vector) { v.TicketKey = k } }

	claims("ok", "good", "", "")
	claims("ok", "key with padding", "", "", key(vectorKey+"="))
	claims("ok", "audience is a string", `["arena"]`, `"arena"`)
	claims("ok", "one of several audiences", `["arena"]`, `["duel","arena"]`)
	claims("ok", "clock behind the signer's", "", "", at(vectorNow-3_600_000))
	claims("ok", "last second", "", "", at(1_800_007_199_999))
	claims("ok", "claims that are not known", `"team"`, `"more":{"a":[1]},"team"`)
	header("ok", "header fields that are not known", `{"alg":"HS256","kid":"k","typ":"JWT"}`)
	header("ok", "no type in the header", `{"alg":"HS256"}`)

	claims("expired", "expired this moment", "", "", at(1_800_007_200_000))
	claims("expired", "expired long ago", "", "", at(1_900_000_000_000))
	claims("other_match", "of another match, with this key", vectorID, "another")
	other := strings.Replace(goodClaims, vectorID, "another", 1)
	add("other_match", "of another match, with its key", goodHeader, other, sign(otherKey, goodHeader, other))

	add("invalid", "wrong key", goodHeader, goodClaims, sign(otherKey, goodHeader, goodClaims))
	claims("invalid", "no match", `"mid"`, `"mid2"`)
	claims("invalid", "match is not text", `"mid":"`+vectorID+`"`, `"mid":1`)
	claims("invalid", "no expiry", `"exp"`, `"exp2"`)
	claims("invalid", "expiry is null", `1800007200`, `null`)
	claims("invalid", "no subject", `"sub"`, `"sub2"`)
	claims("invalid", "empty subject", `"acc-1"`, `""`)
	claims("invalid", "subject is not text", `"acc-1"`, `7`)
	claims("invalid", "other issuer", `"muster"`, `"mustard"`)
	claims("invalid", "no issuer", `"iss"`, `"iss2"`)
	claims("invalid", "other audience", `["arena"]`, `["duel"]`)
	claims("invalid", "audience in other letters", `["arena"]`, `["Arena"]`)
	claims("invalid", "no audience", `"aud"`, `"aud2"`)
	claims("invalid", "empty audience", `["arena"]`, `[]`)
	claims("invalid", "not valid yet", `"iat"`, `"nbf":1800000060,"iat"`)
	claims("invalid", "longer than 4 KiB", "Zoë 🎮", strings.Repeat("Z", 4<<10))
	claims("invalid", "claims are a list", goodClaims, `[]`)
	claims("invalid", "claims are no JSON", goodClaims, `{`)

	header("invalid", "algorithm none, signed", `{"alg":"none","typ":"JWT"}`)
	header("invalid", "algorithm in small letters", `{"alg":"hs256","typ":"JWT"}`)
	header("invalid", "no algorithm", `{"typ":"JWT"}`)
	header("invalid", "public key algorithm", `{"alg":"RS256","typ":"JWT"}`)
	header("invalid", "critical extension", `{"alg":"HS256","crit":["b64"],"b64":false}`)
	hs384 := `{"alg":"HS384","typ":"JWT"}`
	add("invalid", "algorithm HS384", hs384, goodClaims, signWith(sha512.New384, vectorKey, hs384, goodClaims))
	hs512 := `{"alg":"HS512","typ":"JWT"}`
	add("invalid", "algorithm HS512", hs512, goodClaims, signWith(sha512.New, vectorKey, hs512, goodClaims))

	good := sign(vectorKey, goodHeader, goodClaims)
	dot := strings.LastIndexByte(good, '.')
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + good[strings.IndexByte(good, '.'):dot+1]
	token("invalid", "algorithm none, unsigned", none)
	token("invalid", "empty", "")
	token("invalid", "two dots", "..")
	token("invalid", "no signature", good[:dot+1])
	token("invalid", "two parts", good[:dot])
	token("invalid", "four parts", good+".x")
	token("invalid", "signature cut short", good[:len(good)-4])
	token("invalid", "padding in the signature", good+"=")
	token("invalid", "stray bits in the signature", good[:len(good)-1]+nextLetter(good[len(good)-1]))
	token("invalid", "white space around", " "+good+" ")
	token("invalid", "bearer prefix", "Bearer "+good)

	add("no_key", "empty key", goodHeader, goodClaims, sign("", goodHeader, goodClaims), key(""))
	short := base64.RawURLEncoding.EncodeToString(testKey(0, 16))
	add("no_key", "short key", goodHeader, goodClaims, sign(short, goodHeader, goodClaims), key(short))
	add("no_key", "key is not base64url", goodHeader, goodClaims, good, key("not a key"))
	add("no_key", "no match in the payload", goodHeader, goodClaims, good, func(v *vector) { v.MatchID = "" })
	add("no_key", "no game in the payload", goodHeader, goodClaims, good, func(v *vector) { v.Game = "" })
	return all
}

// nextLetter changes only the two lowest bits of a base64url letter, which a
// signature of 32 bytes does not use.
func nextLetter(c byte) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(letters[strings.IndexByte(letters, c)|1])
}
