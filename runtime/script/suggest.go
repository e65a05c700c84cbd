package script

import (
	"strings"

	"github.com/agext/levenshtein"
)

// suggest returns the one of names that was probably meant by word, or "": a slip
// of the hand, other capitals, a short form or a longer one.
func suggest(word string, names []string) string {
	plain := flat(word)
	best, least := "", 0
	for _, name := range names {
		known := flat(name)
		d := levenshtein.Distance(plain, known, nil)
		near := d <= max(1, min(len(plain), len(known))/4)
		if short := min(len(plain), len(known)); !near && short >= 4 {
			near = strings.HasPrefix(plain, known) || strings.HasPrefix(known, plain)
		}
		if near && (best == "" || d < least) {
			best, least = name, d
		}
	}
	return best
}

func flat(word string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(word))
}

// didYouMean is the end of a message about word, empty when nothing is near.
func didYouMean(word string, names []string) string {
	if near := suggest(word, names); near != "" {
		return ", did you mean " + near + "?"
	}
	return ""
}
