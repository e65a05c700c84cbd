package gameflow_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

func TestOptions(t *testing.T) {
	good := gameflow.Options{URL: "https://api.example.com/v1", GameID: "g", APIKey: "k", Timeout: time.Minute}
	if _, err := gameflow.New(good); err != nil {
		t.Fatal(err)
	}
	bad := map[string]func(*gameflow.Options){
		"no url":       func(o *gameflow.Options) { o.URL = "" },
		"other scheme": func(o *gameflow.Options) { o.URL = "ftp://x" },
		"user in url":  func(o *gameflow.Options) { o.URL = "https://u:secret@x" },
		"query":        func(o *gameflow.Options) { o.URL = "https://x?a=1" },
		"not a url":    func(o *gameflow.Options) { o.URL = "https://%zz:secret" },
		"no game":      func(o *gameflow.Options) { o.GameID = "" },
		"no key":       func(o *gameflow.Options) { o.APIKey = "" },
		"key of lines": func(o *gameflow.Options) { o.APIKey = "secret\r\nX: y" },
		"no timeout":   func(o *gameflow.Options) { o.Timeout = 0 },
	}
	for name, spoil := range bad {
		o := good
		spoil(&o)
		if _, err := gameflow.New(o); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	p, _ := gameflow.New(good)
	if l := p.Limits(7); l.Timeout != 75*time.Second || l.MaxConcurrent != 7 {
		t.Errorf("limits are %+v", l)
	}
}

// TestNoSecretInErrors: neither our key nor a token of the payload is in an
// error, even when the platform repeats them.
func TestNoSecretInErrors(t *testing.T) {
	token := base64.RawURLEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))
	answers := []string{
		`{"code":3,"message":"bad key ` + apiKey + ` payload {\"ticketKey\":\"` + token + `\"}"}`,
		`{"code":3,"message":["` + apiKey + `"]}`,
		apiKey + token,
		`{"server":{"name":"` + apiKey + `","address":"203.0.113.9","port":1}}`,
		`{"server":{"name":"a","address":"` + apiKey + `.example.com","port":1}}`,
		`{"server":{"name":"a","address":"no ` + apiKey + `","port":1}}`,
	}
	for _, status := range []int{200, 400, 401, 500} {
		for _, answer := range answers {
			h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				fmt.Fprint(w, answer)
			}))
			_, err := newProvider(t, h.URL).Allocate(t.Context(), request("m"))
			h.Close()
			if err == nil || strings.Contains(err.Error(), apiKey) || strings.Contains(err.Error(), token) {
				t.Errorf("status %d: error is %v", status, err)
			}
		}
	}
}

// TestShortKey: a word for a key, as in development, may be in the name of a server.
func TestShortKey(t *testing.T) {
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: "g", APIKey: "gs"})
	defer platform.Close()
	p, err := gameflow.New(gameflow.Options{URL: platform.URL, GameID: "g", APIKey: "gs", Region: "eu", Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if s, err := p.Allocate(t.Context(), request("m")); err != nil || !strings.HasPrefix(s.Name, "gs-") {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestRedirectKeepsTheKey: a redirect is not followed, so nobody else sees the key.
func TestRedirectKeepsTheKey(t *testing.T) {
	var seen string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Header.Get("X-Api-Key") }))
	defer other.Close()
	h := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer h.Close()
	_, err := newProvider(t, h.URL).Allocate(t.Context(), request("m"))
	if err == nil || allocation.IsNone(err) || seen != "" {
		t.Fatalf("error is %v, key seen %q", err, seen)
	}
}

// TestPlatformIsStrict: the stand-in refuses what the real one would.
func TestPlatformIsStrict(t *testing.T) {
	platform := newPlatform(t)
	for name, o := range map[string]gameflow.Options{
		"key":  {URL: platform.URL, GameID: gameID, APIKey: "other", Timeout: time.Minute},
		"game": {URL: platform.URL, GameID: "other", APIKey: apiKey, Timeout: time.Minute},
	} {
		p, err := gameflow.New(o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Allocate(t.Context(), request("m")); !allocation.IsNone(err) {
			t.Errorf("wrong %s: %v", name, err)
		}
		p.Close()
	}
	if n := len(platform.Problems()); n != 2 || platform.Count() != 0 {
		t.Errorf("%d problems, %d calls", n, platform.Count())
	}
}

func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"server":{"name":"a","address":"203.0.113.9","port":7777}}`,
		`{"game_server":{"server_name":"a","address":"[::1]","port":"7777"}}`,
		`{"server":{"port":-1}}`, `{"server":[]}`, `"`, "\x00",
		`{"address":"203.0.113.9","port":"7777"}`, `{"allocation":{"address":"gs.example.com","port":7777}}`, `{"port":1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, fleet := range []bool{false, true} {
			s, err := gameflow.Decode(body, fleet)
			if err == nil && s.Validate() != nil {
				t.Errorf("%q gives %+v", body, s)
			}
			if allocation.IsNone(err) {
				t.Errorf("%q says that no server was made", body)
			}
		}
	})
}

func BenchmarkAllocate(b *testing.B) {
	s := gameflowtest.NewServer(gameflowtest.Options{GameID: gameID, APIKey: apiKey, Forget: true})
	defer s.Close()
	p := newProvider(b, s.URL)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := p.Allocate(b.Context(), request("m")); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
