package main

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/muster-gg/muster/plugins/internal/web"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin"
)

// oidc accepts the ID tokens of one provider.
type oidc struct {
	plugin.Base
	Preset         string        `setting:"preset" default:"none" oneof:"google apple epic none" doc:"A provider whose issuer and names are known; none needs issuer."`
	ClientIDs      []string      `setting:"client_ids,required" doc:"The client ids that tokens may be made for, one for each kind of client."`
	Issuer         string        `setting:"issuer" doc:"The issuer, exactly as tokens have it; by default the preset's."`
	APIURL         string        `setting:"api_url" doc:"Where /.well-known/openid-configuration is found; by default at the issuer."`
	Nonce          string        `setting:"nonce" default:"optional" oneof:"optional required" doc:"Whether the field nonce must be sent. One that is sent must be the token's."`
	NonceForm      string        `setting:"nonce_form" default:"either" oneof:"either plain sha256" doc:"Whether tokens hold the nonce itself or its SHA-256 in hex."`
	UsernameClaims []string      `setting:"username_claims" doc:"Claims that may hold a name for the player, the best first; by default the preset's."`
	Algorithms     []string      `setting:"algorithms" default:"RS256, ES256" doc:"The signatures that are accepted."`
	Leeway         time.Duration `setting:"leeway" default:"1m" doc:"How far the clocks may differ."`
	Timeout        time.Duration `setting:"timeout" default:"5s" doc:"How long the provider may take to hand out its keys."`

	issuers []string
	noNonce bool
	keys    *keyring
	parser  *jwt.Parser
	web     *web.Client
}

var (
	_ hook.Authenticator = (*oidc)(nil)
	_ plugin.Starter     = (*oidc)(nil)
	_ plugin.Stopper     = (*oidc)(nil)
)

// algorithms that prove something: those with the provider's own key.
var algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

const (
	maxToken   = 16 << 10
	maxNonce   = 512
	maxSubject = 128
)

var tokenForm = regexp.MustCompile(`^[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+$`)

var (
	errMissing = hook.Invalid("ID token required")
	errInvalid = hook.Refuse("Invalid ID token", nil)
	errExpired = hook.Refuse("The sign-in has expired: sign in again", nil)
	errNonce   = hook.Invalid("Nonce required")
)

// Start checks the settings. Nothing is fetched before the first token: a provider
// that is down now must not keep the server from starting.
func (o *oidc) Start(context.Context) error {
	p := presets[o.Preset]
	o.issuers, o.noNonce = p.issuers, p.noNonce
	if o.Issuer != "" {
		o.issuers = []string{o.Issuer}
	}
	if len(o.issuers) == 0 {
		return plugin.BadSetting("issuer", "is required without a preset")
	}
	if len(o.UsernameClaims) == 0 {
		o.UsernameClaims = p.names
	}
	if len(o.ClientIDs) == 0 || slices.Contains(o.ClientIDs, "") {
		return plugin.BadSetting("client_ids", "must have at least one client id, and none that is empty")
	}
	for _, name := range o.Algorithms {
		if !slices.Contains(algorithms, name) {
			return plugin.BadSetting("algorithms", "may have "+strings.Join(algorithms, ", "))
		}
	}
	if len(o.Algorithms) == 0 {
		return plugin.BadSetting("algorithms", "is empty: no token would be accepted")
	}
	if o.Leeway < 0 || o.Leeway > 10*time.Minute {
		return plugin.BadSetting("leeway", "must be 0s to 10m")
	}
	if o.Timeout <= 0 {
		return plugin.BadSetting("timeout", "must be longer than nothing")
	}
	name, address := "api_url", o.APIURL
	if address == "" {
		name, address = "issuer", o.issuers[0]
	}
	base, problem := web.Base(address, o.Development())
	if problem != "" {
		return plugin.BadSetting(name, problem)
	}
	o.web = web.New(o.Timeout)
	o.keys = newKeyring(&source{web: o.web, base: base, issuers: o.issuers, development: o.Development()}, o.Timeout)
	o.parser = newParser(o.Algorithms, o.Leeway, time.Now)
	return nil
}

// Stop ends a fetch that is under way, and drops idle connections.
func (o *oidc) Stop(context.Context) error {
	o.keys.close()
	o.web.Close()
	return nil
}

// Authenticate checks the token in `idToken`, and the `nonce` that the client had
// the provider put into it.
func (o *oidc) Authenticate(ctx context.Context, r *hook.AuthRequest) (*hook.Identity, error) {
	token, nonce := r.GetFields()["idToken"].GetStringValue(), r.GetFields()["nonce"].GetStringValue()
	switch {
	case token == "":
		return nil, errMissing
	case nonce == "" && o.Nonce == "required":
		return nil, errNonce
	case len(token) > maxToken || len(nonce) > maxNonce || !tokenForm.MatchString(token):
		return nil, errInvalid
	}
	c, err := o.verify(ctx, token)
	if err == nil {
		err = o.check(c, nonce)
	}
	if err != nil {
		return nil, o.answer(ctx, err)
	}
	return &hook.Identity{
		Subject: c.Subject, Username: web.Name(c.text(o.UsernameClaims...)), AvatarUrl: web.Picture(c.text("picture")),
	}, nil
}
