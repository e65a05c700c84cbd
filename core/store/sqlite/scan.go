package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/muster-gg/muster/core/store"
)

// reads are the statements of the readers' connections.
type reads struct {
	account, signIn, signInsOf, match, matchesOf, entries, listEntries, orphans, nextReport, countReports *sql.Stmt
}

// all are the statements with their queries.
func (r *reads) all() []read {
	return []read{
		{&r.account, selectAccount}, {&r.signIn, selectSignIn}, {&r.signInsOf, selectSignInsOf},
		{&r.match, selectMatch}, {&r.matchesOf, selectMatchesOf},
		{&r.entries, selectEntries}, {&r.listEntries, listEntries}, {&r.orphans, selectOrphans},
		{&r.nextReport, selectNextReport}, {&r.countReports, selectReportCount},
	}
}

type read struct {
	to    **sql.Stmt
	query string
}

func prepareReads(ctx context.Context, db *sql.DB) (r reads, err error) {
	for _, p := range r.all() {
		if *p.to, err = db.PrepareContext(ctx, p.query); err != nil {
			return r, err
		}
	}
	return r, nil
}

func (r reads) close() error {
	var errs []error
	for _, p := range r.all() {
		if *p.to != nil {
			errs = append(errs, (*p.to).Close())
		}
	}
	return errors.Join(errs...)
}

// millis is how a time is stored.
func millis(t time.Time) int64 { return t.UnixMilli() }

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// nullMillis stores the zero time as NULL.
func nullMillis(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: !t.IsZero()}
}

// stored is the precision in which times come back.
func stored(t time.Time) time.Time { return fromMillis(millis(t)) }

// each scans all rows and closes them.
func each(rows *sql.Rows, err error, scan func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// scanAccount reads one account from rows of accountColumns, one an identity.
// ErrNotFound.
func scanAccount(rows *sql.Rows, err error) (store.Account, error) {
	var a store.Account
	found := false
	err = each(rows, err, func(r *sql.Rows) error {
		found = true
		var created int64
		var provider, subject, username, avatar, vars sql.NullString
		var linked sql.NullInt64
		if err := r.Scan(&a.ID, &a.Game, &a.Username, &created, &provider, &subject, &username, &avatar, &vars, &linked); err != nil {
			return err
		}
		a.CreatedAt = fromMillis(created)
		if !provider.Valid {
			return nil
		}
		i := store.Identity{
			Provider: provider.String, Subject: subject.String, Username: username.String,
			AvatarURL: avatar.String, LinkedAt: fromMillis(linked.Int64),
		}
		if vars.String != "" {
			if err := json.Unmarshal([]byte(vars.String), &i.Vars); err != nil {
				return fmt.Errorf("store/sqlite: vars of account %s: %w", a.ID, err)
			}
		}
		a.Identities = append(a.Identities, i)
		return nil
	})
	if err == nil && !found {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Account{}, err
	}
	return a, nil
}

// scanStrings reads one text column.
func scanStrings(rows *sql.Rows, err error) ([]string, error) {
	var all []string
	err = each(rows, err, func(r *sql.Rows) error {
		var s string
		if err := r.Scan(&s); err != nil {
			return err
		}
		all = append(all, s)
		return nil
	})
	return all, err
}
