package gameflow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/muster-gg/muster/core/allocation"
)

// callTimeout bounds a call that the platform should answer at once.
const callTimeout = 15 * time.Second

// checkAccess checks what every call needs. Its errors never quote the key.
func checkAccess(address, gameID, key string) error {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return errors.New("gameflow: url must be an http or https address without user, query and fragment")
	}
	switch {
	case gameID == "":
		return errors.New("gameflow: game_id is empty")
	case key == "" || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("gameflow: api_key must be printable ASCII without spaces")
	}
	return nil
}

// CallError is a call that failed, but for a start. Its text has neither the key
// nor more of the platform's words than a log may show.
type CallError struct {
	// Call is which one it was, in words.
	Call string
	// Status is the answer's; 0: there was none, or none that could be read whole.
	Status int
	// Cause may be nil.
	Cause error
}

// Error implements error.
func (e *CallError) Error() string {
	switch {
	case e.Cause == nil:
		return fmt.Sprintf("%s: status %d", e.Call, e.Status)
	case e.Status == 0:
		return fmt.Sprintf("%s: %v", e.Call, e.Cause)
	}
	return fmt.Sprintf("%s: status %d: %v", e.Call, e.Status, e.Cause)
}

// Unwrap implements errors.Unwrap.
func (e *CallError) Unwrap() error { return e.Cause }

// Transient reports whether a call that failed may work later: the network failed,
// or the platform was busy or broken. Any other refusal is final.
func Transient(err error) bool {
	var e *CallError
	if !errors.As(err, &e) {
		return false
	}
	return e.Status == 0 || e.Status == http.StatusRequestTimeout || e.Status == http.StatusTooManyRequests || e.Status >= 500
}

// api is an organisation's access to the platform. The zero value is of no use.
type api struct {
	base, key string
	client    *http.Client
}

// call makes one call within d and reads its answer into out unless that is nil.
// An answer of 200 that cannot be read is final. Errors are *CallError.
func (a *api) call(ctx context.Context, name, method, path string, in, out any, d time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return &CallError{Call: name, Status: http.StatusBadRequest, Cause: err}
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, body)
	if err != nil {
		return &CallError{Call: name, Status: http.StatusBadRequest, Cause: err}
	}
	req.Header.Set("X-Api-Key", a.key)
	req.Header.Set("Accept", "application/json")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return &CallError{Call: name, Cause: err}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return &CallError{Call: name, Status: resp.StatusCode, Cause: a.words(answer)}
	case err != nil:
		return &CallError{Call: name, Cause: fmt.Errorf("answer: %w", err)}
	case out == nil:
		return nil
	case len(answer) > maxAnswer:
		return &CallError{Call: name, Status: resp.StatusCode, Cause: fmt.Errorf("the answer is over %d bytes", maxAnswer)}
	case json.Unmarshal(answer, out) != nil:
		return &CallError{Call: name, Status: resp.StatusCode, Cause: errors.New("the answer cannot be read as JSON of the known shape")}
	}
	return nil
}

// words is what a gateway says of its refusal, fit for a log; nil for nothing.
func (a *api) words(answer []byte) error {
	if text := allocation.Mask(gatewayMessage(answer), 200, a.key); text != "" {
		return errors.New(text)
	}
	return nil
}
