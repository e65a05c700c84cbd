//go:build linux

package process

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/hooktest"
)

// abuse asks the platform for what it must not give, and names what it gave all the same.
func (p *testPlugin) abuse(ctx context.Context) string {
	host := hook.HostFrom(ctx)
	store, large := host.Storage(), json.RawMessage(`"`+strings.Repeat("x", 2<<20)+`"`)
	var gave []string
	for name, ask := range map[string]func() error{
		"no key": func() error { _, err := store.Set(ctx, "", "", json.RawMessage("1"), hook.AnyVersion); return err },
		"long key": func() error {
			_, err := store.Set(ctx, "", strings.Repeat("k", hook.MaxKey+1), json.RawMessage("1"), hook.AnyVersion)
			return err
		},
		"key of bytes":    func() error { _, err := store.Set(ctx, "", "\xff", json.RawMessage("1"), hook.AnyVersion); return err },
		"no JSON":         func() error { _, err := store.Set(ctx, "", "k", json.RawMessage("{"), hook.AnyVersion); return err },
		"large value":     func() error { _, err := store.Set(ctx, "", "k", large[:hook.MaxStored+2], hook.AnyVersion); return err },
		"huge request":    func() error { _, err := store.Set(ctx, "", "k", large, hook.AnyVersion); return err },
		"many keys":       func() error { _, err := store.Get(ctx, "", make([]string, hook.MaxListed+1)...); return err },
		"version":         func() error { _, err := store.Set(ctx, "", "k", json.RawMessage("1"), 12345); return err },
		"nobody's notice": func() error { return host.Notify(ctx, "", "kind", nil) },
		"long kind":       func() error { return host.Notify(ctx, "a1", strings.Repeat("k", 65), nil) },
		"large notice":    func() error { return host.Notify(ctx, "a1", "kind", large[:17<<10]) },
	} {
		if err := ask(); err == nil {
			gave = append(gave, name)
		}
	}
	return strings.Join(gave, ", ")
}

// TestAbuseOfThePlatform holds that a plugin gets nothing that the contract does not
// give, and is served afterwards.
func TestAbuseOfThePlatform(t *testing.T) {
	host := hooktest.NewHost()
	o := options(t, "plugin", nil)
	o.Host = func(game string) (hook.Host, bool) { return host, game == "arena" }
	p := begin(t, o)
	ctx := hook.WithCall(t.Context(), hook.Call{Game: "arena", Point: hook.PointRpc})
	if gave, err := ask(ctx, p, "abuse", ""); gave != "" || err != nil {
		t.Errorf("it was given: %s; %v", gave, err)
	}
	if n := host.Notices(); len(n) > 0 {
		t.Errorf("%v", n)
	}
	if got, err := ask(ctx, p, "store", "k"); err != nil || got != `{"n":1}` {
		t.Errorf("%q %v", got, err)
	}
}

// TestEndlessOutput holds that lines without an end and lines without number cost the
// server nothing but their beginning.
func TestEndlessOutput(t *testing.T) {
	o := options(t, "plugin", nil)
	logs := logged(&o)
	p := begin(t, o)
	if _, err := ask(t.Context(), p, "spew", "x"); err != nil {
		t.Fatal(err)
	}
	logs.until(t, "xxxxxxxxxxxxxxxx") // of the endless line
	if _, err := ask(t.Context(), p, "flood", "y"); err != nil {
		t.Fatal(err)
	}
	logs.until(t, "it prints too much")
	if got, err := ask(t.Context(), p, "echo", "served"); got != "served" {
		t.Error(err)
	}
	lines := 0
	for _, e := range logs.kept.All() {
		if lines++; len(e.Message) > maxLine+4 {
			t.Errorf("a line of %d bytes", len(e.Message))
		}
	}
	if most := 3 * floodBurst * floodLines; lines > most {
		t.Errorf("%d lines", lines)
	}
}
