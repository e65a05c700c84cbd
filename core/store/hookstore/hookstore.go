// Package hookstore gives the hooks of one game their hook.Storage: it checks what
// they hand in, which is untrusted, and keeps it in a store.
package hookstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/sdk/hook"
)

// Storage is a hook.Storage. Its methods may be called from any goroutine.
type Storage struct {
	game  string
	store store.Storage
}

var _ hook.Storage = (*Storage)(nil)

// New returns the storage of a game's hooks. The store outlives it.
func New(game string, s store.Storage) *Storage { return &Storage{game: game, store: s} }

// Get implements hook.Storage.
func (s *Storage) Get(ctx context.Context, scope string, keys ...string) ([]hook.Entry, error) {
	if len(keys) > hook.MaxListed {
		return nil, hook.ErrInvalidKey
	}
	for _, key := range keys {
		if !validKey(key) {
			return nil, hook.ErrInvalidKey
		}
	}
	found, err := s.store.Entries(ctx, s.game, scope, keys)
	return entries(found), err
}

// Set implements hook.Storage.
func (s *Storage) Set(ctx context.Context, scope, key string, value json.RawMessage, when hook.Version) (hook.Version, error) {
	if !validKey(key) {
		return 0, hook.ErrInvalidKey
	}
	compact, err := compactValue(value)
	if err != nil {
		return 0, err
	}
	version, err := s.store.SetEntry(ctx, store.Entry{
		Game: s.game, Scope: scope, Key: key, Value: compact, UpdatedAt: time.Now(),
	}, int64(when))
	return hook.Version(version), failure(err)
}

// Delete implements hook.Storage.
func (s *Storage) Delete(ctx context.Context, scope, key string, when hook.Version) error {
	if !validKey(key) {
		return hook.ErrInvalidKey
	}
	return failure(s.store.DeleteEntry(ctx, s.game, scope, key, int64(when)))
}

// List implements hook.Storage. A prefix or key that no key can have finds what
// stands there in the order: nothing is refused.
func (s *Storage) List(ctx context.Context, scope, prefix, after string, limit int) ([]hook.Entry, error) {
	if limit < 1 || limit > hook.MaxListed {
		limit = hook.MaxListed
	}
	found, err := s.store.ListEntries(ctx, s.game, scope, prefix, after, limit)
	return entries(found), err
}

func entries(found []store.Entry) []hook.Entry {
	all := make([]hook.Entry, len(found))
	for i, e := range found {
		all[i] = hook.Entry{Key: e.Key, Value: e.Value, Version: hook.Version(e.Version), UpdatedAt: e.UpdatedAt}
	}
	return all
}

// failure turns the store's errors into those that hooks tell apart.
func failure(err error) error {
	switch {
	case errors.Is(err, store.ErrConflict):
		return hook.ErrConflict
	case errors.Is(err, store.ErrNotFound):
		return hook.ErrNoScope
	}
	return err
}

func validKey(key string) bool {
	return key != "" && len(key) <= hook.MaxKey && utf8.ValidString(key) && !strings.ContainsFunc(key, unicode.IsControl)
}

const (
	// maxSent is how much may be sent for one value: it may be larger than what is
	// kept by the space between its parts.
	maxSent = 4 * hook.MaxStored
	// maxDepth is how deep a value may nest, as everywhere in the contract.
	maxDepth = 32
)

// compactValue checks a value and takes out the space between its parts.
func compactValue(value json.RawMessage) (json.RawMessage, error) {
	if len(value) > maxSent || !utf8.Valid(value) || tooDeep(value) {
		return nil, hook.ErrInvalidValue
	}
	var out bytes.Buffer
	if err := json.Compact(&out, value); err != nil || out.Len() > hook.MaxStored {
		return nil, hook.ErrInvalidValue
	}
	return out.Bytes(), nil
}

// tooDeep counts brackets outside of texts. It need not understand anything else
// of JSON: what is malformed is found later.
func tooDeep(value []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}
