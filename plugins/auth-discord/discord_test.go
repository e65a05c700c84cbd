package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/plugins/internal/webtest"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin/plugintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	ours = "157730590492196864"
	path = "/oauth2/@me"
	// secret is a token as Discord makes them.
	secret = "CZhtkLDpNYXgPH9Ml6shqh2OwykChw"
)

type object = map[string]any

// ann is what Discord says about a token of hers.
func ann() object {
	return object{
		"application": object{"id": ours, "name": "Arena", "icon": nil},
		"scopes":      []string{"email", "identify"},
		"expires":     "2030-01-01T00:00:00.000000+00:00",
		"user":        object{"id": "268473310986240001", "username": "ann", "global_name": "Ann A.", "avatar": "f749bb0cbeeb26ef21eca719337d20f1", "discriminator": "0", "public_flags": 131072},
	}
}

// with changes ann.
func with(change func(a, user object)) object {
	a := ann()
	change(a, a["user"].(object))
	return a
}

// discordStub knows tokens as Discord does.
func discordStub(t testing.TB, known map[string]any) *webtest.Provider {
	p := webtest.New(t)
	p.On(path, func(w http.ResponseWriter, r *http.Request) {
		token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		said, good := known[token]
		if !bearer || !good || r.Method != http.MethodGet {
			webtest.JSON(401, object{"message": "401: Unauthorized", "code": 0})(w, r)
			return
		}
		webtest.JSON(200, said)(w, r)
	})
	return p
}

func request(field any) *hook.AuthRequest {
	v, err := structpb.NewValue(field)
	if err != nil {
		panic(err)
	}
	return &hook.AuthRequest{Provider: "discord", Fields: map[string]*structpb.Value{"discordToken": v}}
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

func TestIdentity(t *testing.T) {
	const cdn = "https://cdn.discordapp.com/avatars/268473310986240001/"
	for name, tc := range map[string]struct {
		says           any
		username, face string
	}{
		"all":            {ann(), "Ann A.", cdn + "f749bb0cbeeb26ef21eca719337d20f1.png"},
		"no global name": {with(func(_, u object) { u["global_name"] = nil }), "ann", cdn + "f749bb0cbeeb26ef21eca719337d20f1.png"},
		"animated":       {with(func(_, u object) { u["avatar"] = "a_1269e74af4df7417b13759eae50c83dc" }), "Ann A.", cdn + "a_1269e74af4df7417b13759eae50c83dc.gif"},
		"no avatar":      {with(func(_, u object) { u["avatar"] = nil }), "Ann A.", ""},
		"a path":         {with(func(_, u object) { u["avatar"] = "../../x" }), "Ann A.", ""},
		"a long name":    {with(func(_, u object) { u["global_name"] = strings.Repeat("é", 300) }), strings.Repeat("é", 128), cdn + "f749bb0cbeeb26ef21eca719337d20f1.png"},
	} {
		t.Run(name, func(t *testing.T) {
			p := discordStub(t, map[string]any{secret: tc.says})
			logs := webtest.Logs(t)
			c := plugintest.Start(t, &discord{}, map[string]any{"application_id": ours, "api_url": p.URL + "/"})
			id, err := c.Authenticate(t.Context(), request(secret))
			if err != nil || id.GetSubject() != "268473310986240001" || id.GetUsername() != tc.username || id.GetAvatarUrl() != tc.face || id.GetProvider() != "" {
				t.Errorf("%v %v", id, err)
			}
			webtest.Clean(t, logs(), secret)
		})
	}
}

func TestRefusals(t *testing.T) {
	logs := webtest.Logs(t)
	p := discordStub(t, map[string]any{
		"another": with(func(a, _ object) { a["application"] = object{"id": "157730590492196865"} }),
		"longer":  with(func(a, _ object) { a["application"] = object{"id": ours + "0"} }),
		"scope":   with(func(a, _ object) { a["scopes"] = []string{"email"} }),
		"user":    with(func(a, _ object) { delete(a, "user") }),
		"app":     with(func(a, _ object) { delete(a, "application") }),
		"nameless": with(func(_, u object) {
			delete(u, "id")
		}),
		"odd": with(func(_, u object) { u["id"] = "1/../2" }),
	})
	c := plugintest.Start(t, &discord{}, map[string]any{"application_id": ours, "api_url": p.URL})
	const missing, refused = "invalid: Discord token required", "refused: Invalid Discord token"
	for name, tc := range map[string]struct {
		field any
		want  string
	}{
		"none":                {nil, missing},
		"empty":               {"", missing},
		"a number":            {7, missing},
		"a list":              {[]any{secret}, missing},
		"unknown":             {"unknown-" + secret, refused},
		"another application": {"another", refused},
		"a prefix of another": {"longer", refused},
		"without identify":    {"scope", refused},
		"without a user":      {"user", refused},
		"no application":      {"app", "unreachable"},
		"no id":               {"nameless", "unreachable"},
		"no snowflake":        {"odd", "unreachable"},
	} {
		if id, err := c.Authenticate(t.Context(), request(tc.field)); id != nil || verdict(err) != tc.want {
			t.Errorf("%s: %v %v, want %s", name, id, err, tc.want)
		}
	}
	asked := p.Calls(path)
	for _, token := range []string{secret + "\r\nX: y", secret + " ", "Bearer " + secret, "é" + secret, "\x00", strings.Repeat("x", 2049)} {
		if _, err := c.Authenticate(t.Context(), request(token)); verdict(err) != refused {
			t.Errorf("%.20q: %v", token, err)
		}
	}
	if p.Calls(path) != asked {
		t.Error("Discord was asked about what is no token")
	}
	text := logs()
	webtest.Clean(t, text, secret)
	if !strings.Contains(text, "157730590492196865") {
		t.Errorf("the operator is not told of the other application: %s", text)
	}
}

func TestTroubles(t *testing.T) {
	p := webtest.New(t)
	c := plugintest.Start(t, &discord{}, map[string]any{"application_id": ours, "api_url": p.URL, "timeout": time.Second})
	webtest.Exercise(t, p, path, []string{secret, "127.0.0.1"}, func() error {
		_, err := c.Authenticate(t.Context(), request(secret))
		return err
	})
	for _, status := range []int{400, 403, 404} {
		p.On(path, webtest.JSON(status, object{}))
		if _, err := c.Authenticate(t.Context(), request(secret)); verdict(err) != "unreachable" {
			t.Errorf("%d: %v", status, err)
		}
	}
	before := p.Calls(path)
	p.On(path, webtest.Busy(1, "0.05", webtest.JSON(200, ann())))
	if _, err := c.Authenticate(t.Context(), request(secret)); err != nil || p.Calls(path) != before+2 {
		t.Errorf("after a wait: %v", err)
	}
}

// TestSlow: who waits for less than the timeout is told in time, and who has gone is
// nothing against Discord.
func TestSlow(t *testing.T) {
	p := webtest.New(t)
	p.On(path, webtest.Troubles()["slow"])
	c := plugintest.Start(t, &discord{}, map[string]any{"application_id": ours, "api_url": p.URL, "timeout": time.Minute})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	if _, err := c.Authenticate(ctx, request(secret)); verdict(err) != "unreachable" || ctx.Err() != nil {
		t.Errorf("%v, %v", err, ctx.Err())
	}
	ctx, cancel = context.WithCancel(t.Context())
	p.On(path, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if _, err := c.Authenticate(ctx, request(secret)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestNobodyThere(t *testing.T) {
	p := webtest.New(t)
	p.Close()
	c := plugintest.Start(t, &discord{}, map[string]any{"application_id": ours, "api_url": p.URL})
	if _, err := c.Authenticate(t.Context(), request(secret)); verdict(err) != "unreachable" || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("%v", err)
	}
}
