package replay

import (
	"context"
	"encoding/json"
	"time"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/fetch"
	"github.com/muster-gg/muster/sdk/hook"
)

var (
	_ hook.Host      = (*world)(nil)
	_ hook.Storage   = (*world)(nil)
	_ script.Fetcher = (*world)(nil)
)

// Do answers ctx.fetch.
func (w *world) Do(ctx context.Context, r fetch.Request) (*fetch.Response, error) {
	a, err := w.answer(ctx, script.Asked{Fetch: script.AskedOf(r)})
	if err != nil {
		return nil, err
	}
	return &fetch.Response{Status: a.Response.Status, Headers: a.Response.Headers, Body: a.Response.Body.Bytes()}, nil
}

// Storage implements hook.Host.
func (w *world) Storage() hook.Storage { return w }

// Notify implements hook.Host.
func (w *world) Notify(ctx context.Context, account, kind string, payload json.RawMessage) error {
	_, err := w.answer(ctx, script.Asked{Notify: &script.NotifyAsked{Account: account, Kind: kind, Payload: payload}})
	return err
}

// Get implements hook.Storage, as all below.
func (w *world) Get(ctx context.Context, scope string, keys ...string) ([]hook.Entry, error) {
	a, err := w.answer(ctx, script.Asked{Storage: &script.StorageAsked{Op: "get", Scope: scope, Keys: keys}})
	return entries(a), err
}

func (w *world) List(ctx context.Context, scope, prefix, after string, limit int) ([]hook.Entry, error) {
	a, err := w.answer(ctx, script.Asked{Storage: &script.StorageAsked{Op: "list", Scope: scope, Prefix: prefix, After: after, Limit: limit}})
	return entries(a), err
}

func (w *world) Set(ctx context.Context, scope, key string, value json.RawMessage, when hook.Version) (hook.Version, error) {
	a, err := w.answer(ctx, script.Asked{Storage: &script.StorageAsked{Op: "set", Scope: scope, Keys: []string{key}, Value: value, When: &when}})
	if err != nil {
		return 0, err
	}
	return a.Version, nil
}

func (w *world) Delete(ctx context.Context, scope, key string, when hook.Version) error {
	_, err := w.answer(ctx, script.Asked{Storage: &script.StorageAsked{Op: "delete", Scope: scope, Keys: []string{key}, When: &when}})
	return err
}

func entries(a *script.Asked) []hook.Entry {
	if a == nil {
		return nil
	}
	out := make([]hook.Entry, len(a.Entries))
	for i, e := range a.Entries {
		out[i] = hook.Entry{Key: e.Key, Value: e.Value, Version: e.Version, UpdatedAt: time.UnixMilli(e.UpdatedAt).UTC()}
	}
	return out
}
