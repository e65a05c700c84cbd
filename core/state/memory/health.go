package memory

import (
	"context"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/muster-gg/muster/core/state"
)

// probe is what Check writes. Its game is no game's name.
const probeGame = ""

var probe = state.Key{Kind: "probe", ID: "ready"}

// Check reports whether changes can be saved: the last commit worked or, if it
// did not (a full disk, say), one works now.
func (s *Store) Check(ctx context.Context) error {
	if err := s.ready(ctx); err != nil || s.commits == nil || !s.commits.failing.Load() {
		return err
	}
	docs, err := s.Get(ctx, probeGame, probe)
	if err != nil {
		return err
	}
	_, err = s.Apply(ctx, state.Tx{Game: probeGame, Writes: []state.Write{{Key: probe, Expect: docs[0].Version, Value: state.Raw("1")}}})
	return err
}

// damaged says in plain words what SQLite found wrong with a file, and what can
// be done.
func damaged(err error) error {
	say := func(what string) error { return fmt.Errorf("%s: %w", what, err) }
	const restore = "restore it, or move it away to start without the lobbies and seats that it holds"
	if errors.Is(err, errContent) {
		return say("the file is damaged: " + restore)
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_NOTADB:
		return say("damaged, or not a state journal: " + restore)
	case sqlite3.SQLITE_CORRUPT:
		return say("the file is damaged: " + restore)
	case sqlite3.SQLITE_FULL:
		return say("the disk is full: make room and start again")
	case sqlite3.SQLITE_IOERR:
		return say("the disk is full or broken")
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return say("the file or its folder may not be written by this user")
	}
	return err
}
