package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/plugins/internal/webtest"
	"github.com/muster-gg/muster/sdk/plugin/plugintest"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

func TestBadSettings(t *testing.T) {
	for what, tc := range map[string]struct {
		name  string
		value any
	}{
		"no preset":         {"preset", "github"},
		"no issuer":         {"issuer", ""},
		"no address":        {"issuer", "accounts.example.com"},
		"a query":           {"issuer", "https://accounts.example.com?x=y"},
		"no clients":        {"client_ids", []string{}},
		"an empty client":   {"client_ids", []string{"a", ""}},
		"a word":            {"client_ids", "a"},
		"another address":   {"api_url", "ldap://x"},
		"nonce":             {"nonce", "never"},
		"its form":          {"nonce_form", "md5"},
		"none":              {"algorithms", []string{"RS256", "none"}},
		"a shared secret":   {"algorithms", []string{"HS256"}},
		"no algorithm":      {"algorithms", []string{}},
		"a long leeway":     {"leeway", "11m"},
		"a negative leeway": {"leeway", "-1s"},
		"no time":           {"timeout", "0s"},
	} {
		settings := object{"issuer": "https://accounts.example.com", "client_ids": []string{client}}
		settings[tc.name] = tc.value
		err := plugintest.StartError(t, &oidc{}, settings)
		if bad := new(wire.BadSetting); !errors.As(err, &bad) || bad.Name != tc.name || bad.Problem == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestGoogle: its tokens have the issuer in two forms, and no third one.
func TestGoogle(t *testing.T) {
	key := newSigner(t, "k1", "RS256")
	p := newIDP(t, key)
	p.On(discovery, webtest.JSON(200, object{"issuer": "https://accounts.google.com", "jwks_uri": p.URL + keysPath}))
	c, _ := p.start(object{"preset": "google", "issuer": nil, "api_url": p.URL + "/"})
	for issuer, want := range map[string]string{
		"https://accounts.google.com": "", "accounts.google.com": "", "http://accounts.google.com": refused,
		"https://accounts.google.com/": refused, "accounts.google.com.evil.example.com": refused, p.URL: refused,
	} {
		if _, err := c.Authenticate(t.Context(), request(key.sign(t, p.claims(object{"iss": issuer}), nil), "")); verdict(err) != want {
			t.Errorf("%s: %v", issuer, err)
		}
	}
}

// TestLies: a discovery document that is somebody else's, or leads to where keys
// must not be taken from, is not used.
func TestLies(t *testing.T) {
	key := newSigner(t, "k1", "RS256")
	p := newIDP(t, key)
	for name, document := range map[string]object{
		"another issuer":  {"issuer": "https://evil.example.com", "jwks_uri": p.URL + keysPath},
		"a slash":         {"issuer": p.URL + "/", "jwks_uri": p.URL + keysPath},
		"no issuer":       {"jwks_uri": p.URL + keysPath},
		"no keys":         {"issuer": p.URL},
		"a file":          {"issuer": p.URL, "jwks_uri": "file:///etc/keys"},
		"a path":          {"issuer": p.URL, "jwks_uri": keysPath},
		"with a password": {"issuer": p.URL, "jwks_uri": strings.Replace(p.URL, "://", "://a:b@", 1) + keysPath},
	} {
		p.On(discovery, webtest.JSON(200, document))
		c, _ := p.start(nil)
		token := key.sign(t, p.claims(nil), nil)
		_, err := c.Authenticate(t.Context(), request(token, ""))
		if verdict(err) != "failed" || p.Calls(keysPath) != 0 {
			t.Errorf("%s: %v", name, err)
		}
		webtest.Clean(t, err.Error(), token)
	}
}

// TestProgram runs the program as the server does.
func TestProgram(t *testing.T) {
	key := newSigner(t, "k1", "RS256")
	p := newIDP(t, key)
	run := webtest.Run(t, object{"issuer": p.URL, "client_ids": []any{client}, "timeout": time.Minute.String()})
	run.Documented(t, "auth-oidc")
	token := key.sign(t, p.claims(nil), nil)
	if id, err := run.Impl().Authenticate(t.Context(), request(token, "")); err != nil || id.GetSubject() != "110169484474386276334" || id.GetUsername() != "ann" {
		t.Errorf("%v %v", id, err)
	}
	stranger := newSigner(t, "k1", "RS256").sign(t, p.claims(nil), nil)
	if _, err := run.Impl().Authenticate(t.Context(), request(stranger, "")); verdict(err) != refused {
		t.Error(err)
	}
	run.Says(t, "refused an ID token") // so that the operator knows why
	webtest.Clean(t, run.Logs(), token, stranger)
}
