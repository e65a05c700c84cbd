package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/muster-gg/muster/plugins/internal/webtest"
)

// TestForgeries are tokens that the provider's key did not make for this.
func TestForgeries(t *testing.T) {
	key, mallory := newSigner(t, "k1", "RS256"), newSigner(t, "k1", "RS256")
	p := newIDP(t, key)
	logs := webtest.Logs(t)
	c, _ := p.start(nil)
	claims := p.claims(nil)
	der, err := x509.MarshalPKIXPublicKey(key.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	jwkText, err := json.Marshal(key.jwk())
	if err != nil {
		t.Fatal(err)
	}
	hmac := func(secret []byte, header object) string {
		return signWith(t, jwt.SigningMethodHS256, secret, "k1", claims, header)
	}
	good := key.sign(t, claims, nil)
	part := strings.Split(good, ".")
	none := signWith(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "k1", claims, nil)
	for name, tc := range map[string]struct{ token, want string }{
		"good":                         {good, ""},
		"typ in small letters":         {key.sign(t, claims, object{"typ": "jwt"}), ""},
		"no typ":                       {key.sign(t, claims, object{"typ": nil}), ""},
		"no kid":                       {key.sign(t, claims, object{"kid": nil}), ""},
		"an empty kid":                 {key.sign(t, claims, object{"kid": ""}), ""},
		"no kid, another's key":        {mallory.sign(t, claims, object{"kid": nil}), refused},
		"another's key":                {mallory.sign(t, claims, nil), refused},
		"another kid":                  {key.sign(t, claims, object{"kid": "k2"}), refused},
		"its own key":                  {mallory.sign(t, claims, object{"jwk": mallory.jwk()}), refused},
		"the address of its own key":   {mallory.sign(t, claims, object{"jku": "https://evil.example.com/keys"}), refused},
		"none":                         {none, refused},
		"none with something":          {none + "eA", refused},
		"NONE":                         {replaceHeader(none, `{"alg":"NONE","kid":"k1"}`) + "eA", refused},
		"no algorithm":                 {replaceHeader(good, `{"kid":"k1"}`), refused},
		"an algorithm that is a list":  {replaceHeader(good, `{"alg":["RS256"],"kid":"k1"}`), refused},
		"two algorithms":               {replaceHeader(hmac(public, nil), `{"alg":"RS256","alg":"HS256","kid":"k1"}`), refused},
		"HMAC of the public key (PEM)": {hmac(public, nil), refused},
		"HMAC of the public key (DER)": {hmac(der, nil), refused},
		"HMAC of the public key (n)":   {hmac(key.key.Public().(*rsa.PublicKey).N.Bytes(), nil), refused},
		"HMAC of the public key (JWK)": {hmac(jwkText, nil), refused},
		"HMAC that says RS256":         {hmac(public, object{"alg": "RS256"}), refused},
		"PS256 with the same key":      {signWith(t, jwt.SigningMethodPS256, key.key, "k1", claims, nil), refused},
		"RS512 with the same key":      {signWith(t, jwt.SigningMethodRS512, key.key, "k1", claims, nil), refused},
		"an access token":              {key.sign(t, claims, object{"typ": "at+jwt"}), refused},
		"a logout token":               {key.sign(t, claims, object{"typ": "logout+jwt"}), refused},
		"critical extensions":          {key.sign(t, claims, object{"crit": []string{"exp"}}), refused},
		"another's claims":             {part[0] + "." + strings.Split(mallory.sign(t, p.claims(object{"sub": "x"}), nil), ".")[1] + "." + part[2], refused},
		"no signature":                 {part[0] + "." + part[1] + ".", refused},
		"two parts":                    {part[0] + "." + part[1], refused},
		"four parts":                   {good + "." + part[2], refused},
		"five parts":                   {good + "." + part[2] + "." + part[2], refused},
		"padding":                      {good + "=", refused},
		"a space before":               {" " + good, refused},
		"a line after":                 {good + "\n", refused},
		"Bearer":                       {"Bearer " + good, refused},
		"a change of the last letter":  {good[:len(good)-1] + other(good[len(good)-1]), refused},
		"the other alphabet":           {part[0] + "." + part[1] + "." + strings.Repeat("+/", 171), refused},
		"big":                          {key.sign(t, p.claims(object{"x": strings.Repeat("x", maxToken)}), nil), refused},
		"nearly big":                   {key.sign(t, p.claims(object{"x": strings.Repeat("x", 11<<10)}), nil), ""},
		"claims that are a list":       {part[0] + "." + b64([]byte("[]")) + "." + part[2], refused},
		"not JSON":                     {b64([]byte("{")) + "." + part[1] + "." + part[2], refused},
		"deep":                         {part[0] + "." + b64([]byte(strings.Repeat("[", 9000))) + "." + part[2], refused},
	} {
		id, err := c.Authenticate(t.Context(), request(tc.token, ""))
		if verdict(err) != tc.want || (err == nil) != (id != nil) {
			t.Errorf("%s: %v %v, want %q", name, id, err, tc.want)
		}
	}
	for _, field := range []any{nil, "", 7, object{"idToken": good}, []any{good}} {
		if _, err := c.Authenticate(t.Context(), request(field, "")); verdict(err) != "invalid: ID token required" {
			t.Errorf("%v: %v", field, err)
		}
	}
	webtest.Clean(t, logs(), good, part[1], part[2])
	if strings.Contains(logs(), `"@level":"warn"`) || strings.Contains(logs(), `"@level":"error"`) {
		t.Error("anybody can fill the log")
	}
}

func other(c byte) string {
	if c == 'A' {
		return "Q"
	}
	return "A"
}

func replaceHeader(token, header string) string {
	return b64([]byte(header)) + token[strings.IndexByte(token, '.'):]
}

// TestKinds: keys of each kind work, and for their own algorithm only.
func TestKinds(t *testing.T) {
	all := []*signer{newSigner(t, "r", "RS256"), newSigner(t, "p", "PS256"), newSigner(t, "e", "ES256"), newSigner(t, "e3", "ES384"), newSigner(t, "d", "EdDSA")}
	p := newIDP(t, all...)
	c, _ := p.start(object{"algorithms": []string{"RS256", "PS256", "ES256", "ES384", "EdDSA"}})
	few, _ := p.start(nil)
	for _, s := range all {
		for _, kid := range []any{s.kid, nil} {
			token := s.sign(t, p.claims(nil), object{"kid": kid})
			if _, err := c.Authenticate(t.Context(), request(token, "")); err != nil {
				t.Errorf("%s: %v", s.kid, err)
			}
			want := refused
			if s.kid == "r" || s.kid == "e" {
				want = ""
			}
			if _, err := few.Authenticate(t.Context(), request(token, "")); verdict(err) != want {
				t.Errorf("%s by default: %v", s.kid, err)
			}
		}
		wrong := s.sign(t, p.claims(nil), object{"kid": all[(len(s.kid)+1)%2].kid + "x"})
		if _, err := c.Authenticate(t.Context(), request(wrong, "")); verdict(err) != refused {
			t.Errorf("%s, another kid: %v", s.kid, err)
		}
	}
}

// TestUnfitKeys: published keys that must not be used are not, and do no harm to
// those beside them.
func TestUnfitKeys(t *testing.T) {
	good, key, curve := newSigner(t, "good", "RS256"), newSigner(t, "k1", "RS256"), newSigner(t, "k1", "ES256")
	for name, tc := range map[string]struct {
		of   *signer
		with object
	}{
		"for encryption":       {key, object{"use": "enc"}},
		"to sign":              {key, object{"key_ops": []string{"sign"}}},
		"of another algorithm": {key, object{"alg": "RS512"}},
		"even":                 {key, object{"e": "AAAA"}},
		"e of one":             {key, object{"e": "AQ"}},
		"e that is huge":       {key, object{"e": strings.Repeat("f", 40)}},
		"short":                {key, object{"n": b64([]byte(strings.Repeat("x", 128)))}},
		"huge":                 {key, object{"n": b64([]byte(strings.Repeat("x", 4096)))}},
		"no number":            {key, object{"n": "?"}},
		"symmetric":            {key, object{"kty": "oct", "k": "c2VjcmV0"}},
		"no kind":              {key, object{"kty": nil}},
		"off the curve":        {curve, object{"y": b64([]byte(strings.Repeat("x", 32)))}},
		"another curve":        {curve, object{"crv": "P-384"}},
		"an unknown curve":     {curve, object{"crv": "secp256k1"}},
		"long":                 {curve, object{"x": b64([]byte(strings.Repeat("x", 64)))}},
		"no point":             {curve, object{"x": "AA", "y": "AA"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			bad := tc.of.jwk()
			for k, v := range tc.with {
				bad[k] = v
			}
			p.On(keysPath, webtest.JSON(200, object{"keys": []any{7, "x", nil, object{"kty": 7}, bad, good.jwk()}}))
			c, _ := p.start(nil)
			if _, err := c.Authenticate(t.Context(), request(tc.of.sign(t, p.claims(nil), nil), "")); verdict(err) != refused {
				t.Errorf("%v", err)
			}
			if _, err := c.Authenticate(t.Context(), request(good.sign(t, p.claims(nil), nil), "")); err != nil {
				t.Errorf("the good one: %v", err)
			}
		})
	}
}

// TestWeakKey: a key that can be broken proves nothing.
func TestWeakKey(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	weak := &signer{"weak", jwt.SigningMethodRS256, private}
	p := newIDP(t, weak, newSigner(t, "good", "RS256"))
	c, _ := p.start(nil)
	if _, err := c.Authenticate(t.Context(), request(weak.sign(t, p.claims(nil), nil), "")); verdict(err) != refused {
		t.Error(err)
	}
}
