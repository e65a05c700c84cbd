package transport

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/core/identity"
	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/core/store/sqlite"
	"github.com/muster-gg/muster/sdk/hook"
)

// discord is a hook that knows the tokens of one game.
type discord struct{ known map[string]string }

func (d discord) Authenticate(_ context.Context, r *hook.AuthRequest) (*hook.Identity, error) {
	token := r.GetFields()["discordToken"].GetStringValue()
	id, ok := d.known[token]
	switch {
	case token == "":
		return nil, hook.Invalid("Discord token required")
	case token == "down":
		return nil, hook.Unreachable(errors.New("connection refused"))
	case token == "broken":
		return nil, errors.New("nil pointer")
	case !ok:
		return nil, hook.Refuse("Invalid Discord token", nil)
	}
	who := &hook.Identity{Subject: id, Username: "D" + id, Vars: map[string]string{"locale": "fr"}}
	if id != "plain" {
		who.AvatarUrl = "https://cdn.example.com/" + id + ".png"
	}
	return who, nil
}

// accounted is a node over real accounts, whose games sign people in by a hook,
// and their store.
func accounted(t *testing.T, change func(*setup)) (*node, *sqlite.Store) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "muster.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	n := start(t, func(su *setup) {
		if change != nil {
			change(su)
		}
		for i := range su.Games {
			su.Games[i].Identity = realAccounts(t, s, su.Games[i].Name)
		}
	})
	return n, s
}

func realAccounts(t *testing.T, s *sqlite.Store, game string) *identity.Service {
	t.Helper()
	runner, err := hooks.New(hooks.Options{Game: game, Hooks: []hooks.Hook{
		{Name: "discord", Impl: discord{map[string]string{game + "-one": "1", game + "-two": "2", "plain": "plain"}}, Providers: []string{"discord"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := runner.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	service, err := identity.New(identity.Options{
		Game: game, Secret: []byte("a secret of the server, for tests only"), Store: s,
		Providers: map[string]identity.Provider{identity.AnonymousName: identity.Anonymous{}, "discord": identity.Hooked(runner)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return service
}

// in signs in and returns the token and the account's id.
func (n *node) in(path, body string) (token, id string) {
	n.t.Helper()
	status, text := n.post(path, "", body)
	var got signInBody
	if err := json.Unmarshal([]byte(text), &got); err != nil || status != 200 {
		n.t.Fatalf("%s %s: %d %s", path, body, status, text)
	}
	return got.AccessToken, got.Account.ID
}

// answers checks the status of a request and that its body has some texts.
func (n *node) answers(method, path, token, body string, status int, has ...string) string {
	n.t.Helper()
	got, text := n.do(method, path, token, body)
	for _, part := range has {
		if !strings.Contains(text, part) {
			n.t.Errorf("%s %s %s: no %s in %s", method, path, body, part, text)
		}
	}
	if got != status {
		n.t.Errorf("%s %s %s: %d, want %d: %s", method, path, body, got, status, text)
	}
	return text
}

const annsDevice = `{"username":"Ann","deviceId":"0123456789abcdef"}`

func TestSignInByHook(t *testing.T) {
	n, _ := accounted(t, nil)
	for body, want := range map[string][]string{
		`{}`:                        {"400", `"error":"Discord token required"`, `"code":"invalid_field"`},
		`{"discordToken":5}`:        {"400", `"error":"Discord token required"`},
		`{"discordToken":"bad"}`:    {"401", `"error":"Invalid Discord token"`, `"code":"provider_refused"`},
		`{"discordToken":"down"}`:   {"502", `"code":"provider_unreachable"`},
		`{"discordToken":"broken"}`: {"503", `"code":"provider_unavailable"`},
		`[]`:                        {"400", `"error":"Invalid request body"`},
	} {
		status := map[string]int{"400": 400, "401": 401, "502": 502, "503": 503}[want[0]]
		text := n.answers("POST", "/auth/discord", "", body, status, want[1:]...)
		if strings.Contains(text, "nil pointer") || strings.Contains(text, "connection") {
			t.Errorf("a private cause is public: %s", text)
		}
	}
	text := n.answers("POST", "/auth/discord", "", `{"discordToken":"arena-one"}`, 200,
		`"discord":{"id":"1","username":"D1","avatar":"https://cdn.example.com/1.png"}`, `"username":"D1"`, `"identities":[{"provider":"discord","username":"D1","linkedAt":`)
	if strings.Contains(text, "locale") {
		t.Errorf("vars are public: %s", text)
	}
	n.answers("POST", "/auth/discord", "", `{"discordToken":"plain"}`, 200, `"avatar":null`)
}

// Two games, one provider with other settings in each.
func TestTwoGamesOneProvider(t *testing.T) {
	n, _ := accounted(t, nil)
	arena, one := n.in("/auth/discord", `{"discordToken":"arena-one"}`)
	_, two := n.in("/games/duel/auth/discord", `{"discordToken":"duel-one"}`)
	if one == two {
		t.Error("two games share an account")
	}
	n.answers("POST", "/games/duel/auth/discord", "", `{"discordToken":"arena-one"}`, 401, "provider_refused")
	n.answers("GET", "/games/duel/accounts/me", arena, "", 401, "invalid_token")
}

func TestLinkAndUnlink(t *testing.T) {
	n, _ := accounted(t, nil)
	ann, id := n.in("/auth/anonymous", annsDevice)
	bob, _ := n.in("/auth/discord", `{"discordToken":"arena-two"}`)
	const me, link = "/accounts/me", "/accounts/me/identities/"
	if text := n.answers("GET", me, ann, "", 200, `"id":"`+id+`"`, `"createdAt":`); strings.Contains(text, `"discord":`) {
		t.Errorf("linked: %s", text)
	}
	n.answers("DELETE", link+"anonymous", ann, "", 409, `"code":"last_identity"`)
	n.answers("DELETE", link+"discord", ann, "", 404, `"code":"not_found"`)
	n.answers("DELETE", link+"steam", ann, "", 404, `"code":"provider_unknown"`)
	n.answers("POST", link+"steam", ann, "{}", 404, `"code":"provider_unknown"`)
	n.answers("POST", link+"discord", ann, "{}", 400, `"error":"Discord token required"`)
	n.answers("POST", link+"discord", ann, `{"discordToken":"bad"}`, 401, `"error":"Invalid Discord token"`, "provider_refused")
	n.answers("POST", link+"discord", ann, `{"discordToken":"arena-two"}`, 409, `"code":"identity_taken"`)
	n.answers("POST", link+"anonymous", bob, annsDevice, 409, `"code":"identity_taken"`)
	n.answers("POST", link+"anonymous", bob, `{"username":"Bob"}`, 400, `"code":"invalid_field"`, "deviceId")

	linked := n.answers("POST", link+"discord", ann, `{"discordToken":"arena-one"}`, 200,
		`"id":"`+id+`"`, `"username":"Ann"`, `"discord":{"id":"1","username":"D1"`, `"provider":"anonymous"`, `"createdAt":`)
	if shown := n.answers("GET", me, ann, "", 200); shown != linked {
		t.Errorf("answered %s, shown %s", linked, shown)
	}
	n.answers("POST", link+"discord", ann, `{"discordToken":"arena-one"}`, 200, `"id":"1"`)
	if _, same := n.in("/auth/discord", `{"discordToken":"arena-one"}`); same != id {
		t.Error("the linked sign-in leads elsewhere")
	}
	if text := n.answers("DELETE", link+"discord", ann, "", 200, `"provider":"anonymous"`); strings.Contains(text, "discord") {
		t.Errorf("still linked: %s", text)
	}
	if _, other := n.in("/auth/discord", `{"discordToken":"arena-one"}`); other == id {
		t.Error("the unlinked sign-in still leads to the account")
	}
	n.answers("DELETE", me, ann, "", 204)
	n.answers("POST", link+"discord", ann, `{"discordToken":"arena-one"}`, 401, "invalid_token")
}

// A provider is asked as often by links as by sign-ins.
func TestLinkIsLimited(t *testing.T) {
	n, _ := accounted(t, func(s *setup) { s.Limits.SignIns = Rate{2, time.Hour} })
	ann, _ := n.in("/auth/anonymous", annsDevice)
	n.answers("POST", "/accounts/me/identities/discord", ann, `{"discordToken":"bad"}`, 401)
	status, header, text := n.full("POST", "/accounts/me/identities/discord", ann, `{"discordToken":"arena-one"}`, nil)
	if status != 429 || header.Get("Retry-After") == "" || !strings.Contains(text, "rate_limited") {
		t.Errorf("%d %v %s", status, header, text)
	}
	n.answers("GET", "/accounts/me/export", ann, "", 429)
	n.answers("DELETE", "/accounts/me/identities/anonymous", ann, "", 409)
}

func TestExportFile(t *testing.T) {
	n, s := accounted(t, nil)
	ann, id := n.in("/auth/anonymous", annsDevice)
	n.answers("POST", "/accounts/me/identities/discord", ann, `{"discordToken":"arena-one"}`, 200)
	e := store.Entry{Game: "arena", Scope: id, Key: "wins", Value: []byte(`{"n":3}`), UpdatedAt: time.Now()}
	if _, err := s.SetEntry(t.Context(), e, store.AnyVersion); err != nil {
		t.Fatal(err)
	}
	status, header, text := n.full("GET", "/accounts/me/export", ann, "", nil)
	if status != 200 || !json.Valid([]byte(text)) {
		t.Fatalf("%d %s", status, text)
	}
	for _, part := range []string{`"account":{"id":"` + id, `"subject":"1"`, `"vars":{"locale":"fr"}`, `"signIns":[{"id":`, `"matches":[]`, `"key":"wins","value":{"n":3}`} {
		if !strings.Contains(text, part) {
			t.Errorf("no %s in %s", part, text)
		}
	}
	for k, want := range map[string]string{
		"Content-Disposition": `attachment; filename="arena-account.json"`, "Content-Type": "application/json; charset=utf-8",
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
	} {
		if header.Get(k) != want {
			t.Errorf("%s is %q, want %q", k, header.Get(k), want)
		}
	}
}

// torn is an Identity whose export ends in the middle.
type torn struct{ Identity }

func (torn) Export(_ context.Context, _ string, to io.Writer) error {
	for range 1000 {
		if _, err := to.Write([]byte(strings.Repeat("x", 100))); err != nil {
			return err
		}
	}
	return errors.New("disk")
}

// Half a file never looks like a whole one.
func TestExportThatFails(t *testing.T) {
	n := start(t, nil)
	n.games["arena"].Identity = torn{n.games["arena"].Identity}
	req, err := http.NewRequest("GET", n.http.URL+"/accounts/me/export", nil)
	n.must(err)
	req.Header.Set("Authorization", "Bearer "+token("ann"))
	resp, err := http.DefaultTransport.RoundTrip(req)
	n.must(err)
	defer resp.Body.Close()
	var buf [1 << 10]byte
	for err == nil {
		_, err = resp.Body.Read(buf[:])
	}
	if err.Error() == "EOF" {
		t.Error("the answer ended as if it were whole")
	}
	if n.logs.FilterMessage("request failed").Len() != 1 || n.logs.FilterMessage("request panicked").Len() != 0 {
		t.Errorf("logs %v", n.logs.All())
	}
}
