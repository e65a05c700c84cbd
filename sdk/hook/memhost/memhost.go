// Package memhost is a platform in memory, for the tests of hooks and for measuring
// them.
package memhost

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/muster-gg/muster/sdk/hook"
)

// Host is a platform in memory, for one game. Its storage's versions count its
// writes, from 1, and its clock goes on by a second with each.
type Host struct {
	// Clock, if it is set before the first use, says when entries are written instead.
	Clock func() time.Time

	mu       sync.Mutex
	accounts []string // nil: every account exists
	erased   map[string]bool
	entries  map[place]hook.Entry
	writes   hook.Version
	notices  []Notice
}

// Notice is what an account was told.
type Notice struct {
	AccountID, Kind string
	// Payload is compact JSON.
	Payload json.RawMessage
}

func (n Notice) String() string { return n.AccountID + " " + n.Kind + " " + string(n.Payload) }

type place struct{ scope, key string }

var (
	_ hook.Host    = (*Host)(nil)
	_ hook.Storage = (*Host)(nil)
)

// New returns an empty platform that has these accounts; with none named, every
// account exists.
func New(accounts ...string) *Host {
	h := new(Host)
	h.Reset(accounts...)
	return h
}

// Reset empties the platform, which has these accounts then.
func (h *Host) Reset(accounts ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.accounts, h.erased, h.entries, h.writes, h.notices = accounts, map[string]bool{}, map[place]hook.Entry{}, 0, nil
}

// Erase takes an account away, and with it its entries.
func (h *Host) Erase(accountID string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.erased[accountID] = true
	maps.DeleteFunc(h.entries, func(at place, _ hook.Entry) bool { return at.scope == accountID })
}

// Start is the time of a new Host.
var Start = time.Date(2025, 3, 4, 5, 6, 7, 89e6, time.UTC)

// Notices returns what was sent so far, in its order.
func (h *Host) Notices() []Notice {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.notices)
}

// Notify takes a note.
func (h *Host) Notify(ctx context.Context, accountID, kind string, payload json.RawMessage) error {
	if payload == nil {
		payload = json.RawMessage("null")
	}
	text, ok := compact(payload)
	if n := utf8.RuneCountInString(kind); accountID == "" || n < 1 || n > 64 || !ok || len(text) > 16<<10 {
		return hook.ErrInvalidNotice
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.notices = append(h.notices, Notice{accountID, kind, text})
	return ctx.Err()
}

// Storage is the host itself.
func (h *Host) Storage() hook.Storage { return h }

// Get is that of hook.Storage, as all below.
func (h *Host) Get(ctx context.Context, scope string, keys ...string) ([]hook.Entry, error) {
	if len(keys) > hook.MaxListed || slices.ContainsFunc(keys, badKey) {
		return nil, hook.ErrInvalidKey
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []hook.Entry
	for _, key := range keys {
		if e, ok := h.entries[place{scope, key}]; ok {
			e.Value = slices.Clone(e.Value)
			found = append(found, e)
		}
	}
	return found, ctx.Err()
}

// Set writes one entry.
func (h *Host) Set(ctx context.Context, scope, key string, value json.RawMessage, when hook.Version) (hook.Version, error) {
	if badKey(key) {
		return 0, hook.ErrInvalidKey
	}
	text, ok := compact(value)
	if !ok || len(text) > hook.MaxStored {
		return 0, hook.ErrInvalidValue
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.erased[scope] || scope != "" && h.accounts != nil && !slices.Contains(h.accounts, scope) {
		return 0, hook.ErrNoScope
	}
	at := place{scope, key}
	if when != hook.AnyVersion && h.entries[at].Version != when {
		return 0, hook.ErrConflict
	}
	h.writes++
	now := Start.Add(time.Duration(h.writes) * time.Second)
	if h.Clock != nil {
		now = h.Clock()
	}
	h.entries[at] = hook.Entry{Key: key, Value: text, Version: h.writes, UpdatedAt: now}
	return h.writes, nil
}

// Delete removes one entry.
func (h *Host) Delete(ctx context.Context, scope, key string, when hook.Version) error {
	if badKey(key) {
		return hook.ErrInvalidKey
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	at := place{scope, key}
	if when != hook.AnyVersion && h.entries[at].Version != when {
		return hook.ErrConflict
	}
	delete(h.entries, at)
	return nil
}

// List finds entries in the order of their keys.
func (h *Host) List(ctx context.Context, scope, prefix, after string, limit int) ([]hook.Entry, error) {
	if limit < 1 || limit > hook.MaxListed {
		limit = hook.MaxListed
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []hook.Entry
	for at, e := range h.entries {
		if at.scope == scope && strings.HasPrefix(at.key, prefix) && at.key > after {
			e.Value = slices.Clone(e.Value)
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b hook.Entry) int { return cmp.Compare(a.Key, b.Key) })
	return found[:min(len(found), limit)], ctx.Err()
}

func badKey(key string) bool {
	return key == "" || len(key) > hook.MaxKey || !utf8.ValidString(key) || strings.ContainsFunc(key, unicode.IsControl)
}

// compact checks a JSON value and takes its spaces out.
func compact(value json.RawMessage) (json.RawMessage, bool) {
	if _, err := hook.ValueFromJSON(value); err != nil {
		return nil, false
	}
	var b bytes.Buffer
	err := json.Compact(&b, value)
	return b.Bytes(), err == nil
}
