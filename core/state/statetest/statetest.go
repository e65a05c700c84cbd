// Package statetest holds the cases that every state.Store must pass. Backends
// call Exercise, and those that outlive their process ExerciseDurable, from their tests.
package statetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/state"
)

// Exercise runs all cases. open returns an empty store, which the suite closes.
func Exercise(t *testing.T, open func(t *testing.T) state.Store) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s state.Store)
	}{
		{"absent documents", absent},
		{"create, read, change, delete", lifeOfADocument},
		{"own values come back", ownValues},
		{"a conflict shows all current documents in order", conflictShowsDocuments},
		{"several keys change together or not at all", allOrNothing},
		{"comparing without writing", checkOnly},
		{"deleting what is absent", deleteAbsent},
		{"a key twice in one transaction", twiceInOne},
		{"revisions only grow", revisionsGrow},
		{"games are apart", gamesApart},
		{"a value that cannot be encoded", notEncodable},
		{"odd keys", oddKeys},
		{"large and empty values", valueSizes},
		{"due", due},
		{"due is asked for a kind and a game", dueApart},
		{"list", list},
		{"concurrent increments", increments},
		{"concurrent transfers", transfers},
		{"order of revisions in time", revisionOrder},
		{"an ended context", endedContext},
		{"contexts that end meanwhile", endingContexts},
		{"after close", afterClose},
		{"close during calls", closeDuringCalls},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t)
			t.Cleanup(func() { closeStore(t, s) })
			c.run(t, s)
		})
	}
	t.Run("against a model", func(t *testing.T) { againstModel(t, open) })
}

// closeStore closes s; closing twice must do no harm.
func closeStore(t *testing.T, s state.Store) {
	if err := s.Close(); err != nil && !errors.Is(err, state.ErrClosed) {
		t.Errorf("Close: %v", err)
	}
}

const game = "arena"

func key(id string) state.Key { return state.Key{Kind: "lobby", ID: id} }

// text is the body of a document as a string, whichever way it comes back.
func text(t fataler, d state.Doc) string {
	t.Helper()
	if d.Value == nil {
		return ""
	}
	b, err := d.Value.AppendState(nil)
	if err != nil {
		t.Fatalf("value of %s: %v", d.Key, err)
	}
	return string(b)
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func put(k state.Key, expect uint64, body string) state.Write {
	return state.Write{Key: k, Expect: expect, Value: state.Raw(body)}
}

// apply makes a transaction that must succeed.
func apply(t fataler, s state.Store, game string, writes ...state.Write) uint64 {
	t.Helper()
	rev, err := s.Apply(context.Background(), state.Tx{Game: game, Writes: writes})
	if err != nil {
		t.Fatalf("Apply: %v", err)
	}
	return rev
}

// refuse makes a transaction that must lose and returns what it was shown.
func refuse(t fataler, s state.Store, game string, writes ...state.Write) []state.Doc {
	t.Helper()
	rev, err := s.Apply(context.Background(), state.Tx{Game: game, Writes: writes})
	var c *state.Conflict
	if !errors.As(err, &c) {
		t.Fatalf("Apply: revision %d, error %v; want a *state.Conflict", rev, err)
	}
	if len(c.Docs) != len(writes) {
		t.Fatalf("the conflict shows %d documents, want %d", len(c.Docs), len(writes))
	}
	return c.Docs
}

func get(t fataler, s state.Store, game string, k state.Key) state.Doc {
	t.Helper()
	docs, err := s.Get(context.Background(), game, k)
	if err != nil || len(docs) != 1 {
		t.Fatalf("Get %s: %d documents, %v", k, len(docs), err)
	}
	return docs[0]
}

// same fails unless d is the document of a key with a version and a body; version
// 0 stands for absent.
func same(t fataler, d state.Doc, k state.Key, version uint64, body string) {
	t.Helper()
	switch got := text(t, d); {
	case d.Key != k || d.Version != version || got != body:
		t.Fatalf("document %q version %d %.40q, want %q version %d %.40q", d.Key, d.Version, got, k, version, body)
	case (d.Value == nil) != (version == 0):
		t.Fatalf("%s: version %d with value %v", k, version, d.Value)
	case version == 0 && !d.Deadline.IsZero():
		t.Fatalf("%s: absent, with deadline %v", k, d.Deadline)
	}
}

func is(t fataler, s state.Store, game string, k state.Key, version uint64, body string) {
	t.Helper()
	same(t, get(t, s, game, k), k, version, body)
}

var epoch = time.UnixMilli(1_700_000_000_000)

func after(ms int) time.Time { return epoch.Add(time.Duration(ms) * time.Millisecond) }
