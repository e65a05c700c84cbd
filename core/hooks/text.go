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

// knowing is membersOf for when it is needed.
func knowing(l *hook.Lobby, others ...string) func() people {
	return func() people { return membersOf(l, others...) }
}

// refused is the error of a refusal: its texts made fit to be shown, its reasons
// for single players kept for those who are known.
func refused(by *hook.Refusal, known func() people) *fault.Error {
	var reasons map[string]string
	if len(by.GetPlayerReasons()) > 0 && known != nil {
		for id := range known() {
			if text := clean(by.GetPlayerReasons()[id], maxReason); text != "" {
				if reasons == nil {
					reasons = map[string]string{}
				}
				reasons[id] = text
			}
		}
	}
	text := clean(by.GetReason(), maxReason)
	if text == "" {
		text = ErrRefused.Text
	}
	return ErrRefused.About("%s", text).With(hook.RefusalOf(&hook.Refusal{
		Reason: text, PlayerReasons: reasons, Invalid: by.GetInvalid(),
	}))
}

// shownTo is err as the one player sees it who asked: a refusal with his own
// reason if there is one.
func shownTo(account string, err error) error {
	refusal, is := hook.AsRefusal(err)
	if !is {
		return err
	}
	if own := refusal.GetPlayerReasons()[account]; own != "" {
		return fault.From(err).About("%s", own)
	}
	return err
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
