package sqlite

import (
	"context"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Ping implements store.Store: whether a reader gets an answer from the file and,
// when the last commit failed (a full disk, say), whether one works again.
func (s *Store) Ping(ctx context.Context) error {
	var tables int
	err := s.read(func() error {
		return s.readers.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables)
	})
	if err != nil || !s.writer.failing.Load() {
		return err
	}
	return s.write(ctx, func(t *txn) error {
		return t.exec(fmt.Sprintf("PRAGMA user_version = %d", len(migrations))) // as it is, but written
	})
}

// readable looks into every table and index, so that a file whose pages are
// damaged is found before players are.
func (s *Store) readable(ctx context.Context) error {
	rows, err := s.readers.QueryContext(ctx, "SELECT name FROM sqlite_schema WHERE type = 'table'")
	if err != nil {
		return err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, name := range names {
		var there bool
		if err := s.readers.QueryRowContext(ctx, `SELECT EXISTS (SELECT * FROM "`+name+`")`).Scan(&there); err != nil {
			return fmt.Errorf("table %s: %w", name, err)
		}
	}
	return nil
}

// ofDisk reports whether an error lies with the file, not with what was asked.
func ofDisk(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN:
		return true
	}
	return false
}

// plain says in words what can be done about what SQLite reports of a file.
func plain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	say := func(what string) error { return fmt.Errorf("%s: %w", what, err) }
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return say("the file is damaged or no database: restore it from a backup, or move it away to start without accounts")
	case sqlite3.SQLITE_FULL:
		return say("the disk is full: make room and start again")
	case sqlite3.SQLITE_IOERR:
		return say("the disk is full or broken")
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return say("the file or its folder may not be written by this user")
	case sqlite3.SQLITE_BUSY:
		return say("another program has the file locked")
	}
	return err
}
