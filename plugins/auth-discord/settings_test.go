package main

import (
	"errors"
	"testing"

	"github.com/muster-gg/muster/plugins/internal/webtest"
	"github.com/muster-gg/muster/sdk/plugin/plugintest"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

func TestBadSettings(t *testing.T) {
	for what, tc := range map[string]struct {
		name  string
		value any
	}{
		"no id":         {"application_id", ""},
		"a name":        {"application_id", "arena"},
		"a long number": {"application_id", "123456789012345678901"},
		"no address":    {"api_url", "discord.com"},
		"another kind":  {"api_url", "ftp://discord.com"},
		"a password":    {"api_url", "https://ann:pw@discord.com"},
		"a query":       {"api_url", "https://discord.com?x=y"},
		"no time":       {"timeout", "0s"},
		"before now":    {"timeout", "-1s"},
		"no duration":   {"timeout", "soon"},
	} {
		settings := map[string]any{"application_id": ours}
		settings[tc.name] = tc.value
		err := plugintest.StartError(t, &discord{}, settings)
		if bad := new(wire.BadSetting); !errors.As(err, &bad) || bad.Name != tc.name || bad.Problem == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestProgram runs the program as the server does.
func TestProgram(t *testing.T) {
	p := discordStub(t, map[string]any{secret: ann()})
	run := webtest.Run(t, map[string]any{"application_id": ours, "api_url": p.URL})
	run.Documented(t, "auth-discord")
	if id, err := run.Impl().Authenticate(t.Context(), request(secret)); err != nil || id.GetSubject() != "268473310986240001" {
		t.Errorf("%v %v", id, err)
	}
	if _, err := run.Impl().Authenticate(t.Context(), request("wrong-"+secret)); verdict(err) != "refused: Invalid Discord token" {
		t.Error(err)
	}
	webtest.Clean(t, run.Logs(), secret)
}
