package hooks

import (
	"errors"
	"strings"
	"unicode/utf8"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
)

// Codes of answers that are not taken for another reason than what they say.
const (
	// codeLate is for an answer after the deadline. Its call has failed with
	// codeTimeout before.
	codeLate = "late"
	// codeTooLarge and codeMalformed are, beside answers that break a limit, for those
	// that their host could not read.
	codeTooLarge  = "too_large"
	codeMalformed = "malformed"
)

// unread returns the code of an answer that the hook's host could not read, "" for
// every other error.
func unread(err error) string {
	var host interface{ BadAnswer() string }
	if errors.As(err, &host) {
		return host.BadAnswer()
	}
	return ""
}

// flaw is what is wrong with the texts of a refusal, nil if nothing is. It is a
// refusal all the same: they are made fit.
func flaw(by *hook.Refusal, known func() people) *failure {
	if f := checkReason("reason", by.GetReason()); f != nil {
		return f
	}
	if len(by.GetPlayerReasons()) == 0 {
		return nil
	}
	var players people
	if known != nil {
		players = known()
	}
	for id, reason := range by.GetPlayerReasons() {
		if !players[id] {
			return broken("unknown_player", "a reason for %.64q", id)
		}
		if f := checkReason("the reason for a player", reason); f != nil {
			return f
		}
	}
	return nil
}

// checkReason is checkText for a text that may have several lines.
func checkReason(field, text string) *failure {
	if utf8.ValidString(text) && len(text) <= maxReason && !strings.ContainsFunc(text, unfit) {
		return nil
	}
	return checkText(field, strings.NewReplacer("\n", " ", "\r", " ", "\t", " ").Replace(strings.TrimSpace(text)), maxReason)
}

// textual says that all text in a JSON value is UTF-8. Only a hook that is Go in the
// server can answer with other.
func textual(v *structpb.Value) bool {
	switch k := v.GetKind().(type) {
	case *structpb.Value_StringValue:
		return utf8.ValidString(k.StringValue)
	case *structpb.Value_ListValue:
		for _, item := range k.ListValue.GetValues() {
			if !textual(item) {
				return false
			}
		}
	case *structpb.Value_StructValue:
		for key, item := range k.StructValue.GetFields() {
			if !utf8.ValidString(key) || !textual(item) {
				return false
			}
		}
	}
	return true
}

// jsonOf is a value as JSON, an error if it is none, which has a code.
func jsonOf(v *structpb.Value) ([]byte, string, error) {
	data, err := hook.ValueToJSON(v)
	switch {
	case err != nil:
		return nil, "bad_value", err
	case !textual(v): // not deep any more
		return nil, "bad_text", errors.New("it is not UTF-8")
	}
	return data, "", nil
}
