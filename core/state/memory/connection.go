package memory

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/muster-gg/muster/core/state"
)

const (
	// applicationID marks the file as a state journal ("MUSJ").
	applicationID = 0x4d55534a
	schemaVersion = 1
	// The revision of a game only ever grows, also while its documents go. Rows are
	// found by number: half the cost of finding them by name, which only the memory does.
	schema = `
CREATE TABLE game (name TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE doc (
  seq INTEGER PRIMARY KEY,
  game TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
  version INTEGER NOT NULL, deadline INTEGER, value BLOB NOT NULL
) STRICT;`
)

var (
	errForeign = errors.New("this is another program's file")
	errContent = errors.New("a row does not make sense")
)

// row is a document to write, or to delete when it has no value.
type row struct {
	seq   int64
	fresh bool // nothing is known to be there yet
	game  string
	doc   state.Doc
	body  []byte
}

// mark is a game's revision to write.
type mark struct {
	game     string
	revision uint64
}

// connection is the writer's, with its statements and their arguments.
type connection struct {
	conn                                          driver.Conn
	begin, commit, insert, update, remove, revise driver.Stmt
	args                                          [7]driver.NamedValue
}

// connect opens the writer's connection and makes or checks the schema.
func (j *journal) connect(ctx context.Context) (*connection, error) {
	conn, err := j.dial(ctx)
	if err != nil {
		return nil, err
	}
	c := &connection{conn: conn}
	for i := range c.args {
		c.args[i].Ordinal = i + 1
	}
	if err := c.prepare(ctx); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *connection) prepare(ctx context.Context) error {
	if err := checkSchema(ctx, c.conn); err != nil {
		return err
	}
	for _, s := range []struct {
		stmt *driver.Stmt
		sql  string
	}{
		{&c.begin, "BEGIN IMMEDIATE"},
		{&c.commit, "COMMIT"},
		{&c.insert, "INSERT OR REPLACE INTO doc (version, deadline, value, seq, game, kind, id) VALUES (?, ?, ?, ?, ?, ?, ?)"},
		{&c.update, "UPDATE doc SET version = ?, deadline = ?, value = ? WHERE seq = ?"},
		{&c.remove, "DELETE FROM doc WHERE seq = ?"},
		{&c.revise, "INSERT OR REPLACE INTO game (name, revision) VALUES (?, ?)"},
	} {
		var err error
		if *s.stmt, err = c.conn.Prepare(s.sql); err != nil {
			return err
		}
	}
	return nil
}

// checkSchema makes the tables in a new file and refuses a file that is not ours,
// which it leaves as it was.
func checkSchema(ctx context.Context, conn driver.Conn) error {
	var app, version, tables int64
	err := query(ctx, conn, `SELECT (SELECT application_id FROM pragma_application_id),
		(SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)`, func(v []driver.Value) error {
		app, _ = v[0].(int64)
		version, _ = v[1].(int64)
		tables, _ = v[2].(int64)
		return nil
	})
	switch {
	case err != nil:
		return err
	case app != applicationID && (app != 0 || tables > 0):
		return errForeign
	case version > schemaVersion:
		return fmt.Errorf("the file has schema %d, this server knows schemas up to %d: start a newer server", version, schemaVersion)
	}
	var mode any
	err = query(ctx, conn, "PRAGMA journal_mode = WAL", func(v []driver.Value) error {
		mode = v[0]
		return nil
	})
	switch {
	case err != nil:
		return err
	case mode != "wal":
		return fmt.Errorf("the file system does not let SQLite keep a write-ahead log (journal mode %v)", mode)
	case app == applicationID:
		return nil
	}
	_, err = conn.(driver.ExecerContext).ExecContext(ctx, fmt.Sprintf("BEGIN IMMEDIATE; %s PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
		schema, applicationID, schemaVersion), nil)
	return err
}

// write makes one transaction. grown is about how much longer the WAL is now.
func (c *connection) write(rows []row, marks []mark) (grown int64, unsure bool, err error) {
	if _, err := c.exec(c.begin, 0); err != nil {
		return 0, false, err
	}
	a := &c.args
	for i := range rows {
		if err := c.put(&rows[i]); err != nil {
			return 0, false, err
		}
		grown += 4096 + int64(len(rows[i].body)) // about one page more than the body
	}
	for _, m := range marks {
		a[0].Value, a[1].Value = m.game, int64(m.revision)
		if _, err := c.exec(c.revise, 2); err != nil {
			return 0, false, err
		}
	}
	if _, err := c.exec(c.commit, 0); err != nil {
		return 0, true, err
	}
	return grown, false, nil
}

func (c *connection) put(r *row) error {
	a := &c.args
	if r.doc.Value == nil {
		a[0].Value = r.seq
		_, err := c.exec(c.remove, 1)
		return err
	}
	a[0].Value, a[1].Value, a[2].Value, a[3].Value = int64(r.doc.Version), nil, r.body, r.seq
	if !r.doc.Deadline.IsZero() {
		a[1].Value = r.doc.Deadline.UnixMilli()
	}
	defer func() { a[2].Value = nil }() // the body belongs to the batch
	if r.fresh {
		a[4].Value, a[5].Value, a[6].Value = r.game, r.doc.Key.Kind, r.doc.Key.ID
		_, err := c.exec(c.insert, 7)
		return err
	}
	result, err := c.exec(c.update, 4)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, fmt.Errorf("%s is not in the file any more: something else changed it", r.doc.Key))
	}
	return nil
}

func (c *connection) exec(s driver.Stmt, args int) (driver.Result, error) {
	return s.(driver.StmtExecContext).ExecContext(context.Background(), c.args[:args])
}

func (c *connection) close() error {
	var errs []error
	for _, s := range []driver.Stmt{c.begin, c.commit, c.insert, c.update, c.remove, c.revise} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(append(errs, c.conn.Close())...)
}
