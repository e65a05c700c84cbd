// Package store is lasting data: accounts, identities, sign-ins, matches, and what
// hooks keep. What a method has returned without an error is synced to disk. Backends are below it;
// storetest holds the cases that each must pass.
//
// Everything belongs to one game: an id of one game is never found in another.
// Times have millisecond precision, UTC.
package store

import (
	"context"
	"errors"
	"time"
)

// Errors that callers tell apart. Anything else is a failure of the backend.
var (
	// ErrNotFound: no such row in this game.
	ErrNotFound = errors.New("store: not found")
	// ErrTaken: the identity belongs to another account.
	ErrTaken = errors.New("store: identity belongs to another account")
	// ErrLast: the account's only identity cannot be unlinked.
	ErrLast = errors.New("store: last identity")
	// ErrSpent: the refresh secret was used before; its chain is revoked now.
	ErrSpent = errors.New("store: refresh token already used")
	// ErrRevoked: the sign-in has ended.
	ErrRevoked = errors.New("store: sign-in has ended")
	// ErrConflict: the entry has another version than the write asks for.
	ErrConflict = errors.New("store: another version")
	// ErrClosed is returned by every call after Close.
	ErrClosed = errors.New("store: closed")
)

// Account is one player of one game.
type Account struct {
	ID, Game, Username string
	CreatedAt          time.Time
	// Identities are in the order in which they were linked.
	Identities []Identity
}

// Identity is one way to sign in to an account. Subject is who the provider says
// it is (for "anonymous" a hash of the device's secret, or random).
type Identity struct {
	Provider, Subject, Username, AvatarURL string
	// Vars are what the provider said besides; nil for nothing.
	Vars     map[string]string
	LinkedAt time.Time
}

// SignIn is one chain of refresh tokens: what one sign-in on one device began.
type SignIn struct {
	// ID is the `sid` of the access tokens.
	ID, AccountID, Game string
	// RefreshHash is the SHA-256 of the refresh secret that is valid now.
	RefreshHash [32]byte
	CreatedAt   time.Time
	// ExpiresAt is when the refresh token ends; Rotate moves it.
	ExpiresAt time.Time
	RevokedAt time.Time // zero: live
}

// Accounts keeps who players are. Used by core/identity.
type Accounts interface {
	// SignIn returns the account that owns the identity (provider, subject), or
	// makes fresh with that identity, and records the sign-in for it (its
	// AccountID is filled in from the account found), all in one durable step.
	// When username is not empty, an account found takes it as its username; an
	// identity found takes identity's Username, AvatarURL and Vars. created tells which.
	SignIn(ctx context.Context, fresh Account, identity Identity, username string, signIn SignIn) (account Account, created bool, err error)
	// Account returns an account with its identities. ErrNotFound.
	Account(ctx context.Context, game, id string) (Account, error)
	// Rename sets the username and returns the changed account. ErrNotFound.
	Rename(ctx context.Context, game, id, username string) (Account, error)
	// Link adds an identity. Linking what is linked already to the same account
	// changes nothing. ErrTaken, ErrNotFound.
	Link(ctx context.Context, game, id string, identity Identity) (Account, error)
	// Unlink removes the identities of a provider. ErrLast, ErrNotFound.
	Unlink(ctx context.Context, game, id, provider string) (Account, error)
	// Erase deletes the account, its identities, its sign-ins and the entries in its
	// scope, and replaces its id and username in stored matches by "erased". Returns the ids of the
	// sign-ins that were live. ErrNotFound.
	Erase(ctx context.Context, game, id string) (sids []string, err error)
}

// SignIns keeps refresh chains. Used by core/identity.
type SignIns interface {
	// SignInByID returns a chain, ended ones too. ErrNotFound.
	SignInByID(ctx context.Context, game, sid string) (SignIn, error)
	// Rotate replaces the current refresh hash by next and moves ExpiresAt. When
	// old is not the current hash the chain is revoked in the same step and
	// ErrSpent returned. ErrNotFound, ErrRevoked (ended or expired before now).
	Rotate(ctx context.Context, game, sid string, old, next [32]byte, now, expires time.Time) (SignIn, error)
	// Revoke ends one chain. Ending an ended one is no error.
	Revoke(ctx context.Context, game, sid string, now time.Time) error
	// RevokeAll ends every live chain of an account and returns their ids.
	RevokeAll(ctx context.Context, game, accountID string, now time.Time) (sids []string, err error)
	// Prune deletes up to limit chains that expired before cutoff, and says how many.
	Prune(ctx context.Context, cutoff time.Time, limit int) (int, error)
}

// Match is the lasting record of one match that was started.
type Match struct {
	ID, Game, LobbyID string
	// Status is "ended" or "failed".
	Status string
	// Code says why a failed one failed ("server_lost", "match_timeout", …).
	Code               string
	StartedAt, EndedAt time.Time
	Provider, Region   string
	// Server is "address:port (name)" for operators.
	Server string
	// Hooks are the rules that the whole start ran on, each as "name@version".
	Hooks []string
	// Roster is the JSON of the teams at commit: [{"name","players":[{"accountId","username","bot"}]}].
	Roster []byte
	// Result is the JSON of the result, nil when none came.
	Result []byte
	// Answer is the exact bytes that the result call was answered with.
	Answer []byte
}

// Matches keeps finished matches. Used by core/match.
type Matches interface {
	// FinishMatch records the end of a match unless an end is recorded already:
	// the first one wins. It returns the record that stands and whether it is new.
	FinishMatch(ctx context.Context, m Match) (stands Match, first bool, err error)
	// MatchByID returns a finished match. ErrNotFound.
	MatchByID(ctx context.Context, game, id string) (Match, error)
}

// Histories lists what accounts leave behind, a page at a time: up to limit rows
// whose id comes after `after`, in the order of their ids as bytes. Used by
// core/identity.
type Histories interface {
	// SignInsOf returns the chains of an account, ended ones too.
	SignInsOf(ctx context.Context, game, accountID, after string, limit int) ([]SignIn, error)
	// MatchesOf returns the finished matches that an account is in.
	MatchesOf(ctx context.Context, game, accountID, after string, limit int) ([]Match, error)
}

// Entry is one value that hooks keep.
type Entry struct {
	Game string
	// Scope is the account that it belongs to; empty: the game.
	Scope, Key string
	// Value is JSON.
	Value []byte
	// Version is above every version that the key has had before, deleted ones too.
	Version   int64
	UpdatedAt time.Time
}

// Conditions of a write to an entry; any other number is the version that must stand.
const (
	AnyVersion int64 = -1
	NoVersion  int64 = 0
)

// Storage keeps what the hooks of games store. Limits are its users' business; keys
// are valid UTF-8. A read sees every write that was answered before it began.
type Storage interface {
	// Entries returns those of the keys that exist, in the order of keys, as they
	// stood at one moment.
	Entries(ctx context.Context, game, scope string, keys []string) ([]Entry, error)
	// SetEntry writes an entry and returns its new version; e.Version is not looked
	// at. ErrNotFound for the scope of an account that does not exist, ErrConflict.
	SetEntry(ctx context.Context, e Entry, when int64) (version int64, err error)
	// DeleteEntry removes an entry; that there is none is an error only if when
	// names a version. ErrConflict.
	DeleteEntry(ctx context.Context, game, scope, key string, when int64) error
	// ListEntries returns up to limit entries whose key begins with prefix and comes
	// after the key `after`, in the order of their keys as bytes.
	ListEntries(ctx context.Context, game, scope, prefix, after string, limit int) ([]Entry, error)
}

// Orphan is a server that may exist although no match uses it: its allocation
// ended in a way that leaves open whether it was made.
type Orphan struct {
	Game, MatchID, Provider, Region string
	// Cause is for operators.
	Cause string
	At    time.Time
}

// Orphans keeps possible orphans until somebody deals with them. Used by core/match.
type Orphans interface {
	AddOrphan(ctx context.Context, o Orphan) error
	// Orphans returns up to limit of them, newest first.
	Orphans(ctx context.Context, game string, limit int) ([]Orphan, error)
	// DropOrphan forgets all that is kept of a match's server, and says if there was anything.
	DropOrphan(ctx context.Context, game, matchID string) (bool, error)
}

// Report is a finished match whose result a skill rating has not taken yet.
type Report struct {
	// Match is its record as it stands now: who was erased since is not in it.
	Match Match
	// Tries is how often it was sent in vain, Due when it is to be sent next.
	Tries int
	Due   time.Time
}

// Reports keeps which results are owed to a skill rating. Used by core/rating.
type Reports interface {
	// FinishRatedMatch is FinishMatch; an end that is the first and has a result is
	// owed in the same step, due when the match ended.
	FinishRatedMatch(ctx context.Context, m Match) (stands Match, first bool, err error)
	// NextReport returns the report that is due first, be that later than now; of
	// those due at the same time the one that was owed first. ErrNotFound: nothing is owed.
	NextReport(ctx context.Context, game string) (Report, error)
	// DelayReport sets how often a report was tried and when it is due. One that is
	// not owed stays so, without an error.
	DelayReport(ctx context.Context, game, matchID string, tries int, due time.Time) error
	// SettleReport says that a report is not owed any more; if it was not, that is no error.
	SettleReport(ctx context.Context, game, matchID string) error
	// CountReports says how many are owed.
	CountReports(ctx context.Context, game string) (int, error)
	// DropReports settles up to n reports, those first that were owed first, and
	// returns the ids of their matches in that order.
	DropReports(ctx context.Context, game string, n int) (matchIDs []string, err error)
}

// Store is what a backend offers as a whole; users ask for the parts above.
type Store interface {
	Accounts
	SignIns
	Matches
	Histories
	Storage
	Orphans
	Reports
	// Ping says whether the backend answers, for /readyz.
	Ping(ctx context.Context) error
	Close() error
}
