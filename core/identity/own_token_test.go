package identity

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"pgregory.net/rapid"
)

// signedAs makes a token of any text as header and payload, with a good signature.
func (a *accessTokens) signedAs(t interface{ Fatal(...any) }, header, payload string) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	signature, err := jwt.SigningMethodHS256.Sign(text, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// agree checks that what is read quickly is what the library says, and that the two
// ways together say what the library says alone.
func (a *accessTokens) agree(t interface{ Fatalf(string, ...any) }, text string) (quick bool) {
	claims, quick := a.own.read(text)
	want, wantErr := a.parseAny(text)
	switch {
	case !quick && claims != (Claims{}):
		t.Fatalf("%q was left to the library and gave %+v", text, claims)
	case quick && wantErr == nil && claims != want:
		t.Fatalf("%q: %+v, the library says %+v", text, claims, want)
	case quick && wantErr != nil && !errors.Is(wantErr, errExpired):
		t.Fatalf("%q: %+v, the library says %v", text, claims, wantErr)
	case quick && errors.Is(wantErr, errExpired) && claims.ExpiresAt.After(time.Now()):
		t.Fatalf("%q: expired and valid until %v", text, claims.ExpiresAt)
	}
	if got, err := a.parse(text); got != want || !errors.Is(err, wantErr) {
		t.Fatalf("%q: %+v, %v, the library says %+v, %v", text, got, err, want, wantErr)
	}
	return quick
}

// What sign writes is read quickly, whatever is in it but what JSON escapes.
func TestOwnTokens(t *testing.T) {
	tokens := newAccessTokens(testSecret, "arena")
	now := time.Now()
	for _, c := range []struct {
		account, sid string
		expires      time.Time
		quick        bool
	}{
		{"3f1c6b4e-0f5b-4a52-9f0d-0d6a3a8f9c11", "0190c5a0-7c3e-7b1e-8a51-2f6f0f6d3c22", now.Add(time.Hour), true},
		{"a", "s", now.Add(time.Second), true},
		{"a", "s", now.Add(100 * 365 * 24 * time.Hour), true},
		{"a b~!", "s", now.Add(time.Hour), true},
		{"a", "s", now.Add(-time.Hour), true}, // parse looks at the time
		{`a"b`, "s", now.Add(time.Hour), false},
		{`a\b`, "s", now.Add(time.Hour), false},
		{"a<b", "s", now.Add(time.Hour), false},
		{"é", "s", now.Add(time.Hour), false},
		{"a\x7f", "s", now.Add(time.Hour), false},
		{"a\xff", "s", now.Add(time.Hour), false},
		{"", "s", now.Add(time.Hour), false},
		{"a", "", now.Add(time.Hour), false},
		{"a", "s", time.Unix(-5, 0), false},
		{strings.Repeat("a", 1000), "s", now.Add(time.Hour), true},
	} {
		text, err := tokens.sign(c.account, c.sid, now, c.expires)
		if err != nil {
			t.Fatal(err)
		}
		if quick := tokens.agree(t, text); quick != c.quick {
			t.Errorf("%q, %q, %v: read quickly: %v", c.account, c.sid, c.expires, quick)
		}
	}
}

// Forms that only the library may judge, with a signature that is good.
func TestOwnTokensLeaveTheRest(t *testing.T) {
	tokens := newAccessTokens(testSecret, "arena")
	ours := `{"alg":"HS256","kid":"` + tokens.kid + `","typ":"JWT"}`
	const good = `{"iss":"muster","sub":"a","exp":4102444800,"iat":1,"accountId":"a","game":"arena","sid":"s"}`
	if !tokens.agree(t, tokens.signedAs(t, ours, good)) {
		t.Fatal("the pattern for the others is not read quickly")
	}
	for name, c := range map[string]struct{ header, payload string }{
		"another order":      {`{"typ":"JWT","alg":"HS256","kid":"` + tokens.kid + `"}`, good},
		"no algorithm":       {`{"alg":"none","kid":"` + tokens.kid + `","typ":"JWT"}`, good},
		"another algorithm":  {`{"alg":"HS512","kid":"` + tokens.kid + `","typ":"JWT"}`, good},
		"another key":        {`{"alg":"HS256","kid":"other","typ":"JWT"}`, good},
		"another issuer":     {ours, strings.Replace(good, "muster", "other", 1)},
		"another game":       {ours, strings.Replace(good, "arena", "hill", 1)},
		"two accounts":       {ours, strings.Replace(good, `"accountId":"a"`, `"accountId":"b"`, 1)},
		"a prefix of it":     {ours, strings.Replace(good, `"accountId":"a"`, `"accountId":""`, 1)},
		"nobody":             {ours, strings.ReplaceAll(good, `:"a"`, `:""`)},
		"no sid":             {ours, strings.Replace(good, `"s"}`, `""}`, 1)},
		"not yet":            {ours, strings.Replace(good, `"iat"`, `"nbf":4102444700,"iat"`, 1)},
		"for others":         {ours, strings.Replace(good, `"iat"`, `"aud":["x"],"iat"`, 1)},
		"no exp":             {ours, strings.Replace(good, `"exp":4102444800,`, "", 1)},
		"no iat":             {ours, strings.Replace(good, `"iat":1,`, "", 1)},
		"exp of text":        {ours, strings.Replace(good, "4102444800", `"x"`, 1)},
		"a part of a second": {ours, strings.Replace(good, "4102444800", "4102444800.5", 1)},
		"an exponent":        {ours, strings.Replace(good, "4102444800", "4e9", 1)},
		"a leading zero":     {ours, strings.Replace(good, "4102444800", "04102444800", 1)},
		"a huge exp":         {ours, strings.Replace(good, "4102444800", "41024448004102444800", 1)},
		"below zero":         {ours, strings.Replace(good, "4102444800", "-1", 1)},
		"no number":          {ours, strings.Replace(good, "4102444800", "", 1)},
		"an escape":          {ours, strings.ReplaceAll(good, `:"a"`, `:"\u0061"`)},
		"white space":        {ours, strings.Replace(good, ",", ", ", 1)},
		"more after it":      {ours, good + " "},
		"more in it":         {ours, strings.Replace(good, `"}`, `","sid":"t"}`, 1)},
		"an open text":       {ours, good[:len(good)-2]},
		"nothing":            {ours, ""},
	} {
		if tokens.agree(t, tokens.signedAs(t, c.header, c.payload)) {
			t.Errorf("%s was read quickly", name)
		}
	}
}

// Any signed payload that is like ours.
func TestOwnTokensAgreeWithTheLibrary(t *testing.T) {
	tokens := newAccessTokens(testSecret, "arena")
	header := `{"alg":"HS256","kid":"` + tokens.kid + `","typ":"JWT"}`
	text := rapid.SampledFrom([]string{"a", "b", "", "é", `\"`, `\u0061`, "\xff", "arena", "hill", "muster", " ", "\t", "a\"", "{", "~", "\x7f", "<"})
	number := rapid.SampledFrom([]string{"0", "1", "4102444800", "999999999999999", "1000000000000000", "00", "01", "-1", "1.0", "1e9", "", "null", `"1"`, " 1"})
	rapid.Check(t, func(t *rapid.T) {
		quoted := func(name, usual string) string {
			if rapid.IntRange(0, 3).Draw(t, name+"?") > 0 {
				return usual
			}
			return text.Draw(t, name)
		}
		exp := "4102444800"
		if rapid.Bool().Draw(t, "exp?") {
			exp = number.Draw(t, "exp")
		}
		payload := fmt.Sprintf(`{"iss":"%s","sub":"%s","exp":%s,"iat":%s,"accountId":"%s","game":"%s","sid":"%s"}`,
			quoted("iss", "muster"), quoted("sub", "a"), exp, number.Draw(t, "iat"), quoted("account", "a"), quoted("game", "arena"), quoted("sid", "s"))
		if rapid.IntRange(0, 3).Draw(t, "changed?") == 0 {
			at := rapid.IntRange(0, len(payload)-1).Draw(t, "at")
			payload = payload[:at] + rapid.SampledFrom([]string{"", ",", `"`, "}", "0", "\x00", "\n"}).Draw(t, "new") + payload[at+1:]
		}
		tokens.agree(t, tokens.signedAs(t, header, payload))
	})
}

// No character of a token can be another one.
func TestOwnTokenChanged(t *testing.T) {
	tokens := newAccessTokens(testSecret, "arena")
	now := time.Now()
	good, err := tokens.sign("account", "sid", now, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		for _, c := range []string{"A", "B", "h", "9", "-", "_", ".", "=", "\n", ""} {
			changed := good[:i] + c + good[i+1:]
			if changed == good {
				continue
			}
			if claims, ok := tokens.own.read(changed); ok {
				t.Fatalf("%q in the place of character %d is read as %+v", c, i, claims)
			}
			if claims, err := tokens.parse(changed); err == nil {
				t.Fatalf("%q in the place of character %d is accepted as %+v", c, i, claims)
			}
		}
	}
	for _, more := range []string{".", "A", "=", "." + good} {
		if _, ok := tokens.own.read(good + more); ok {
			t.Errorf("%q may follow", more)
		}
	}
	if _, ok := tokens.own.read(strings.TrimSuffix(tokens.own.head, ".")); ok {
		t.Error("a header alone is a token")
	}
	if _, ok := newOwnTokens("arena", tokens.kid, []byte("another key")).read(good); ok {
		t.Error("the key does not matter")
	}
}

func TestAccessTokenExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := newAccessTokens(testSecret, "arena")
		now := time.Now()
		text, err := tokens.sign("account", "sid", now, now.Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute - time.Nanosecond)
		if _, err := tokens.parse(text); err != nil {
			t.Fatalf("too early: %v", err)
		}
		time.Sleep(time.Nanosecond)
		if claims, err := tokens.parse(text); !errors.Is(err, errExpired) || claims != (Claims{}) {
			t.Fatalf("got %+v, %v", claims, err)
		}
	})
}

// Readers are used again, by one caller at a time.
func TestOwnTokensSideBySide(t *testing.T) {
	tokens := newAccessTokens(testSecret, "arena")
	now := time.Now()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			account := fmt.Sprint("account ", i)
			text, err := tokens.sign(account, fmt.Sprint(i), now, now.Add(time.Hour))
			if err != nil {
				t.Error(err)
				return
			}
			for range 200 {
				if claims, ok := tokens.own.read(text); !ok || claims.AccountID != account || claims.SID != fmt.Sprint(i) {
					t.Errorf("got %+v, %v", claims, ok)
					return
				}
				if _, ok := tokens.own.read(text[:len(text)-4] + "AAAA"); ok {
					t.Error("another signature was accepted")
					return
				}
			}
		})
	}
	wg.Wait()
}
