package identity

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func FuzzRefreshToken(f *testing.F) {
	f.Add(newRefreshToken(uuid.New()).encode())
	f.Add("mr1_" + strings.Repeat("A", 64))
	f.Add("mr1_" + strings.Repeat("\n", 64))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		token, ok := parseRefreshToken(text)
		if ok && token.encode() != text {
			t.Fatalf("%q is another text of %q", text, token.encode())
		}
		if !ok && token != (refreshToken{}) {
			t.Fatalf("%q was refused and gave %v", text, token)
		}
	})
}

func FuzzAccessToken(f *testing.F) {
	tokens := newAccessTokens(testSecret, "arena")
	now := time.Now()
	good, err := tokens.sign("account", "sid", now, now.Add(time.Hour*24*365))
	if err != nil {
		f.Fatal(err)
	}
	parts := strings.Split(good, ".")
	f.Add(good)
	f.Add(parts[0] + "." + parts[1] + ".")
	f.Add(parts[0] + "..")
	f.Add("..")
	f.Add(strings.Repeat(".", 100))
	f.Fuzz(func(t *testing.T, text string) {
		claims, err := tokens.parse(text)
		if text == good {
			if err != nil || claims.AccountID != "account" || claims.SID != "sid" {
				t.Fatalf("the good one: %+v, %v", claims, err)
			}
			return
		}
		// Nobody without the key can make another text that is accepted.
		if err == nil {
			t.Fatalf("%q was accepted as %+v", text, claims)
		}
		if claims != (Claims{}) {
			t.Fatalf("%q was refused and gave %+v", text, claims)
		}
		if len(text) > 20 && strings.Contains(err.Error(), text) {
			t.Fatalf("the error quotes the token: %v", err)
		}
	})
}
