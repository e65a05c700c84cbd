package telemetry

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/zap"
)

const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ"

func TestNoSecretIsLogged(t *testing.T) {
	for _, mode := range []string{"development", "production"} {
		var out bytes.Buffer
		log, err := NewLogger(mode, &out)
		if err != nil {
			t.Fatal(err)
		}
		log.Info("connect "+jwt, zap.String("url", "/_ws?v=2&token=hunter2-query"),
			zap.Error(errors.New(`header Authorization: Bearer hunter2-bearer, body {"refreshToken":"hunter2-json"}`)),
			zap.Any("body", map[string]string{"deviceId": "hunter2-device"}), zap.String("kept", "plain words"))
		if s := out.String(); strings.Contains(s, "hunter2") || strings.Contains(s, jwt) || !strings.Contains(s, "plain words") {
			t.Errorf("%s: %s", mode, s)
		}
	}
	if _, err := NewLogger("loud", &bytes.Buffer{}); err == nil {
		t.Error("an unknown mode is taken")
	}
}

func TestPlainLinesAreLeftAlone(t *testing.T) {
	line := []byte(`{"msg":"match started","match":"1f0c","server":"arena-1","port":21000,"tokens":3}`)
	if got := Redact(line); !bytes.Equal(got, line) {
		t.Errorf("%s", got)
	}
}

func TestMetrics(t *testing.T) {
	rec := httptest.NewRecorder()
	Handler(NewRegistry("1.2.3")).ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	if body := rec.Body.String(); rec.Code != 200 || !strings.Contains(body, `version="1.2.3"`) || !strings.Contains(body, "go_goroutines") {
		t.Errorf("%d\n%s", rec.Code, body)
	}
}

// FuzzRedact holds that the quick look never spares a line with a secret.
func FuzzRedact(f *testing.F) {
	for _, s := range []string{"connect " + jwt, "Authorization: BEARER abc", "GET /?Token=abc", `{"REFRESH_TOKEN":"abc"}`, `\"deviceId\":\"abc\"`, "plain"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if suspicious(line) {
			return
		}
		for _, s := range secrets {
			if s.shape.Match(line) {
				t.Errorf("%q has a secret and is not looked at", line)
			}
		}
	})
}

func BenchmarkRedactPlainLine(b *testing.B) {
	line := []byte(`22:13:14.123	INFO	match started	{"game": "arena", "lobby": "0b5e8f0c-9a0f-4a44-9d69-4a9b6c1de111", "match": "0b5e8f0c-9a0f-4a44-9d69-4a9b6c1de112", "server": "gs-1", "provider": "gameflow", "took": "1.2ms"}`)
	for b.Loop() {
		Redact(line)
	}
}
