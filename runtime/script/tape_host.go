package script

import (
	"context"
	"encoding/json"
	"errors"
	"net/textproto"
	"strings"
	"unicode/utf8"

	"github.com/muster-gg/muster/runtime/script/fetch"
	"github.com/muster-gg/muster/sdk/hook"
)

// taped takes down what was asked, if the work of ctx is recorded.
func taped(ctx context.Context, a Asked, err error) {
	w := WorkFrom(ctx)
	if w == nil {
		return
	}
	if err != nil {
		a.Error = &AskedError{Code: codeOf(err), Text: textOf(err)}
	}
	w.Asked = append(w.Asked, a)
}

// tapedHost is the platform, and takes down what it is asked.
type tapedHost struct{ hook.Host }

func (h tapedHost) Storage() hook.Storage { return tapedStorage{h.Host.Storage()} }

func (h tapedHost) Notify(ctx context.Context, account, kind string, payload json.RawMessage) error {
	err := h.Host.Notify(ctx, account, kind, payload)
	taped(ctx, Asked{Notify: &NotifyAsked{account, kind, payload}}, err)
	return err
}

type tapedStorage struct{ hook.Storage }

func (s tapedStorage) Get(ctx context.Context, scope string, keys ...string) ([]hook.Entry, error) {
	entries, err := s.Storage.Get(ctx, scope, keys...)
	taped(ctx, Asked{Storage: &StorageAsked{Op: "get", Scope: scope, Keys: keys}, Entries: stored(entries)}, err)
	return entries, err
}

func (s tapedStorage) Set(ctx context.Context, scope, key string, value json.RawMessage, when hook.Version) (hook.Version, error) {
	version, err := s.Storage.Set(ctx, scope, key, value, when)
	taped(ctx, Asked{Storage: &StorageAsked{Op: "set", Scope: scope, Keys: []string{key}, Value: value, When: &when}, Version: version}, err)
	return version, err
}

func (s tapedStorage) Delete(ctx context.Context, scope, key string, when hook.Version) error {
	err := s.Storage.Delete(ctx, scope, key, when)
	taped(ctx, Asked{Storage: &StorageAsked{Op: "delete", Scope: scope, Keys: []string{key}, When: &when}}, err)
	return err
}

func (s tapedStorage) List(ctx context.Context, scope, prefix, after string, limit int) ([]hook.Entry, error) {
	entries, err := s.Storage.List(ctx, scope, prefix, after, limit)
	taped(ctx, Asked{Storage: &StorageAsked{Op: "list", Scope: scope, Prefix: prefix, After: after, Limit: limit}, Entries: stored(entries)}, err)
	return entries, err
}

func stored(entries []hook.Entry) []StoredEntry {
	out := make([]StoredEntry, len(entries))
	for i, e := range entries {
		out[i] = StoredEntry{e.Key, e.Value, e.Version, e.UpdatedAt.UnixMilli()}
	}
	return out
}

// tapedFetcher asks other servers, and takes that down.
type tapedFetcher struct{ Fetcher }

func (f tapedFetcher) Do(ctx context.Context, r fetch.Request) (*fetch.Response, error) {
	response, err := f.Fetcher.Do(ctx, r)
	a := Asked{Fetch: AskedOf(r)}
	if response != nil {
		a.Response = &FetchAnswer{response.Status, response.Headers, bodyOf(response.Body)}
	}
	taped(ctx, a, err)
	return response, err
}

// AskedOf is a request as a recording has it.
func AskedOf(r fetch.Request) *FetchAsked {
	a := &FetchAsked{Method: strings.ToUpper(r.Method), URL: r.URL, Body: bodyOf(r.Body)}
	for name, value := range r.Headers {
		if a.Headers == nil {
			a.Headers = make(map[string]string, len(r.Headers))
		}
		if name = textproto.CanonicalMIMEHeaderKey(name); secret(name) {
			value = Redacted
		}
		a.Headers[name] = value
	}
	return a
}

// Redacted stands for the value of a header that may be secret.
const Redacted = "(redacted)"

// secretParts are what names of headers have in them whose values are no business of
// a file.
var secretParts = []string{"auth", "cookie", "token", "key", "secret", "password", "credential", "signature", "session"}

func secret(header string) bool {
	header = strings.ToLower(header)
	for _, part := range secretParts {
		if strings.Contains(header, part) {
			return true
		}
	}
	return false
}

func bodyOf(data []byte) *Body {
	switch {
	case len(data) == 0:
		return nil
	case utf8.Valid(data):
		return &Body{Text: string(data)}
	}
	return &Body{Base64: data}
}

// Bytes are the body's, nil without one.
func (b *Body) Bytes() []byte {
	switch {
	case b == nil:
		return nil
	case b.Base64 != nil:
		return b.Base64
	}
	return []byte(b.Text)
}

func (b *Body) size() int {
	if b == nil {
		return 0
	}
	return len(b.Text) + len(b.Base64)
}

// Err makes of a taped error one that the script sees as it saw the first.
func (e *AskedError) Err() error {
	for known, code := range codes {
		if code == e.Code {
			return &again{e.Text, known}
		}
	}
	if e.Code != "" {
		return &fetch.Error{Code: e.Code, Text: e.Text}
	}
	return errors.New(e.Text)
}

// again is an error that stands for another.
type again struct {
	text string
	is   error
}

func (e *again) Error() string { return e.text }
func (e *again) Unwrap() error { return e.is }
