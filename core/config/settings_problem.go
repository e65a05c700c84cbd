package config

import (
	"fmt"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// Problem is an error about one of the settings, in the plugin's words for what
// is wrong with it: "is not a URL". Without a name, or for a setting that is not
// there, it stands at the block.
func (s *PluginSettings) Problem(name, text string) Diagnostic {
	return s.problem(func(s *PluginSettings, r *reader, text string) {
		v, there := s.values[name]
		switch {
		case there:
			r.fail(v.at, problem{text: fmt.Sprintf("%s: %s %s", name, r.quote(v.at), text)})
		case name != "":
			r.fail(s.block, problem{text: name + " " + text})
		default:
			r.fail(s.block, problem{text: s.title + ": " + text})
		}
	}, text)
}

// problem makes a diagnostic of a text that may repeat secrets.
func (s *PluginSettings) problem(tell func(*PluginSettings, *reader, string), text string) Diagnostic {
	if s == nil {
		s = &PluginSettings{}
	}
	s.mu.Lock()
	secret := s.secret
	s.mu.Unlock()
	r := s.reader(secret)
	tell(s, r, sentence(strings.TrimSpace(s.scrub(text, secret))))
	return r.diags[0]
}

// scrub takes values out of a text of the plugin that may be secret.
func (s *PluginSettings) scrub(text string, secret map[string]bool) string {
	const least = 4 // fewer characters keep no secret, and would be in any text
	for name, v := range s.values {
		if !secret[name] && !v.secret && !v.fromEnv {
			continue
		}
		_ = cty.Walk(v.v, func(_ cty.Path, part cty.Value) (bool, error) {
			if !part.IsNull() && part.Type() == cty.String && len(part.AsString()) >= least {
				text = strings.ReplaceAll(text, part.AsString(), hidden)
			}
			return true, nil
		})
	}
	return text
}
