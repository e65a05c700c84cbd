package config

import (
	"strings"
	"unicode"

	"github.com/agext/levenshtein"
)

// nearest returns what was probably meant by word, or "".
func nearest(word string, candidates []string) string {
	word = snake(word)
	best, distance := "", 0
	for _, c := range candidates {
		d := levenshtein.Distance(word, c, nil)
		if near(word, c) && (best == "" || d < distance) {
			best, distance = c, d
		}
	}
	if best != "" {
		return best
	}
	// A short form, or a longer one: prod, reconnect_grace_time.
	for _, c := range candidates {
		if len(word) >= 3 && (strings.HasPrefix(c, word) || strings.HasPrefix(word, c) && len(c) >= 3) {
			return c
		}
	}
	return ""
}

// near reports whether two words differ by a slip of the hand: one edit, or about
// one in every three characters. Two swapped characters are two edits.
func near(a, b string) bool {
	return levenshtein.Distance(a, b, nil) <= max(1, (min(len([]rune(a)), len([]rune(b)))+1)/3)
}

// snake turns maxLobbies and max-lobbies into max_lobbies.
func snake(word string) string {
	var b strings.Builder
	lower := false
	for _, r := range word {
		switch {
		case r == '-' || r == ' ':
			r = '_'
		case unicode.IsUpper(r) && lower:
			b.WriteByte('_')
		}
		lower = unicode.IsLower(r) || unicode.IsDigit(r)
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// list is "a, b or c".
func list(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	n := len(words) - 1
	return strings.Join(words[:n], ", ") + " " + last + " " + words[n]
}

func quoted(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = `"` + w + `"`
	}
	return out
}
