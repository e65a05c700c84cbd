package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/plugins/internal/web"
)

// FuzzToken: whatever is sent as a token, only the one that the provider signed
// signs in; the others are refused.
func FuzzToken(f *testing.F) {
	key := newSigner(f, "k1", "ES256")
	p := newIDP(f, key)
	o := &oidc{Issuer: p.URL, ClientIDs: []string{client}, Algorithms: []string{"RS256", "ES256"}, Leeway: time.Minute, Timeout: time.Minute, Preset: "none"}
	if err := o.Start(f.Context()); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = o.Stop(context.Background()) })
	good := key.sign(f, p.claims(object{"exp": 1 << 40, "iat": 1}), nil)
	part := strings.Split(good, ".")
	for _, token := range []string{
		good, part[0] + "." + part[1] + ".", "..", part[0] + "..", "." + part[1] + "." + part[2],
		replaceHeader(good, `{"alg":"none"}`), replaceHeader(good, `{"alg":"HS256","kid":"k1"}`), replaceHeader(good, `{"alg":"ES256","kid":{}}`),
		replaceHeader(good, `{"alg":null}`), replaceHeader(good, `null`), part[0] + "." + b64([]byte(`{"aud":{},"exp":"x"}`)) + "." + part[2],
		part[0] + "." + b64([]byte(strings.Repeat("[", 2000))) + "." + part[2],
	} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		id, err := o.Authenticate(t.Context(), request(strings.ToValidUTF8(token, ""), ""))
		switch v := verdict(err); {
		case err == nil && token != good:
			t.Fatalf("%q signs in as %v", token, id)
		case err != nil && token == good:
			t.Fatal(err)
		case err != nil && v != refused && v != over && v != "invalid: ID token required":
			t.Fatalf("%q: %v", token, err)
		}
	})
}

// FuzzClaims: whatever a provider signs, it is taken or refused, and what is taken
// fits Muster.
func FuzzClaims(f *testing.F) {
	o := &oidc{ClientIDs: []string{client}, issuers: []string{"i"}}
	f.Add(`{"iss":"i","aud":"` + client + `","sub":"s","exp":1,"iat":1e99,"nonce":"n","name":7,"picture":"https://x/"}`)
	f.Add(`{"iss":"i","aud":["` + client + `","x"],"azp":"` + client + `","SUB":"x","sub":"s"}`)
	f.Add(`{"sub":null,"aud":null}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, text string) {
		var c claims
		if c.UnmarshalJSON([]byte(text)) != nil || o.check(&c, "") != nil {
			return
		}
		if c.Subject == "" || c.Issuer != "i" || len(web.Name(c.text("name"))) > 256 || len(web.Picture(c.text("picture"))) > 2048 {
			t.Fatalf("%+v", c)
		}
	})
}

// FuzzKeys: whatever a provider publishes as keys and of their age, nothing breaks,
// and they are kept for as long as is allowed.
func FuzzKeys(f *testing.F) {
	text := func(v any) string { s, _ := v.(string); return s }
	for _, algorithm := range []string{"RS256", "ES256", "EdDSA"} {
		key := newSigner(f, "k", algorithm).jwk()
		f.Add(text(key["kty"]), text(key["crv"]), text(key["n"]), text(key["e"]), text(key["x"]), text(key["y"]), "max-age=3600", "7")
	}
	f.Fuzz(func(t *testing.T, kind, curve, n, e, x, y, cache, age string) {
		j := jwk{Type: kind, Curve: curve, N: n, E: e, X: x, Y: y}
		for _, algorithm := range algorithms {
			if j.fits(algorithm) && j.key() == nil && j.Type == "" {
				t.Fatalf("a key of no kind fits %s", algorithm)
			}
		}
		if d := goodFor(http.Header{"Cache-Control": {cache}, "Age": {age}}); d < leastKeys || d > mostKeys {
			t.Fatalf("%q, %q: kept for %v", cache, age, d)
		}
	})
}
