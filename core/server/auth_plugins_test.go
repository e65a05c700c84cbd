package server_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/muster-gg/muster/sdk/client"
)

// built builds a plugin that ships and returns its path.
func built(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755))
	path := filepath.Join(dir, name)
	if out, err := exec.Command("go", "build", "-o", path, "../../plugins/"+name).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

// discordStub stands for Discord: the token "APP:USER" is USER's for application APP.
func discordStub(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		app, user, ok := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ":")
		if r.URL.Path != "/oauth2/@me" || !ok {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"application":{"id":%q},"scopes":["identify"],"user":{"id":%q,"username":"user%s","avatar":"abc"}}`, app, user, user)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// oidcStub stands for an OpenID provider with one key; the function signs tokens.
func oidcStub(t *testing.T) (issuer string, sign func(audience, subject string) string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	encode := base64.RawURLEncoding.EncodeToString
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q,"id_token_signing_alg_values_supported":["RS256"]}`, s.URL, s.URL+"/keys")
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"keys":[{"kty":"RSA","kid":"k1","alg":"RS256","use":"sig","n":%q,"e":%q}]}`,
			encode(key.N.Bytes()), encode(big.NewInt(int64(key.E)).Bytes()))
	})
	return s.URL, func(audience, subject string) string {
		token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
			"iss": s.URL, "aud": audience, "sub": subject, "name": "Olga", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
		})
		token.Header["kid"] = "k1"
		text, err := token.SignedString(key)
		must(t, err)
		return text
	}
}

// ask makes a REST call and returns the status and the decoded answer.
func ask(t *testing.T, method, url, token, body string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	must(t, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	must(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(t, err)
	var answer map[string]any
	_ = json.Unmarshal(text, &answer) // some answers have no body
	return res.StatusCode, answer
}

// TestSignInPlugins signs people in with the plugins that ship: two games with
// different settings of one, and the same game with another by changed lines alone.
func TestSignInPlugins(t *testing.T) {
	discord, oidc := built(t, "auth-discord"), built(t, "auth-oidc")
	api := discordStub(t)
	issuer, sign := oidcStub(t)
	block := func(app string) string {
		return fmt.Sprintf("plugin \"discord\" {\n command = [%q]\n config {\n application_id = %q\n api_url = %q\n }\n}\n", discord, app, api)
	}
	node := startNode(t, block("1111111111111111111")+`
game "arena" {
  auth = ["anonymous", "discord"]
}
game "duel" {
  auth = ["discord"]
  `+block("2222222222222222222")+`
}
`)
	arena, duel := node.PublicURL()+"/games/arena", node.PublicURL()+"/games/duel"
	const one, other = `{"discordToken":"1111111111111111111:77777777777777777"}`, `{"discordToken":"2222222222222222222:77777777777777777"}`

	status, first := ask(t, "POST", arena+"/auth/discord", "", one)
	account, _ := first["account"].(map[string]any)
	who, _ := account["discord"].(map[string]any)
	if status != 200 || who["id"] != "77777777777777777" || who["avatar"] != "https://cdn.discordapp.com/avatars/77777777777777777/abc.png" {
		t.Fatalf("%d %v", status, first)
	}
	if _, again := ask(t, "POST", arena+"/auth/discord", "", one); again["account"].(map[string]any)["id"] != account["id"] {
		t.Error("the same person is another account")
	}
	// A token of the other game's application is good for that game alone.
	for url, want := range map[string]int{arena: 401, duel: 200} {
		if status, answer := ask(t, "POST", url+"/auth/discord", "", other); status != want {
			t.Errorf("%s: %d %v", url, status, answer)
		}
	}
	for body, want := range map[string]string{`{}`: "400 Discord token required", `{"discordToken":"x"}`: "401 Invalid Discord token"} {
		status, answer := ask(t, "POST", arena+"/auth/discord", "", body)
		if got := fmt.Sprint(status, " ", answer["error"]); got != want {
			t.Errorf("%s: %s", body, got)
		}
	}

	// Link, conflict, unlink.
	ann, err := client.New(client.Config{URL: arena}).SignIn(t.Context(), "ann", "ann-device-0123456789")
	must(t, err)
	link := arena + "/accounts/me/identities/discord"
	if status, answer := ask(t, "POST", link, ann.AccessToken, one); status != 409 || answer["code"] != "identity_taken" {
		t.Errorf("another's identity: %d %v", status, answer)
	}
	const mine = `{"discordToken":"1111111111111111111:88888888888888888"}`
	if status, answer := ask(t, "POST", link, ann.AccessToken, mine); status != 200 || len(answer["identities"].([]any)) != 2 {
		t.Errorf("link: %d %v", status, answer)
	}
	if _, answer := ask(t, "POST", arena+"/auth/discord", "", mine); answer["account"].(map[string]any)["id"] != ann.Account.ID {
		t.Errorf("a linked sign-in: %v", answer)
	}
	if status, _ := ask(t, "DELETE", link, ann.AccessToken, ""); status != 204 && status != 200 {
		t.Errorf("unlink: %d", status)
	}
	if status, answer := ask(t, "DELETE", arena+"/accounts/me/identities/anonymous", ann.AccessToken, ""); status != 409 || answer["code"] != "last_identity" {
		t.Errorf("the last one: %d %v", status, answer)
	}

	// OpenID Connect instead, in the same place.
	swapped := startNode(t, fmt.Sprintf(`
plugin "google" {
  command = [%q]
  config {
    issuer     = %q
    client_ids = ["my-client"]
  }
}
game "arena" {
  auth = ["google"]
}
`, oidc, issuer))
	url := swapped.PublicURL() + "/auth/google"
	if status, answer := ask(t, "POST", url, "", fmt.Sprintf(`{"idToken":%q}`, sign("my-client", "olga"))); status != 200 || answer["account"].(map[string]any)["username"] != "Olga" {
		t.Errorf("oidc: %d %v", status, answer)
	}
	if status, _ := ask(t, "POST", url, "", fmt.Sprintf(`{"idToken":%q}`, sign("another-client", "olga"))); status != 401 {
		t.Errorf("another's audience: %d", status)
	}
}
