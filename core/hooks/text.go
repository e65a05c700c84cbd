package hooks

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/sdk/hook"
)

// Lengths of texts, in characters.
const (
	maxReason    = 500
	maxErrorText = 1000
)

// people are account ids.
type people map[string]bool

// membersOf are those in the lobby, and others.
func membersOf(l *hook.Lobby, others ...string) people {
	known := people{}
	for _, t := range l.GetTeams() {
		for _, p := range t.GetPlayers() {
			known[p.GetAccountId()] = true
		}
	}
	for _, id := range others {
		known[id] = true
	}
	return known
}

// refused is the error of a refusal: its texts made fit to be shown, its reasons
// for single players kept for those who are known.
func refused(by *hook.Refusal, known people) *fault.Error {
	var reasons map[string]string
	for id, reason := range by.GetPlayerReasons() {
		if text := clean(reason, maxReason); text != "" && known[id] {
			if reasons == nil {
				reasons = map[string]string{}
			}
			reasons[id] = text
		}
	}
	text := clean(by.GetReason(), maxReason)
	if text == "" {
		text = ErrRefused.Text
	}
	return ErrRefused.About("%s", text).With(hook.Refuse(text, reasons))
}

// clean makes a hook's text fit to be shown: valid UTF-8 on one line, no control
// characters and none that turn the direction of writing, at most limit characters.
func clean(text string, limit int) string {
	var b strings.Builder
	left := limit
	for _, r := range strings.TrimSpace(text) {
		if left == 0 {
			break
		}
		switch {
		case r == '\n' || r == '\t':
			r = ' '
		case unfit(r):
			continue
		}
		b.WriteRune(r)
		left--
	}
	return strings.TrimSpace(b.String())
}

// unfit reports whether a character must not reach other people's screens.
func unfit(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x2028 || r == 0x2029
}

// checkText holds a text of an answer against its limit in characters.
func checkText(field, text string, limit int) *failure {
	switch {
	case !utf8.ValidString(text):
		return broken("bad_text", "%s is not UTF-8", field)
	case utf8.RuneCountInString(text) > limit:
		return broken("too_long", "%s is over %d characters", field, limit)
	case strings.ContainsFunc(text, unfit):
		return broken("bad_text", "%s has control characters", field)
	}
	return nil
}
