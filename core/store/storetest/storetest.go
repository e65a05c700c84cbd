// Package storetest holds the cases that every backend of package store must pass.
package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/store"
)

// Exercise runs all cases but those that need a restart. open returns an empty
// store, another one at each call; the suite closes it.
func Exercise(t *testing.T, open func(t *testing.T) store.Store) {
	groups := []struct {
		name  string
		cases []testCase
	}{
		{"Accounts", accountCases},
		{"Links", linkCases},
		{"SignIns", signInCases},
		{"Matches", matchCases},
		{"Histories", historyCases},
		{"Storage", storageCases},
		{"Erase", eraseCases},
		{"Orphans", orphanCases},
		{"Reports", reportCases},
		{"AtOnce", concurrencyCases},
		{"Life", lifeCases},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			for _, c := range g.cases {
				t.Run(c.name, func(t *testing.T) {
					s := open(t)
					t.Cleanup(func() {
						if err := s.Close(); err != nil {
							t.Errorf("Close: %v", err)
						}
					})
					c.run(&world{T: t, s: s})
				})
			}
		})
	}
}

type testCase struct {
	name string
	run  func(*world)
}

// world is one case's store and the shorthand to fill it.
type world struct {
	*testing.T
	s store.Store
	n int
}

// start is a time with milliseconds, as stores return it.
var start = time.Date(2025, 3, 4, 5, 6, 7, 89e6, time.UTC)

func hash(text string) [32]byte { return sha256.Sum256([]byte(text)) }

// id returns a new id with a prefix that tells what it is of.
func (w *world) id(kind string) string {
	w.n++
	return fmt.Sprintf("%s-%d", kind, w.n)
}

func fresh(game, id, name string) store.Account {
	return store.Account{ID: id, Game: game, Username: name, CreatedAt: start}
}

func ident(provider, subject string) store.Identity {
	return store.Identity{Provider: provider, Subject: subject, Username: "at " + provider, AvatarURL: "https://example.com/" + provider, LinkedAt: start}
}

func chain(game, sid string) store.SignIn {
	return store.SignIn{ID: sid, Game: game, RefreshHash: hash(sid), CreatedAt: start, ExpiresAt: start.Add(time.Hour)}
}

// player signs a new identity in and returns its account and sign-in.
func (w *world) player(game, provider, subject string) (store.Account, string) {
	w.Helper()
	id, sid := w.id("account"), w.id("sid")
	a, created, err := w.s.SignIn(w.Context(), fresh(game, id, "name of "+id), ident(provider, subject), "", chain(game, sid))
	w.ok(err)
	if !created {
		w.Fatalf("identity %s/%s was there already", provider, subject)
	}
	return a, sid
}

// again signs a known identity in.
func (w *world) again(game, provider, subject string) (store.Account, string) {
	w.Helper()
	sid := w.id("sid")
	a, created, err := w.s.SignIn(w.Context(), fresh(game, w.id("unused"), "unused"), ident(provider, subject), "", chain(game, sid))
	w.ok(err)
	if created {
		w.Fatalf("identity %s/%s was not there", provider, subject)
	}
	return a, sid
}

func (w *world) link(a store.Account, provider, subject string) store.Account {
	w.Helper()
	linked, err := w.s.Link(w.Context(), a.Game, a.ID, ident(provider, subject))
	w.ok(err)
	return linked
}

func (w *world) account(game, id string) store.Account {
	w.Helper()
	a, err := w.s.Account(w.Context(), game, id)
	w.ok(err)
	return a
}

func (w *world) chain(game, sid string) store.SignIn {
	w.Helper()
	c, err := w.s.SignInByID(w.Context(), game, sid)
	w.ok(err)
	return c
}

func (w *world) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) is(err, want error) {
	w.Helper()
	if !errors.Is(err, want) {
		w.Fatalf("error %v, want %v", err, want)
	}
}

func (w *world) equal(got, want any) {
	w.Helper()
	if !reflect.DeepEqual(got, want) {
		w.Fatalf("got\n\t%+v\nwant\n\t%+v", got, want)
	}
}
