package script

import (
	"time"

	"github.com/dlclark/regexp2/v2"
)

// LimitRegexps bounds how long one search with a regular expression that needs
// backtracking may take, in every script of the process: the engine does not look at
// a call's deadline meanwhile, and afterwards goes on as if nothing was found. So d
// must not be shorter than the longest deadline; a call in which it came to that is
// over then. It is called before the first script is loaded, and not again.
func LimitRegexps(d time.Duration) {
	regexp2.SetTimeoutCheckPeriod(5 * time.Millisecond)
	regexp2.DefaultMatchTimeout = d
}
