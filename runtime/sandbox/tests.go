package sandbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/muster-gg/muster/runtime/script/scripttest"
)

// Verdict is what the tests of a folder came to.
type Verdict struct {
	// Failed says that a test failed, or that they did not come to their end.
	Failed bool
	// Text tells which and how, with several lines; empty if none failed.
	Text string
}

// grace is how much longer a child has than the tests: it knows best which of them do
// not end.
const grace = 2 * time.Second

// maxText is how long the text of a verdict may be.
const maxText = 64 << 10

// Test runs the tests of a hooks folder in a child, as scripttest.Run does; without
// any there is no child. An error means that they could not be run, or that ctx ended.
func (s *Sandbox) Test(ctx context.Context, dir string) (Verdict, error) {
	if files, err := scripttest.Find(dir); err == nil && len(files) == 0 {
		return Verdict{}, ctx.Err()
	}
	if err := s.test.begin(ctx); err != nil {
		return Verdict{}, err
	}
	defer s.test.end()
	given := s.test.limits
	a, err := s.run(ctx, Limits{given.Time + grace, given.Memory}, request{Tests: []byte(dir), Time: given.Time})
	var ended *Ended
	switch {
	case errors.As(err, &ended):
		ended.limits = given
		text := "The tests " + ended.Error()
		if len(ended.Open) > 0 {
			text = strings.Join(ended.Open, ", ") + ": " + text
		}
		if ended.By == Time {
			text += ", which is what all of them together have"
		}
		return Verdict{true, text}, nil
	case err != nil:
		return Verdict{}, err
	case a.last.Failed != "":
		return Verdict{}, errors.New(a.last.Failed)
	case a.last.Tested == nil:
		return Verdict{}, fmt.Errorf("the tests of %s: %w", dir, errAnswer)
	}
	v := *a.last.Tested
	v.Text = shortened(v.Text)
	return v, nil
}

// shortened is the beginning of a text that is too long.
func shortened(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + "…"
}
