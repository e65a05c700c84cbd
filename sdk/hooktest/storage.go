package hooktest

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"testing"

	"github.com/muster-gg/muster/sdk/hook"
)

// Stored is a storage to be exercised, empty, with two accounts that exist.
type Stored struct {
	Storage  hook.Storage
	Accounts [2]string
}

// ExerciseStorage runs the cases that every hook.Storage must pass. open is called
// for each of them.
func ExerciseStorage(t *testing.T, open func(t *testing.T) Stored) {
	for _, c := range slices.Concat(valueCases, versionCases, listCases, storeAtOnceCases) {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			c.run(&box{T: t, s: s.Storage, accounts: s.Accounts})
		})
	}
}

type storeCase struct {
	name string
	run  func(*box)
}

// box is one case's storage and the shorthand to use it.
type box struct {
	*testing.T
	s        hook.Storage
	accounts [2]string
}

func (b *box) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *box) is(err, want error) {
	b.Helper()
	if !errors.Is(err, want) {
		b.Fatalf("error %v, want %v", err, want)
	}
}

// set writes and returns the version.
func (b *box) set(scope, key, value string) hook.Version {
	b.Helper()
	v, err := b.s.Set(b.Context(), scope, key, json.RawMessage(value), hook.AnyVersion)
	b.ok(err)
	return v
}

// when writes under a condition.
func (b *box) when(scope, key, value string, when hook.Version) (hook.Version, error) {
	return b.s.Set(b.Context(), scope, key, json.RawMessage(value), when)
}

// get returns the value of a key and its version, "" and 0 if there is none.
func (b *box) get(scope, key string) (string, hook.Version) {
	b.Helper()
	found, err := b.s.Get(b.Context(), scope, key)
	b.ok(err)
	if len(found) == 0 {
		return "", 0
	}
	if len(found) > 1 || found[0].Key != key {
		b.Fatalf("asked for %q, got %v", key, found)
	}
	return string(found[0].Value), found[0].Version
}

// has checks the value of a key.
func (b *box) has(scope, key, want string) {
	b.Helper()
	if got, _ := b.get(scope, key); got != want {
		b.Fatalf("%q has %.100q, want %.100q", key, got, want)
	}
}

// keys lists keys.
func (b *box) keys(scope, prefix, after string, limit int) []string {
	b.Helper()
	found, err := b.s.List(b.Context(), scope, prefix, after, limit)
	b.ok(err)
	keys := make([]string, len(found))
	for i, e := range found {
		keys[i] = e.Key
	}
	return keys
}

func (b *box) equal(got, want []string) {
	b.Helper()
	if !slices.Equal(got, want) {
		b.Fatalf("got %q, want %q", got, want)
	}
}

// ended is a context that is over.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
