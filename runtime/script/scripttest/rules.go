package scripttest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dlclark/regexp2/v2"

	"github.com/muster-gg/muster/runtime/script/fetch"
)

// rule answers requests for some addresses.
type rule struct {
	url     string
	pattern *regexp2.Regexp // instead of url
	answers []answer        // the last one stays
}

// answer is what a test lets a server answer.
type answer struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    *string           `json:"body"`
	JSON    json.RawMessage   `json:"json"`
	// Error is the code that fetch throws instead of an answer.
	Error string `json:"error"`
}

// request is what a script has asked for.
type request struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

// maxMatch is how long an address may be compared with a pattern.
const maxMatch = 100 * time.Millisecond

// addRule is t.fetch.
func (w *world) addRule(args json.RawMessage) (json.RawMessage, error) {
	var which struct{ URL, Pattern, Flags string }
	made := &rule{}
	if err := arguments(args, &which, &made.answers); err != nil || len(made.answers) == 0 {
		return nil, errors.New(`t.fetch needs an address and its answer: a text, or { status, headers, json } or { error }`)
	}
	for _, a := range made.answers {
		if err := a.check(); err != nil {
			return nil, err
		}
	}
	if made.url = which.URL; which.Pattern != "" {
		options := regexp2.RegexOptions(regexp2.ECMAScript)
		if strings.Contains(which.Flags, "i") {
			options |= regexp2.IgnoreCase
		}
		var err error
		if made.pattern, err = regexp2.Compile(which.Pattern, options); err != nil {
			return nil, fmt.Errorf("t.fetch cannot use this pattern: %w", err)
		}
		made.pattern.MatchTimeout = maxMatch
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rules = append(w.rules, made)
	return nil, nil
}

// asked is t.requests.
func (w *world) asked(json.RawMessage) (json.RawMessage, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.requests == nil {
		return json.RawMessage("[]"), nil
	}
	return json.Marshal(w.requests)
}

func (r *rule) fits(url string) bool {
	if r.pattern == nil {
		return r.url == url
	}
	ok, err := r.pattern.MatchString(url)
	return ok && err == nil
}

// answer is the next one.
func (r *rule) answer() (*fetch.Response, error) {
	a := r.answers[0]
	if len(r.answers) > 1 {
		r.answers = r.answers[1:]
	}
	if a.Error != "" {
		return nil, &fetch.Error{Code: a.Error, Text: "fetch: the test lets this fail"}
	}
	made := &fetch.Response{Status: http.StatusOK, Headers: map[string]string{}}
	if a.Status != 0 {
		made.Status = a.Status
	}
	switch {
	case a.Body != nil:
		made.Body = []byte(*a.Body)
	case a.JSON != nil:
		made.Headers["content-type"] = "application/json"
		made.Body = a.JSON
	}
	for name, value := range a.Headers {
		made.Headers[strings.ToLower(name)] = value
	}
	return made, nil
}

var errorCodes = []string{fetch.CodeRefused, fetch.CodeFailed, fetch.CodeTimeout, fetch.CodeTooLarge}

func (a answer) check() error {
	switch {
	case a.Status != 0 && (a.Status < 200 || a.Status > 599):
		return fmt.Errorf("t.fetch: a status is 200 to 599, not %d", a.Status)
	case a.Error != "" && !slices.Contains(errorCodes, a.Error):
		return fmt.Errorf("t.fetch: error is one of %s, not %q", strings.Join(errorCodes, ", "), a.Error)
	case a.Body != nil && a.JSON != nil:
		return errors.New("t.fetch: an answer has a body or json, not both")
	}
	return nil
}
