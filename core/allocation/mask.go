package allocation

import (
	"regexp"
	"strings"
	"unicode"
)

// tokenLike is a run that is long enough to be a key or a token: ticket keys
// have 43 characters, signed tokens more.
var tokenLike = regexp.MustCompile(`[A-Za-z0-9_+/=-]{32,}`)

// Mask makes a foreign text fit for a log: what looks like a key or token is
// blanked, so is every one of secrets; control characters other than line ends
// become spaces, and at most limit bytes stay.
func Mask(text string, limit int, secrets ...string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "***")
		}
	}
	text = tokenLike.ReplaceAllString(text, "***")
	text = strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}
