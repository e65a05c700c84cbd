package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/muster-gg/muster/plugins/internal/web"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin"
)

// discord accepts OAuth2 access tokens that players got for one application.
type discord struct {
	plugin.Base
	ApplicationID string        `setting:"application_id,required" doc:"The Discord application whose tokens are accepted."`
	APIURL        string        `setting:"api_url" default:"https://discord.com/api/v10" doc:"Discord's interface."`
	Timeout       time.Duration `setting:"timeout" default:"5s" doc:"How long Discord may take."`

	web *web.Client
}

var (
	_ hook.Authenticator = (*discord)(nil)
	_ plugin.Starter     = (*discord)(nil)
	_ plugin.Stopper     = (*discord)(nil)
)

const maxToken = 2048

// A snowflake is an id of Discord, a hash that of a picture.
var (
	snowflake = regexp.MustCompile(`^[0-9]{1,20}$`)
	hash      = regexp.MustCompile(`^[0-9A-Za-z_]{1,64}$`)
)

var (
	errMissing = hook.Invalid("Discord token required")
	errInvalid = hook.Refuse("Invalid Discord token", nil)
)

// Start checks the settings.
func (d *discord) Start(context.Context) error {
	if !snowflake.MatchString(d.ApplicationID) {
		return plugin.BadSetting("application_id", "is not the id of a Discord application: digits only")
	}
	if d.Timeout <= 0 {
		return plugin.BadSetting("timeout", "must be longer than nothing")
	}
	base, problem := web.Base(d.APIURL, d.Development())
	if problem != "" {
		return plugin.BadSetting("api_url", problem)
	}
	d.APIURL, d.web = base, web.New(d.Timeout)
	return nil
}

// Stop drops idle connections.
func (d *discord) Stop(context.Context) error {
	d.web.Close()
	return nil
}

// authorization is what Discord says about a token.
type authorization struct {
	Application struct {
		ID string `json:"id"`
	} `json:"application"`
	Scopes []string `json:"scopes"`
	// User is absent without the scope identify.
	User *struct {
		ID         string `json:"id"`
		Username   string `json:"username"`
		GlobalName string `json:"global_name"`
		Avatar     string `json:"avatar"`
	} `json:"user"`
}

// Authenticate asks Discord whose token `discordToken` is, and for which
// application it was made: that of any other could have been taken from a player
// by somebody else's website.
func (d *discord) Authenticate(ctx context.Context, r *hook.AuthRequest) (*hook.Identity, error) {
	token := r.GetFields()["discordToken"].GetStringValue()
	if token == "" {
		return nil, errMissing
	}
	if len(token) > maxToken || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errInvalid
	}
	var a authorization
	answer, err := d.web.Get(ctx, d.APIURL+"/oauth2/@me", http.Header{"Authorization": {"Bearer " + token}}, &a)
	switch {
	case err != nil:
		return nil, err
	case answer.Status == http.StatusUnauthorized:
		return nil, errInvalid
	case answer.Status != http.StatusOK:
		return nil, hook.Unreachable(fmt.Errorf("discord answered %d", answer.Status))
	case !snowflake.MatchString(a.Application.ID):
		return nil, hook.Unreachable(errors.New("discord answered without an application"))
	case a.Application.ID != d.ApplicationID:
		d.Log(ctx).Warn("refused a token of another Discord application", "application", a.Application.ID)
		return nil, errInvalid
	case a.User == nil || !slices.Contains(a.Scopes, "identify"):
		d.Log(ctx).Warn("refused a token without the scope identify", "scopes", a.Scopes)
		return nil, errInvalid
	case !snowflake.MatchString(a.User.ID):
		return nil, hook.Unreachable(errors.New("discord answered without a user's id"))
	}
	name := a.User.GlobalName
	if name == "" {
		name = a.User.Username
	}
	return &hook.Identity{Subject: a.User.ID, Username: web.Name(name), AvatarUrl: avatar(a.User.ID, a.User.Avatar)}, nil
}

// avatar is the address of a user's picture; empty without one.
func avatar(user, picture string) string {
	if !hash.MatchString(picture) {
		return ""
	}
	kind := "png"
	if strings.HasPrefix(picture, "a_") { // animated
		kind = "gif"
	}
	return "https://cdn.discordapp.com/avatars/" + user + "/" + picture + "." + kind
}
