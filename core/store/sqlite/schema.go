package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// applicationID marks the file as ours ("MUST"), so that another program's file
// is refused instead of changed.
const applicationID = 0x4d555354

// migrations are applied in order; user_version counts those applied. An entry is
// never changed once it was released; a change of the schema is a new entry.
//
// Times are milliseconds since 1970. seq keeps the order of linking.
var migrations = []string{`
CREATE TABLE accounts (
  game TEXT NOT NULL, id TEXT NOT NULL,
  username TEXT NOT NULL, created_at INTEGER NOT NULL,
  PRIMARY KEY (game, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE identities (
  seq INTEGER PRIMARY KEY,
  game TEXT NOT NULL, provider TEXT NOT NULL, subject TEXT NOT NULL,
  account_id TEXT NOT NULL,
  username TEXT NOT NULL, avatar_url TEXT NOT NULL, linked_at INTEGER NOT NULL,
  UNIQUE (game, provider, subject)
) STRICT;
CREATE INDEX identities_by_account ON identities (game, account_id, seq);

CREATE TABLE sign_ins (
  game TEXT NOT NULL, id TEXT NOT NULL, account_id TEXT NOT NULL,
  refresh_hash BLOB NOT NULL CHECK (length(refresh_hash) = 32),
  created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, revoked_at INTEGER,
  PRIMARY KEY (game, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_ins_by_account ON sign_ins (game, account_id);
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at);

CREATE TABLE matches (
  game TEXT NOT NULL, id TEXT NOT NULL, lobby_id TEXT NOT NULL,
  status TEXT NOT NULL, code TEXT NOT NULL,
  started_at INTEGER NOT NULL, ended_at INTEGER NOT NULL,
  provider TEXT NOT NULL, region TEXT NOT NULL, server TEXT NOT NULL,
  roster BLOB, result BLOB, answer BLOB,
  PRIMARY KEY (game, id)
) STRICT;
CREATE TABLE match_players (
  game TEXT NOT NULL, account_id TEXT NOT NULL, match_id TEXT NOT NULL,
  PRIMARY KEY (game, account_id, match_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE orphans (
  seq INTEGER PRIMARY KEY,
  game TEXT NOT NULL, match_id TEXT NOT NULL, provider TEXT NOT NULL,
  region TEXT NOT NULL, cause TEXT NOT NULL, at INTEGER NOT NULL
) STRICT;
CREATE INDEX orphans_by_time ON orphans (game, at, seq);
`, `
-- A JSON object of texts, '' for none.
ALTER TABLE identities ADD COLUMN vars TEXT NOT NULL DEFAULT '';

-- Every write is a new row, and AUTOINCREMENT gives no number twice: the version of
-- a key never comes back, even after a deletion.
CREATE TABLE entries (
  version INTEGER PRIMARY KEY AUTOINCREMENT,
  game TEXT NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL,
  value BLOB NOT NULL, updated_at INTEGER NOT NULL,
  UNIQUE (game, scope, key)
) STRICT;
`, `
-- A JSON list of texts, '' for none.
ALTER TABLE matches ADD COLUMN hooks TEXT NOT NULL DEFAULT '';
`, `
-- Results that are owed to a skill rating, in the order in which they came to be
-- owed. What is sent is read from matches, so that nobody who is erased there is here.
CREATE TABLE reports (
  seq INTEGER PRIMARY KEY,
  game TEXT NOT NULL, match_id TEXT NOT NULL,
  tries INTEGER NOT NULL, due INTEGER NOT NULL,
  UNIQUE (game, match_id)
) STRICT;
CREATE INDEX reports_by_due ON reports (game, due, seq);
`}

// migrate brings the file to the newest schema, in one step or not at all.
func migrate(ctx context.Context, conn *sql.Conn) (from int, err error) {
	tx, err := conn.BeginTx(ctx, nil) // immediate, by the connection's _txlock
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()
	var version, app, tables int
	err = tx.QueryRowContext(ctx, `SELECT (SELECT user_version FROM pragma_user_version),
		(SELECT application_id FROM pragma_application_id), (SELECT count(*) FROM sqlite_schema)`).
		Scan(&version, &app, &tables)
	switch {
	case err != nil:
		return 0, err
	case app != applicationID && (app != 0 || tables > 0):
		return 0, fmt.Errorf("this is another program's database")
	case version > len(migrations):
		return version, fmt.Errorf("the file has schema %d, this server knows schemas up to %d: start a newer server", version, len(migrations))
	}
	for _, m := range migrations[version:] {
		if _, err := tx.ExecContext(ctx, m); err != nil {
			return version, fmt.Errorf("migration from schema %d: %w", version, err)
		}
	}
	_, err = tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, len(migrations)))
	if err != nil {
		return version, err
	}
	return version, tx.Commit()
}
