package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/plugins/internal/webtest"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/plugintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	discovery = "/.well-known/openid-configuration"
	keysPath  = "/keys"
	client    = "arena.apps.example.com"
)

type object = map[string]any

// signer is a key of a provider.
type signer struct {
	kid    string
	method jwt.SigningMethod
	key    crypto.Signer
}

func newSigner(t testing.TB, kid, algorithm string) *signer {
	t.Helper()
	s := &signer{kid: kid, method: jwt.GetSigningMethod(algorithm)}
	var err error
	switch algorithm {
	case "ES256":
		s.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		s.key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "EdDSA":
		_, s.key, err = ed25519.GenerateKey(rand.Reader)
	default:
		s.key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// jwk is the public key as it is published.
func (s *signer) jwk() object {
	j := object{"kid": s.kid, "alg": s.method.Alg(), "use": "sig"}
	switch k := s.key.Public().(type) {
	case *rsa.PublicKey:
		j["kty"], j["n"], j["e"] = "RSA", b64(k.N.Bytes()), b64(big.NewInt(int64(k.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := k.Bytes()
		if err != nil {
			panic(err)
		}
		half := 1 + (len(point)-1)/2
		j["kty"], j["crv"], j["x"], j["y"] = "EC", k.Params().Name, b64(point[1:half]), b64(point[half:])
	case ed25519.PublicKey:
		j["kty"], j["crv"], j["x"] = "OKP", "Ed25519", b64(k)
	}
	return j
}

// sign makes a token; header changes its header, nil removes from it.
func (s *signer) sign(t testing.TB, claims, header object) string {
	t.Helper()
	return signWith(t, s.method, s.key, s.kid, claims, header)
}

func signWith(t testing.TB, method jwt.SigningMethod, key any, kid string, claims, header object) string {
	t.Helper()
	token := jwt.NewWithClaims(method, jwt.MapClaims(claims))
	token.Header["kid"] = kid
	for name, v := range header {
		if token.Header[name] = v; v == nil {
			delete(token.Header, name)
		}
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// idp is a provider of OpenID Connect.
type idp struct {
	*webtest.Provider
	t testing.TB
}

func newIDP(t testing.TB, keys ...*signer) *idp {
	p := &idp{webtest.New(t), t}
	p.On(discovery, webtest.JSON(200, object{"issuer": p.URL, "jwks_uri": p.URL + keysPath}))
	p.publish(keys...)
	return p
}

func (p *idp) publish(keys ...*signer) {
	list := []object{}
	for _, k := range keys {
		list = append(list, k.jwk())
	}
	p.On(keysPath, webtest.JSON(200, object{"keys": list}))
}

// claims are those of a good token, changed; nil removes.
func (p *idp) claims(change object) object {
	now := time.Now().Unix()
	c := object{
		"iss": p.URL, "aud": client, "sub": "110169484474386276334", "iat": now - 5, "exp": now + 3600,
		"name": "Ann A.", "preferred_username": "ann", "picture": "https://lh3.example.com/a/x=s96-c", "email": "ann@example.com",
	}
	for name, v := range change {
		if c[name] = v; v == nil {
			delete(c, name)
		}
	}
	return c
}

// start is a plugin that asks p.
func (p *idp) start(more object) (*plugintest.Client, *oidc) {
	o := &oidc{}
	return plugintest.Start(p.t, o, p.settings(more)), o
}

func (p *idp) settings(more object) object {
	all := object{"issuer": p.URL, "client_ids": []string{"other.example.com", client}}
	for name, v := range more {
		if all[name] = v; v == nil {
			delete(all, name)
		}
	}
	return all
}

// older lets the keys grow old, as if it was later.
func (o *oidc) older(by time.Duration) {
	o.keys.mu.Lock()
	for o.keys.fetching != nil { // a fetch looks at the times without the lock
		fetching := o.keys.fetching
		o.keys.mu.Unlock()
		<-fetching
		o.keys.mu.Lock()
	}
	defer o.keys.mu.Unlock()
	o.keys.until, o.keys.tried = o.keys.until.Add(-by), o.keys.tried.Add(-by)
	o.keys.source.discoveryUntil = o.keys.source.discoveryUntil.Add(-by)
}

func request(token any, nonce string) *hook.AuthRequest {
	v, err := structpb.NewValue(token)
	if err != nil {
		panic(err)
	}
	r := &hook.AuthRequest{Provider: "oidc", Fields: map[string]*structpb.Value{"idToken": v}}
	if nonce != "" {
		r.Fields["nonce"] = structpb.NewStringValue(nonce)
	}
	return r
}

// verdict is "invalid: " or "refused: " and the reason, "unreachable" or "failed".
func verdict(err error) string {
	r, is := hook.AsRefusal(err)
	switch {
	case err == nil:
		return ""
	case is && r.GetInvalid():
		return "invalid: " + r.GetReason()
	case is:
		return "refused: " + r.GetReason()
	case hook.IsUnreachable(err):
		return "unreachable"
	}
	return "failed"
}

const (
	refused = "refused: Invalid ID token"
	over    = "refused: The sign-in has expired: sign in again"
)
