package wire

import (
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/muster-gg/muster/sdk/hook"
)

// Codes of answers that were not taken.
const (
	// TooLarge is for an answer over MaxMessage, or a refusal over MaxHeaders.
	TooLarge = "too_large"
	// Malformed is for what is no answer of the contract: another message, text that is
	// not UTF-8, broken gRPC.
	Malformed = "malformed"
)

// UnreadError is the error of a call that was answered with what nobody could read.
type UnreadError struct {
	// Code is TooLarge or Malformed.
	Code string
	said string
}

// Error is a sentence for operators.
func (e *UnreadError) Error() string { return "the answer was not taken: " + e.said }

// BadAnswer returns the code: it tells whoever asked that the hook has answered, and
// with what nobody could use.
func (e *UnreadError) BadAnswer() string { return e.Code }

// What gRPC says of answers that it does not take. It has no codes of its own for
// them; a plugin that says the same has given no answer either.
var (
	largeTexts = []string{
		"grpc: received message larger than max", "grpc: received message after decompression larger than max",
		"grpc: message after decompression larger than max", "peer header list size exceeded limit",
	}
	malformedTexts = []string{
		"grpc: failed to unmarshal the received message", "grpc: failed to decompress", "grpc: received unexpected payload format",
		"grpc: Decompressor is not installed", "grpc-status-details-bin mismatch", "cardinality violation", "transport: malformed",
		"transport: received unexpected content-type", "malformed header", "unexpected HTTP status code received from server",
		"a HEADERS frame cannot appear in the middle of a stream", "server closed the stream without sending trailers", "protocol error",
	}
)

// brokenOff is what gRPC says when the other end gave up on its own answer.
const brokenOff = "stream terminated by RST_STREAM"

// unread returns the code of an answer that was not taken, "" for what a hook may say.
func unread(s *status.Status) string {
	begins := func(texts []string) bool {
		for _, text := range texts {
			if strings.HasPrefix(s.Message(), text) {
				return true
			}
		}
		return false
	}
	switch c := s.Code(); {
	case c == codes.DeadlineExceeded || c == codes.Canceled:
		return ""
	case begins(largeTexts):
		return TooLarge
	case begins(malformedTexts), c == codes.Internal && strings.HasPrefix(s.Message(), brokenOff):
		return Malformed
	case c == codes.FailedPrecondition || c == codes.Unavailable:
		return rubble(s.Details())
	}
	return ""
}

// rubble returns Malformed if a detail cannot be read and none is an answer.
func rubble(details []any) string {
	code := ""
	for _, d := range details {
		switch d.(type) {
		case *hook.Refusal, *hook.Outage:
			return ""
		case error:
			code = Malformed
		}
	}
	return code
}
