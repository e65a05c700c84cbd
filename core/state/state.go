// Package state is short-lived state: small documents of one game, compared and
// swapped several at a time in one atomic step, with deadlines that can be asked
// for. Backends are below it; statetest holds the cases that each must pass.
package state

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Key names one document within a game. Kind is a short constant word ("lobby",
// "seat", "code", "match"); ID is unique within the kind.
type Key struct{ Kind, ID string }

func (k Key) String() string { return k.Kind + "/" + k.ID }

// Value is the body of a document. It is immutable from the moment it is handed
// to Apply: readers on this node get the very same value back, never a copy.
type Value interface {
	// AppendState appends the encoded form to dst. A backend calls it at most
	// once for each version, and only if bytes must leave the process's memory.
	AppendState(dst []byte) ([]byte, error)
}

// Raw is a body in its encoded form: what a backend returns for a document that
// was written by another process or by an earlier run of this one.
type Raw []byte

// AppendState appends the bytes as they are.
func (r Raw) AppendState(dst []byte) ([]byte, error) { return append(dst, r...), nil }

// Doc is one document as it was read. An absent document has Version 0.
type Doc struct {
	Key Key
	// Version is the revision of the game at which this document was last
	// written. Revisions only grow, over all documents of one game and over
	// deletions, so that a deleted and re-created document never shows an old
	// version again.
	Version uint64
	// Deadline is when the document is due (see Store.Due); zero: never.
	Deadline time.Time
	// Value is what was written, or Raw. Nil when absent.
	Value Value
}

// Write is one compare-and-swap within a Tx.
type Write struct {
	Key Key
	// Expect is the version that must be current; 0: the document must be absent.
	Expect uint64
	// Value is the new body; nil deletes. Ignored when CheckOnly.
	Value Value
	// Deadline of the new body; zero for none. Milliseconds are kept.
	Deadline time.Time
	// CheckOnly compares without writing.
	CheckOnly bool
}

// Tx is several writes of one game that happen together or not at all. A key
// stands in it once.
type Tx struct {
	Game   string
	Writes []Write
}

// Conflict is returned by Apply when a comparison failed: nothing was written.
type Conflict struct {
	// Docs are the current documents of all keys of the Tx, in its order.
	Docs []Doc
}

func (c *Conflict) Error() string {
	return fmt.Sprintf("state: conflict over %d documents", len(c.Docs))
}

// ErrClosed is returned by every call after Close.
var ErrClosed = errors.New("state: closed")

// Store holds the documents of all games. All methods are safe for concurrent
// use. Times are compared in milliseconds.
type Store interface {
	// Get returns the documents of keys in their order, absent ones with
	// Version 0. It never returns a document whose Apply may still fail.
	Get(ctx context.Context, game string, keys ...Key) ([]Doc, error)

	// Apply compares and writes all of tx in one atomic step and returns the
	// revision given to every document that it wrote. It returns when the change is as safe as the
	// backend promises. The error is a *Conflict when a comparison failed. After
	// any other error the caller must read again before it assumes anything.
	Apply(ctx context.Context, tx Tx) (revision uint64, err error)

	// Due returns up to limit documents of a kind whose deadline is not after
	// now, earliest first.
	Due(ctx context.Context, game, kind string, now time.Time, limit int) ([]Doc, error)

	// List calls fn for every document of a kind, in no order, until fn returns
	// false. It is not a snapshot. fn must not call the store.
	List(ctx context.Context, game, kind string, fn func(Doc) bool) error

	// Close makes what was acknowledged safe and releases the backend. Calls
	// under way end with a result or ErrClosed.
	Close() error
}
