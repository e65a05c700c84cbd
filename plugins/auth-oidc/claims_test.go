package main

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/plugins/internal/webtest"
)

func TestClaims(t *testing.T) {
	key := newSigner(t, "k1", "RS256")
	p := newIDP(t, key)
	logs := webtest.Logs(t)
	c, _ := p.start(nil)
	at := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	for name, tc := range map[string]struct {
		change object
		want   string
	}{
		"good":                      {nil, ""},
		"another issuer":            {object{"iss": "https://evil.example.com"}, refused},
		"issuer with a slash":       {object{"iss": p.URL + "/"}, refused},
		"issuer in capitals":        {object{"iss": strings.ToUpper(p.URL)}, refused},
		"no issuer":                 {object{"iss": nil}, refused},
		"issuers":                   {object{"iss": []string{p.URL}}, refused},
		"another audience":          {object{"aud": "evil"}, refused},
		"a part of the audience":    {object{"aud": client[1:]}, refused},
		"an audience with a tail":   {object{"aud": client + " "}, refused},
		"no audience":               {object{"aud": nil}, refused},
		"an empty audience":         {object{"aud": ""}, refused},
		"no audiences":              {object{"aud": []string{}}, refused},
		"one in a list":             {object{"aud": []string{client}}, ""},
		"the other client":          {object{"aud": "other.example.com"}, ""},
		"two, no azp":               {object{"aud": []string{client, "evil"}}, refused},
		"two, azp evil":             {object{"aud": []string{client, "evil"}, "azp": "evil"}, refused},
		"two, azp ours":             {object{"aud": []string{"evil", client}, "azp": client}, ""},
		"one, azp of a phone":       {object{"azp": "phone.example.com"}, ""},
		"azp is no audience":        {object{"aud": "evil", "azp": client}, refused},
		"expired":                   {object{"exp": at(-2 * time.Minute)}, over},
		"expired within the leeway": {object{"exp": at(-30 * time.Second)}, ""},
		"never expires":             {object{"exp": nil}, refused},
		"exp is text":               {object{"exp": "never"}, refused},
		"exp is null":               {object{"exp": nothing{}}, refused},
		"exp overflows":             {object{"exp": 1e300}, over},
		"not yet":                   {object{"nbf": at(2 * time.Minute)}, refused},
		"soon, within the leeway":   {object{"nbf": at(30 * time.Second)}, ""},
		"made in the future":        {object{"iat": at(2 * time.Minute)}, refused},
		"made soon":                 {object{"iat": at(30 * time.Second)}, ""},
		"made at no time":           {object{"iat": nil}, refused},
		"no subject":                {object{"sub": nil}, refused},
		"an empty subject":          {object{"sub": ""}, refused},
		"a long subject":            {object{"sub": strings.Repeat("é", 129)}, refused},
		"a longest subject":         {object{"sub": strings.Repeat("é", 128)}, ""},
		"a subject of lines":        {object{"sub": "a\nb"}, refused},
		"a number":                  {object{"sub": 7}, refused},
		"claims in capitals":        {object{"SUB": "victim", "Aud": "x", "ISS": "y", "ſub": "victim", "Exp": 1, "sub": "110169484474386276334"}, ""},
		"only in capitals":          {object{"aud": nil, "AUD": client}, refused},
	} {
		token := key.sign(t, p.claims(tc.change), nil)
		id, err := c.Authenticate(t.Context(), request(token, ""))
		if verdict(err) != tc.want || (err == nil) != (id != nil) {
			t.Errorf("%s: %v %v, want %s", name, id, err, tc.want)
		}
		if _, changed := tc.change["sub"]; err == nil && (!changed || tc.change["SUB"] != nil) && id.GetSubject() != "110169484474386276334" {
			t.Errorf("%s: %v", name, id)
		}
		if err != nil {
			webtest.Clean(t, err.Error(), token, p.URL)
		}
		webtest.Clean(t, logs(), token, token[strings.LastIndexByte(token, '.'):], "110169484474386276334")
	}
	if p.Calls(keysPath) != 1 {
		t.Errorf("the keys were fetched %d times", p.Calls(keysPath))
	}
}

// nothing is null in JSON.
type nothing struct{}

func (nothing) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

func TestNonce(t *testing.T) {
	sum := sha256.Sum256([]byte("n-0S6_WzA2Mj"))
	hashed := hex.EncodeToString(sum[:])
	key := newSigner(t, "k1", "ES256")
	p := newIDP(t, key)
	for name, tc := range map[string]struct {
		settings, change object
		sent, want       string
	}{
		"none, none":            {nil, nil, "", ""},
		"not sent":              {nil, object{"nonce": "n-0S6_WzA2Mj"}, "", ""},
		"the same":              {nil, object{"nonce": "n-0S6_WzA2Mj"}, "n-0S6_WzA2Mj", ""},
		"hashed":                {nil, object{"nonce": hashed}, "n-0S6_WzA2Mj", ""},
		"another":               {nil, object{"nonce": "other"}, "n-0S6_WzA2Mj", refused},
		"not in it":             {nil, nil, "n-0S6_WzA2Mj", refused},
		"the hash is sent":      {object{"nonce_form": "sha256"}, object{"nonce": hashed}, hashed, refused},
		"plain only":            {object{"nonce_form": "plain"}, object{"nonce": hashed}, "n-0S6_WzA2Mj", refused},
		"hash only":             {object{"nonce_form": "sha256"}, object{"nonce": "n-0S6_WzA2Mj"}, "n-0S6_WzA2Mj", refused},
		"required":              {object{"nonce": "required"}, object{"nonce": "n-0S6_WzA2Mj"}, "", "invalid: Nonce required"},
		"required and sent":     {object{"nonce": "required"}, object{"nonce": "n-0S6_WzA2Mj"}, "n-0S6_WzA2Mj", ""},
		"long":                  {nil, object{"nonce": strings.Repeat("x", 513)}, strings.Repeat("x", 513), refused},
		"a device cannot":       {object{"preset": "apple"}, object{"nonce_supported": false}, "n-0S6_WzA2Mj", ""},
		"a device could":        {object{"preset": "apple"}, object{"nonce_supported": true}, "n-0S6_WzA2Mj", refused},
		"only Apple's devices":  {nil, object{"nonce_supported": false}, "n-0S6_WzA2Mj", refused},
		"another all the same":  {object{"preset": "apple"}, object{"nonce_supported": false, "nonce": "other"}, "n-0S6_WzA2Mj", refused},
		"nothing said of it":    {object{"preset": "apple"}, nil, "n-0S6_WzA2Mj", refused},
		"a nonce that is a map": {nil, object{"nonce": object{}}, "", refused},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := p.start(tc.settings)
			if _, err := c.Authenticate(t.Context(), request(key.sign(t, p.claims(tc.change), nil), tc.sent)); verdict(err) != tc.want {
				t.Errorf("%v, want %s", err, tc.want)
			}
		})
	}
}

func TestNames(t *testing.T) {
	key := newSigner(t, "k1", "RS256")
	p := newIDP(t, key)
	for name, tc := range map[string]struct {
		settings, change object
		name, picture    string
	}{
		"none":       {nil, nil, "ann", "https://lh3.example.com/a/x=s96-c"},
		"google":     {object{"preset": "google"}, nil, "Ann A.", "https://lh3.example.com/a/x=s96-c"},
		"epic":       {object{"preset": "epic"}, object{"dn": "Ann_of_Epic"}, "Ann_of_Epic", "https://lh3.example.com/a/x=s96-c"},
		"apple":      {object{"preset": "apple"}, object{"picture": nil}, "", ""},
		"own":        {object{"username_claims": []string{"nick", "name"}}, object{"nick": 7}, "Ann A.", "https://lh3.example.com/a/x=s96-c"},
		"bad":        {nil, object{"picture": "http://x.example.com/"}, "ann", ""},
		"bad too":    {nil, object{"picture": "https://%zz"}, "ann", ""},
		"and this":   {nil, object{"picture": "https://x.example.com/\u202e"}, "ann", ""},
		"long":       {nil, object{"picture": "https://x.example.com/" + strings.Repeat("x", 2048)}, "ann", ""},
		"long names": {nil, object{"preferred_username": strings.Repeat("é", 300)}, strings.Repeat("é", 128), "https://lh3.example.com/a/x=s96-c"},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := p.start(tc.settings)
			id, err := c.Authenticate(t.Context(), request(key.sign(t, p.claims(tc.change), nil), ""))
			if err != nil || id.GetUsername() != tc.name || id.GetAvatarUrl() != tc.picture {
				t.Errorf("%v %v", id, err)
			}
		})
	}
}
