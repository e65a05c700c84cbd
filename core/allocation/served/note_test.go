package served_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/served"
	"github.com/muster-gg/muster/core/state"
)

// TestSavedFirst: nobody is asked and nobody is told before it is saved.
func TestSavedFirst(t *testing.T) {
	c, docs := &chain{}, newDocuments(t)
	s := serviceOver(t, c, docs)
	c.make = func(_ context.Context, r allocation.Request) (allocation.Server, error) {
		if n, ok := docs.notes(t)[r.MatchID]; !ok || n.Provider != "fleet" || n.Region != "eu" || n.Server != nil {
			t.Errorf("when the provider is asked, the store has %+v", docs.notes(t))
		}
		return good, nil
	}
	err := s.Make(t.Context(), served.Call{Region: "eu"}, func(made allocation.Server, err error) error {
		if n := docs.notes(t)[c.asked[0]]; made != good || err != nil || n.Server == nil || *n.Server != good {
			t.Errorf("when the caller is told %v, %v, the store has %+v", made, err, docs.notes(t))
		}
		return nil
	})
	if open := docs.notes(t); err != nil || len(open) > 0 {
		t.Errorf("%v; open are %v", err, open)
	}
	for name, broken := range map[string]struct {
		ready bool // what cannot be saved: that the server is ready
		want  error
		given int
	}{"that somebody is asked": {false, allocation.ErrFailed, 0}, "that it is ready": {true, allocation.ErrUnknown, 1}} {
		full := newDocuments(t)
		full.fails = func(tx state.Tx) error {
			if n, _ := tx.Writes[0].Value.(*served.Note); n != nil && (n.Server != nil) == broken.ready {
				return errors.New("the disk is full")
			}
			return nil
		}
		c, to := &chain{}, told{}
		s := serviceOver(t, c, full)
		err := s.Make(t.Context(), served.Call{}, to.tell)
		must(t, s.Close(t.Context()))
		if err != nil || !errors.Is(to.err, broken.want) || to.server == good || len(c.named) != broken.given {
			t.Errorf("%s: %v, told %+v, given back %v", name, err, to, c.named)
		}
	}
}

// TestRecover: of what a killed process leaves, servers whose callers cannot know
// them are given back; those that they may play on are shown to operators.
func TestRecover(t *testing.T) {
	for name, c := range map[string]struct {
		told    bool // the process ends while the caller is told
		find    error
		there   bool
		unnamed int
		orphan  string
	}{
		"asked":                      {unnamed: 1},
		"asked, and none can say":    {find: allocation.ErrCannotFind, unnamed: 1, orphan: "Muster ended before the caller was told"},
		"perhaps told":               {told: true},
		"perhaps told, and it runs":  {told: true, there: true, orphan: "not known whether the caller was told of it; server 203.0.113.1:7000 (gs-1)"},
		"perhaps told, none can say": {told: true, find: allocation.ErrCannotFind, orphan: "not known whether the caller was told of it"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				docs := newDocuments(t)
				goOn := make(chan struct{})
				first := &chain{}
				if !c.told {
					first.make = func(context.Context, allocation.Request) (allocation.Server, error) { <-goOn; return good, nil }
				}
				killed, ended := serviceOver(t, first, docs), make(chan error, 1)
				go func() {
					ended <- killed.Make(t.Context(), served.Call{Region: "eu"}, func(allocation.Server, error) error { <-goOn; return nil })
				}()
				synctest.Wait()
				next := &chain{find: c.find, there: c.there}
				s := serviceOver(t, next, docs)
				must(t, s.Recover(t.Context()))
				synctest.Wait()
				if len(next.unnamed) != c.unnamed || len(next.named) > 0 || (c.orphan != "") != (len(next.orphans) == 1) {
					t.Fatalf("released %v and %v, written down %+v", next.unnamed, next.named, next.orphans)
				}
				for _, o := range next.orphans {
					if o.Provider != "fleet" || o.Region != "eu" || o.MatchID != first.asked[0] || !strings.Contains(o.Cause, c.orphan) {
						t.Errorf("written down: %+v", o)
					}
				}
				if open := docs.notes(t); len(open) > 0 {
					t.Errorf("open are %v", open)
				}
				close(goOn)
				must(t, <-ended)
			})
		})
	}
}

// TestRecoverBytes: notes of an earlier run come as bytes. Of one that cannot be
// read operators are told what there is.
func TestRecoverBytes(t *testing.T) {
	docs := newDocuments(t)
	for id, body := range map[string]string{"api-1": `{"id":"api-1","provider":"fleet"}`, "api-2": "{"} {
		_, err := docs.Apply(t.Context(), state.Tx{Game: "arena", Writes: []state.Write{{Key: state.Key{Kind: served.KindLent, ID: id}, Value: state.Raw(body)}}})
		must(t, err)
	}
	c := &chain{release: allocation.ErrNoProvider}
	s := serviceOver(t, c, docs)
	must(t, s.Recover(t.Context()))
	must(t, s.Close(t.Context()))
	var written []string
	for _, o := range c.orphans {
		written = append(written, o.MatchID+" "+o.Provider)
	}
	slices.Sort(written)
	if len(c.unnamed) != 2 || strings.Join(written, ", ") != "api-1 fleet, api-2 " {
		t.Errorf("released %v, written down %q", c.unnamed, written)
	}
}
