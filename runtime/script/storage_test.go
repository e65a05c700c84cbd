package script_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/hooktest"
)

// ask calls f with a platform.
func ask(v *script.Version, host hook.Host, payload string) (any, error) {
	value, err := hook.ValueFromJSON([]byte(payload))
	if err != nil {
		return nil, err
	}
	answer, err := v.Impl().Rpc(hook.WithHost(context.Background(), host), &hook.RpcRequest{Name: "f", Payload: value})
	if err != nil {
		return nil, err
	}
	return answer.GetPayload().AsInterface(), nil
}

func TestStorage(t *testing.T) {
	tests := map[string]struct {
		body string
		want any
	}{
		"none":         {`await s.get("k")`, nil},
		"set, get":     {`[await s.set("k", { a: [1] }), await s.get("k"), await s.set("k", null), await s.get("k")]`, []any{1.0, map[string]any{"a": []any{1.0}}, 2.0, nil}},
		"entry":        {`(await s.set("k", 1), Object.keys(await s.entry("k")))`, []any{"key", "value", "version", "updatedAt"}},
		"no entry":     {`typeof await s.entry("k")`, "undefined"},
		"get many":     {`(await s.set("a", 1), await s.set("__proto__", 2), Object.entries(await s.getMany(["a", "b", "__proto__"])))`, []any{[]any{"a", 1.0}, []any{"__proto__", 2.0}}},
		"get no":       {`await s.getMany([])`, map[string]any{}},
		"list":         {`(await Promise.all(["b1", "b2", "a", "b3"].map((k) => s.set(k, k))), (await s.list({ prefix: "b", after: "b1", limit: 1 })).map((e) => e.key))`, []any{"b2"}},
		"list all":     {`(await s.set("a", 1), (await s.list()).map((e) => [e.key, e.value, e.version]))`, []any{[]any{"a", 1.0, 1.0}}},
		"delete":       {`(await s.set("k", 1), await s.delete("k"), [await s.get("k"), await s.delete("k")])`, []any{nil, nil}},
		"conflict":     {`(await s.set("k", 1, { version: 0 }), await code(s.set("k", 2, { version: 0 })))`, "conflict"},
		"version":      {`(await s.set("k", 1), await s.set("k", 2, { version: 1 }))`, 2.0},
		"delete it":    {`(await s.set("k", 1), await code(s.delete("k", { version: 7 })))`, "conflict"},
		"bad key":      {`await code(s.set("", 1))`, "invalid_key"},
		"bad value":    {`await code(s.set("k", () => 1))`, "invalid_value"},
		"undefined":    {`await code(s.set("k", undefined))`, "invalid_value"},
		"large":        {`await code(s.set("k", "x".repeat(70000)))`, "invalid_value"},
		"no account":   {`await code(s.account("nobody").set("k", 1))`, "no_account"},
		"account":      {`(await s.account("a1").set("k", 1), [await s.get("k"), await s.account("a1").get("k")])`, []any{nil, 1.0}},
		"update":       {`[await s.update("k", (old) => [old === undefined]), await s.update("k", (old) => [...old, 1])]`, []any{[]any{true}, []any{true, 1.0}}},
		"update fails": {`await s.update("k", () => { throw new Error("mine") }).catch((e) => e.message)`, "mine"},
		"update later": {`await s.update("k", async () => 1).catch((e) => e.message)`, "update: the function must return the new value at once, it returned a promise"},
		"update none":  {`await code(s.update("k", () => undefined))`, "invalid_value"},
		"no method":    {`(() => { const { get } = s; try { get("k") } catch (e) { return e.message } })()`, "call get as a method: storage.get(…)"},
		"fixed":        {`(() => { try { s.get = 1 } catch (e) { return e.message } })()`, "storage.get cannot be changed"},
		"of account's": {`(() => { try { s.account("a1").account("a2") } catch (e) { return e.message } })()`, "account: this is the storage of an account already"},
		"no keys":      {`(() => { try { s.getMany("k") } catch (e) { return e.message } })()`, `getMany: the keys: must be a list, is the text "k"`},
		"bad version":  {`(() => { try { s.set("k", 1, { version: -1 }) } catch (e) { return e.message } })()`, "version must be that of an entry, or 0 for none, is the number -1"},
		"is an error":  {`await s.set("", 1).catch((e) => [e instanceof Error, e.name])`, []any{true, "Error"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			v := load(t, `
				const code = (p) => p.then(() => "none", (e) => e.code);
				export const rpc = { f: async ({ storage: s }) => `+test.body+` };`)
			got, err := ask(v, hooktest.NewHost("a1"), "null")
			if err != nil {
				t.Fatal(err)
			}
			same(t, got, test.want)
		})
	}
}

// TestErrorOfThePlatform shows that such an error has the place of its call.
func TestErrorOfThePlatform(t *testing.T) {
	v := load(t, one("async (ctx) => {\n  await 0;\n  await ctx.storage.set('', 1);\n}"))
	_, err := ask(v, hooktest.NewHost(), "null")
	if err == nil || !strings.HasPrefix(err.Error(), "arena.ts:3:") || !strings.Contains(err.Error(), "Error: a key has 1 to 128 bytes") {
		t.Errorf("the error is %v", err)
	}
}

// slowHost counts how much is going on, and waits until it is let go on.
type slowHost struct {
	*hooktest.Host
	mu        sync.Mutex
	now, most int
	gate      chan struct{}
	began     chan struct{}
}

func (h *slowHost) Storage() hook.Storage { return h }

func (h *slowHost) Get(ctx context.Context, scope string, keys ...string) ([]hook.Entry, error) {
	h.mu.Lock()
	h.now++
	h.most = max(h.most, h.now)
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		h.now--
		h.mu.Unlock()
	}()
	select {
	case h.began <- struct{}{}:
	default:
	}
	select {
	case <-h.gate:
		return h.Host.Get(ctx, scope, keys...)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestWorkIsBounded(t *testing.T) {
	v := load(t, one(`async ({ storage }) => (await Promise.all(Array.from({ length: 100 }, (_, i) => storage.get("k" + i)))).length`))
	host := &slowHost{Host: hooktest.NewHost(), gate: make(chan struct{}), began: make(chan struct{}, 1)}
	go func() {
		for range 100 {
			host.gate <- struct{}{}
		}
	}()
	got, err := ask(v, host, "null")
	if err != nil || got != 100.0 {
		t.Fatal(got, err)
	}
	if host.most > 16 {
		t.Errorf("%d reads went on at once", host.most)
	}
}

// TestOthersRunMeanwhile shows that a call which waits keeps nobody from running.
func TestOthersRunMeanwhile(t *testing.T) {
	v := load(t, one(`async ({ storage }, wait) => wait ? await storage.get("k") : "quick"`), func(o *script.Options) { o.Timeout = time.Minute })
	host := &slowHost{Host: hooktest.NewHost(), gate: make(chan struct{}), began: make(chan struct{}, 20)}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := ask(v, host, "true"); err != nil {
				t.Error(err)
			}
		})
	}
	for range 20 {
		<-host.began
	}
	if got, err := ask(v, host, "false"); err != nil || got != "quick" {
		t.Error(got, err)
	}
	close(host.gate)
	wg.Wait()
}

// TestCancelledWork shows that work ends with its call.
func TestCancelledWork(t *testing.T) {
	v := load(t, one(`({ storage }) => storage.get("k")`))
	host := &slowHost{Host: hooktest.NewHost(), gate: make(chan struct{}), began: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(hook.WithHost(context.Background(), host))
	go func() {
		<-host.began
		cancel()
	}()
	if _, err := v.Impl().Rpc(ctx, &hook.RpcRequest{Name: "f"}); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	host.mu.Lock()
	defer host.mu.Unlock()
	if host.now != 0 {
		t.Error("the read goes on")
	}
}

func TestNotify(t *testing.T) {
	v := load(t, `export const validateStart: any = (ctx) => { ctx.notify("a1", "hello", { n: 1 }); ctx.notify("a1", "plain") };`)
	host := hooktest.NewHost("a1")
	if err := v.Impl().ValidateStart(hook.WithHost(context.Background(), host), twoTeams()); err != nil {
		t.Fatal(err)
	}
	// Nobody awaited them, and yet they are done when the call is over.
	notices := host.Notices()
	if len(notices) != 2 {
		t.Fatalf("the notices are %v", notices)
	}
	for _, n := range notices {
		if n.AccountID != "a1" || n.Kind == "hello" && string(n.Payload) != `{"n":1}` || n.Kind == "plain" && string(n.Payload) != "null" {
			t.Errorf("a notice is %s %s", n.Kind, n.Payload)
		}
	}
}

// TestUpdateTriesAgain shows that no change is lost when many change one entry.
func TestUpdateTriesAgain(t *testing.T) {
	v := load(t, one(`({ storage }) => storage.update("n", (old) => (old ?? 0) + 1)`), func(o *script.Options) { o.Timeout = time.Minute })
	host := hooktest.NewHost()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := ask(v, host, "null"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	entries, err := host.Storage().Get(context.Background(), "", "n")
	if err != nil || len(entries) != 1 || !json.Valid(entries[0].Value) || string(entries[0].Value) != "8" {
		t.Errorf("the entry is %v, %v", entries, err)
	}
}
