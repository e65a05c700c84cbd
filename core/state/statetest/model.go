package statetest

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-gg/muster/core/state"
)

type modelDoc struct {
	version uint64
	body    string
	at      time.Time
}

// model is what a store should be, as simply as it can be said.
type model struct {
	docs     map[string]map[state.Key]modelDoc
	revision map[string]uint64
}

func newModel() *model {
	return &model{docs: make(map[string]map[state.Key]modelDoc), revision: make(map[string]uint64)}
}

func (m *model) fits(tx state.Tx) bool {
	for _, w := range tx.Writes {
		if m.docs[tx.Game][w.Key].version != w.Expect {
			return false
		}
	}
	return true
}

func (m *model) apply(tx state.Tx, revision uint64) {
	if m.docs[tx.Game] == nil {
		m.docs[tx.Game] = make(map[state.Key]modelDoc)
	}
	for _, w := range tx.Writes {
		switch {
		case w.CheckOnly:
		case w.Value == nil:
			delete(m.docs[tx.Game], w.Key)
		default:
			m.docs[tx.Game][w.Key] = modelDoc{revision, string(w.Value.(state.Raw)), w.Deadline}
		}
	}
}

func (m *model) same(t fataler, game string, d state.Doc) {
	t.Helper()
	want := m.docs[game][d.Key]
	same(t, d, d.Key, want.version, want.body)
	if !d.Deadline.Equal(want.at) {
		t.Fatalf("%s: deadline %v, want %v", d.Key, d.Deadline, want.at)
	}
}

var (
	modelGames = []string{"a", "b"}
	modelKinds = []string{"lobby", "seat"}
	modelIDs   = []string{"1", "2", "3", "4"}
)

// againstModel does random things to a store and to a model and compares all
// that can be seen.
func againstModel(t *testing.T, open func(t *testing.T) state.Store) {
	rapid.Check(t, func(rt *rapid.T) {
		s := open(t)
		defer closeStore(t, s)
		walk(rt, s, newModel(), rapid.IntRange(1, 40).Draw(rt, "steps"))
	})
}

func walk(rt *rapid.T, s state.Store, m *model, steps int) {
	for range steps {
		game := rapid.SampledFrom(modelGames).Draw(rt, "game")
		switch rapid.IntRange(0, 9).Draw(rt, "action") {
		default:
			step(rt, s, m, game)
		case 0:
			compareDue(rt, s, m, game)
		case 1:
			compareAll(rt, s, m)
		}
	}
	compareAll(rt, s, m)
}

func step(rt *rapid.T, s state.Store, m *model, game string) {
	tx := state.Tx{Game: game}
	keys := rapid.SliceOfNDistinct(rapid.Custom(func(rt *rapid.T) state.Key {
		return state.Key{Kind: rapid.SampledFrom(modelKinds).Draw(rt, "kind"), ID: rapid.SampledFrom(modelIDs).Draw(rt, "id")}
	}), 1, 4, rapid.ID).Draw(rt, "keys")
	for _, k := range keys {
		w := state.Write{Key: k, Expect: m.docs[game][k].version}
		switch rapid.IntRange(0, 9).Draw(rt, "write") {
		case 0:
			w.Expect = rapid.Uint64Range(0, 60).Draw(rt, "expect")
		case 1, 2, 3: // a deletion
		case 4:
			w.CheckOnly = true
		default:
			w.Value = state.Raw(rapid.StringN(0, 5, -1).Draw(rt, "body"))
			if rapid.Bool().Draw(rt, "has a deadline") {
				w.Deadline = after(rapid.IntRange(0, 20).Draw(rt, "deadline"))
			}
		}
		tx.Writes = append(tx.Writes, w)
	}
	rev, err := s.Apply(context.Background(), tx)
	var c *state.Conflict
	switch fits := m.fits(tx); {
	case err != nil && !errors.As(err, &c):
		rt.Fatalf("Apply: %v", err)
	case fits != (err == nil):
		rt.Fatalf("Apply %+v: %v; the model says it fits: %v", tx, err, fits)
	case err != nil:
		for i, d := range c.Docs {
			if d.Key != keys[i] {
				rt.Fatalf("the conflict shows %s in place of %s", d.Key, keys[i])
			}
			m.same(rt, game, d)
		}
	default:
		for _, w := range tx.Writes {
			if !w.CheckOnly && rev <= m.revision[game] {
				rt.Fatalf("revision %d after %d", rev, m.revision[game])
			}
		}
		m.revision[game] = max(m.revision[game], rev)
		m.apply(tx, rev)
	}
}

func compareDue(rt *rapid.T, s state.Store, m *model, game string) {
	kind := rapid.SampledFrom(modelKinds).Draw(rt, "kind")
	now := after(rapid.IntRange(0, 20).Draw(rt, "now"))
	limit := rapid.IntRange(0, 5).Draw(rt, "limit")
	docs, err := s.Due(context.Background(), game, kind, now, limit)
	if err != nil {
		rt.Fatalf("Due: %v", err)
	}
	var want []int64
	for k, d := range m.docs[game] {
		if k.Kind == kind && !d.at.IsZero() && !d.at.After(now) {
			want = append(want, d.at.UnixMilli())
		}
	}
	sort.Slice(want, func(i, j int) bool { return want[i] < want[j] })
	want = want[:min(limit, len(want))]
	var got []int64
	seen := make(map[state.Key]bool)
	for _, d := range docs {
		m.same(rt, game, d)
		if d.Key.Kind != kind || seen[d.Key] {
			rt.Fatalf("due %s for kind %s", d.Key, kind)
		}
		seen[d.Key] = true
		got = append(got, d.Deadline.UnixMilli())
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		rt.Fatalf("due at %v: %v, want %v", now.UnixMilli(), got, want)
	}
}

// compareAll reads and lists everything.
func compareAll(t fataler, s state.Store, m *model) {
	t.Helper()
	for _, game := range modelGames {
		for _, kind := range modelKinds {
			listed := 0
			if err := s.List(context.Background(), game, kind, func(d state.Doc) bool {
				listed++
				m.same(t, game, d)
				return d.Version != 0
			}); err != nil {
				t.Fatalf("List: %v", err)
			}
			there := 0
			for _, id := range modelIDs {
				d := get(t, s, game, state.Key{Kind: kind, ID: id})
				m.same(t, game, d)
				if d.Version != 0 {
					there++
				}
			}
			if listed != there {
				t.Fatalf("%d documents of %s/%s are listed, %d are there", listed, game, kind, there)
			}
		}
	}
}
