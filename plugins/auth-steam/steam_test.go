package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/plugins/internal/webtest"
	"github.com/muster-gg/muster/sdk/plugin/plugintest"
	"github.com/muster-gg/muster/sdk/plugin/wire"
)

func TestTickets(t *testing.T) {
	const (
		vac, banned, borrowed = "refused: This Steam account is banned by VAC", "refused: This Steam account is banned from the game", "refused: This account does not own the game"
		refused               = "refused: Invalid Steam ticket"
	)
	for name, tc := range map[string]struct {
		says any
		more object
		want string
	}{
		"good":                     {params(nil), nil, ""},
		"VAC":                      {params(object{"vacbanned": true}), nil, vac},
		"VAC is let in":            {params(object{"vacbanned": true}), object{"allow_vac_banned": true}, ""},
		"publisher":                {params(object{"publisherbanned": true}), nil, banned},
		"publisher, VAC is let in": {params(object{"publisherbanned": true, "vacbanned": true}), object{"allow_vac_banned": true}, banned},
		"publisher is let in":      {params(object{"publisherbanned": true}), object{"allow_publisher_banned": true}, ""},
		"borrowed":                 {params(object{"ownersteamid": dad}), nil, ""},
		"borrowed is refused":      {params(object{"ownersteamid": dad}), object{"require_ownership": true}, borrowed},
		"an owner who is not told": {params(object{"ownersteamid": ""}), object{"require_ownership": true}, borrowed},
		"own":                      {params(nil), object{"require_ownership": true}, ""},
		"invalid parameter":        {fault(3, "Invalid parameter"), nil, refused},
		"error 100":                {fault(100, "Invalid ticket"), nil, refused},
		"error 101":                {fault(101, "Invalid ticket"), nil, refused},
		"error and params":         {object{"response": object{"error": object{"errorcode": 101}, "params": object{"result": "OK", "steamid": ann}}}, nil, refused},
		"another app":              {params(nil), object{"app_id": "481"}, refused},
		"another identity":         {params(nil), object{"identity": "other"}, refused},
		"no identity":              {params(nil), object{"identity": ""}, refused},
		"another key":              {params(nil), object{"web_api_key": "wrong-" + key}, "failed"},
		"not OK":                   {params(object{"result": "Fail"}), nil, "unreachable"},
		"a group":                  {params(object{"steamid": "103582791429521408"}), nil, "unreachable"},
		"no id":                    {params(object{"steamid": ""}), nil, "unreachable"},
		"an odd owner":             {params(object{"ownersteamid": "x"}), nil, "unreachable"},
		"neither":                  {object{"response": object{}}, nil, "unreachable"},
		"nothing":                  {object{}, nil, "unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			logs := webtest.Logs(t)
			c := plugintest.Start(t, &steam{}, settings(steamStub(t, map[string]any{good: tc.says}), tc.more))
			id, err := c.Authenticate(t.Context(), request(good))
			if verdict(err) != tc.want || (err == nil) != (id != nil) {
				t.Errorf("%v %v, want %s", id, err, tc.want)
			}
			if err == nil && (id.GetSubject() != ann || id.GetUsername() != "Ann" || id.GetAvatarUrl() != face) {
				t.Errorf("%v", id)
			}
			webtest.Clean(t, logs(), key, good)
			if err != nil {
				webtest.Clean(t, err.Error(), key, good)
			}
		})
	}
}

func TestForms(t *testing.T) {
	const missing, refused = "invalid: Steam ticket required", "refused: Invalid Steam ticket"
	p := steamStub(t, map[string]any{strings.Repeat("ab", 4096): params(nil), strings.ToUpper(good): params(nil)})
	c := plugintest.Start(t, &steam{}, settings(p, nil))
	for name, tc := range map[string]struct {
		field any
		want  string
		asked bool
	}{
		"none":       {nil, missing, false},
		"empty":      {"", missing, false},
		"a number":   {14, missing, false},
		"odd":        {good + "1", refused, false},
		"no hex":     {good + "zz", refused, false},
		"parameters": {good + "&appid=481", refused, false},
		"a line":     {good + "\n", refused, false},
		"huge":       {strings.Repeat("ab", 4097), refused, false},
		"long":       {strings.Repeat("ab", 4096), "", true},
		"capitals":   {strings.ToUpper(good), "", true},
		"unknown":    {good, refused, true},
	} {
		before := p.Calls(ticketPath)
		_, err := c.Authenticate(t.Context(), request(tc.field))
		if asked := p.Calls(ticketPath) > before; verdict(err) != tc.want || asked != tc.asked {
			t.Errorf("%s: %v, Steam was asked: %v", name, err, asked)
		}
	}
}

func TestTroubles(t *testing.T) {
	p := steamStub(t, map[string]any{good: params(nil)})
	c := plugintest.Start(t, &steam{}, settings(p, object{"timeout": time.Second}))
	webtest.Exercise(t, p, ticketPath, []string{key, good, "127.0.0.1"}, func() error {
		_, err := c.Authenticate(t.Context(), request(good))
		return err
	})
	for status, want := range map[int]string{400: "unreachable", 404: "unreachable", 401: "failed", 403: "failed"} {
		p.On(ticketPath, webtest.JSON(status, object{}))
		if _, err := c.Authenticate(t.Context(), request(good)); verdict(err) != want {
			t.Errorf("%d: %v", status, err)
		}
	}
	before := p.Calls(ticketPath)
	p.On(ticketPath, webtest.Busy(1, "0", webtest.JSON(200, params(nil))))
	if _, err := c.Authenticate(t.Context(), request(good)); err != nil || p.Calls(ticketPath) != before+2 {
		t.Errorf("after a wait: %v", err)
	}
}

// TestNames: a name that Steam does not tell is worth no sign-in.
func TestNames(t *testing.T) {
	logs := webtest.Logs(t)
	p := steamStub(t, map[string]any{good: params(nil)})
	c := plugintest.Start(t, &steam{}, settings(p, object{"timeout": time.Second}))
	answers := webtest.Troubles()
	answers["403"] = webtest.JSON(403, object{})
	answers["nobody"] = webtest.JSON(200, object{"response": object{"players": []object{}}})
	answers["another"] = webtest.JSON(200, object{"response": object{"players": []object{{"steamid": dad, "personaname": "Dad"}}}})
	answers["a bad picture"] = webtest.JSON(200, object{"response": object{"players": []object{{"steamid": ann, "avatarfull": "javascript:x"}}}})
	for name, h := range answers {
		p.On(namePath, h)
		if id, err := c.Authenticate(t.Context(), request(good)); err != nil || id.GetSubject() != ann || id.GetUsername() != "" || id.GetAvatarUrl() != "" {
			t.Errorf("%s: %v %v", name, id, err)
		}
	}
	p.On(namePath, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	patient := plugintest.Start(t, &steam{}, settings(p, object{"timeout": time.Minute}))
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if _, err := patient.Authenticate(ctx, request(good)); err != nil {
		t.Errorf("a slow name: %v", err)
	}
	text := logs()
	webtest.Clean(t, text, key, good)
	if !strings.Contains(text, "name is not known") {
		t.Errorf("the operator is not told: %s", text)
	}
	silent := plugintest.Start(t, &steam{}, settings(p, object{"names": false}))
	before := p.Calls(namePath)
	if _, err := silent.Authenticate(t.Context(), request(good)); err != nil || p.Calls(namePath) != before {
		t.Errorf("without names: %v", err)
	}
}

func TestBadSettings(t *testing.T) {
	for what, tc := range map[string]struct {
		name  string
		value any
	}{
		"no app":      {"app_id", "0"},
		"a name":      {"app_id", "arena"},
		"no key":      {"web_api_key", ""},
		"spaces":      {"web_api_key", " " + key},
		"no address":  {"api_url", "steam"},
		"no time":     {"timeout", "0s"},
		"long":        {"identity", strings.Repeat("x", 129)},
		"no yes":      {"names", "yes"},
		"another yes": {"require_ownership", 1},
	} {
		err := plugintest.StartError(t, &steam{}, settings(nil, object{tc.name: tc.value}))
		if bad := new(wire.BadSetting); !errors.As(err, &bad) || bad.Name != tc.name || bad.Problem == "" {
			t.Errorf("%s: %v", what, err)
		}
		webtest.Clean(t, err.Error(), key)
	}
}

// TestProgram runs the program as the server does.
func TestProgram(t *testing.T) {
	p := steamStub(t, map[string]any{good: params(nil)})
	run := webtest.Run(t, settings(p, nil))
	run.Documented(t, "auth-steam", "web_api_key")
	if id, err := run.Impl().Authenticate(t.Context(), request(good)); err != nil || id.GetSubject() != ann || id.GetUsername() != "Ann" {
		t.Errorf("%v %v", id, err)
	}
	if _, err := run.Impl().Authenticate(t.Context(), request(good+"ff")); verdict(err) != "refused: Invalid Steam ticket" {
		t.Error(err)
	}
	p.On(ticketPath, webtest.Troubles()["no HTTP"])
	if _, err := run.Impl().Authenticate(t.Context(), request(good)); verdict(err) != "unreachable" {
		t.Error(err)
	}
	webtest.Clean(t, run.Logs(), key, good)
}
