package config

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/zap/zapcore"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	s := NewSecret("hush")
	env := Environment{"TOKEN": s}
	holder := struct {
		Open   Secret
		closed Secret
		Env    Environment
		env    Environment
	}{s, s, env, env}
	c := parsed(t, "plugin \"p\" {\n  command = [\"x\"]\n  config {\n    pin = \"hush\"\n  }\n}\ngame \"a\" {\n}\n")
	for _, v := range []any{c, c.Plugins[0], &c.Plugins[0], c.Plugins, c.Plugins[0].Settings, s, &s, env, holder, &holder, []Secret{s}, map[string]Secret{"x": s}, Auth{Secret: s}, &Config{Auth: Auth{Secret: s}}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "% x", "%10.3s"} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, "hush") || strings.Contains(strings.ToLower(got), "68757368") {
				t.Errorf("%s of %T: %s", verb, v, got)
			}
		}
		if raw, err := json.Marshal(v); err != nil || strings.Contains(string(raw), "hush") {
			t.Errorf("JSON of %T: %s, %v", v, raw, err)
		}
	}
	encoder := zapcore.NewMapObjectEncoder()
	zapcore.Field{Type: zapcore.StringerType, Interface: s}.AddTo(encoder)
	if got := fmt.Sprint(encoder.Fields); strings.Contains(got, "hush") || !strings.Contains(got, hidden) {
		t.Errorf("zap: %s", got)
	}
	if holder.closed.Reveal() != "hush" || env.Reveal()["TOKEN"] != "hush" {
		t.Error("a secret that cannot be used is no use")
	}
}

func TestSecretValues(t *testing.T) {
	none := NewSecret("")
	if !none.Empty() || none.String() != "" || none.Reveal() != "" || none != (Secret{}) {
		t.Errorf("empty: %v", none)
	}
	if !NewSecret("a").Equal(NewSecret("a")) || NewSecret("a").Equal(NewSecret("b")) || NewSecret("a").Equal(none) {
		t.Error("Equal")
	}
	if raw, err := json.Marshal([]Secret{none, NewSecret("a")}); err != nil || string(raw) != `["","(secret)"]` {
		t.Errorf("%s, %v", raw, err)
	}
}
