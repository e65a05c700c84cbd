package hook

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Host is what a hook may ask of the platform while it serves a call, for the
// call's game alone. It is the same for hooks in Go, scripts (`ctx.storage`,
// `ctx.notify`) and plugin processes. Its methods may be called from any goroutine
// and end with their context.
type Host interface {
	// Storage keeps the game's own data.
	Storage() Storage
	// Notify sends `notify` with kind and payload to an account's sockets; who has
	// none misses it. kind has 1 to 64 characters, payload is JSON of up to 16 KiB;
	// nil is null. ErrInvalidNotice.
	Notify(ctx context.Context, accountID, kind string, payload json.RawMessage) error
}

// ErrInvalidNotice says that a notice breaks a limit.
var ErrInvalidNotice = errors.New("hook: a notice needs an account, a kind of 1 to 64 characters and JSON of up to 16 KiB")

// Limits of a Storage.
const (
	// MaxKey is the length of a key, in bytes.
	MaxKey = 128
	// MaxStored is the size of one value, in bytes of JSON.
	MaxStored = 64 << 10
	// MaxListed is how many entries one Get or List answers at most.
	MaxListed = 100
)

// Storage is a game's key-value store. Every entry belongs to the game, or to one
// of its accounts (and then is erased with it). Scope is the account's id; empty
// means the game's own. What a method has returned is durable. Reads see every
// write that was acknowledged before them.
type Storage interface {
	// Get returns the entries of up to MaxListed keys that exist, in the order of
	// the keys. ErrInvalidKey.
	Get(ctx context.Context, scope string, keys ...string) ([]Entry, error)
	// Set writes one entry and returns its new version. when says under which
	// version it may; ErrConflict if another one stands. ErrInvalidKey,
	// ErrInvalidValue; ErrNoScope for an account that does not exist.
	Set(ctx context.Context, scope, key string, value json.RawMessage, when Version) (Version, error)
	// Delete removes one entry; one that is not there is a success, unless when
	// names a version. ErrConflict, ErrInvalidKey.
	Delete(ctx context.Context, scope, key string, when Version) error
	// List returns up to limit (1 to MaxListed, else MaxListed) entries whose key
	// begins with prefix and comes after the key `after`, in the order of their
	// keys as bytes.
	List(ctx context.Context, scope, prefix, after string, limit int) ([]Entry, error)
}

// Entry is one stored value.
type Entry struct {
	Key string
	// Value is compact JSON.
	Value json.RawMessage
	// Version grows with every write of the entry; never 0.
	Version Version
	// UpdatedAt has millisecond precision.
	UpdatedAt time.Time
}

// Version is an entry's version. As a condition it may also be AnyVersion or
// NoVersion. It stays below 2^53.
type Version int64

// Conditions of a write.
const (
	// AnyVersion writes whatever stands.
	AnyVersion Version = -1
	// NoVersion writes only if there is no such entry.
	NoVersion Version = 0
)

// Errors of a Storage that hooks tell apart.
var (
	ErrConflict     = errors.New("hook: the entry has another version")
	ErrInvalidKey   = errors.New("hook: a key has 1 to 128 bytes of text without control characters")
	ErrInvalidValue = errors.New("hook: a value is JSON of up to 64 KiB, nested up to 32 levels")
	ErrNoScope      = errors.New("hook: there is no such account")
)

type hostKey struct{}

// WithHost returns a context that carries h. The platform calls it.
func WithHost(ctx context.Context, h Host) context.Context {
	return context.WithValue(ctx, hostKey{}, h)
}

// HostFrom returns the platform as the call of ctx may use it. Outside of a call,
// and where nobody offers it, every method of the answer fails.
func HostFrom(ctx context.Context) Host {
	if h, ok := ctx.Value(hostKey{}).(Host); ok {
		return h
	}
	return nowhere{}
}

// ErrNoHost says that a context is not that of a hook's call.
var ErrNoHost = errors.New("hook: the platform can be asked in a hook's call only")

type nowhere struct{}

var (
	_ Host    = nowhere{}
	_ Storage = nowhere{}
)

func (nowhere) Storage() Storage { return nowhere{} }
func (nowhere) Notify(context.Context, string, string, json.RawMessage) error {
	return ErrNoHost
}
func (nowhere) Get(context.Context, string, ...string) ([]Entry, error) { return nil, ErrNoHost }
func (nowhere) Set(context.Context, string, string, json.RawMessage, Version) (Version, error) {
	return 0, ErrNoHost
}
func (nowhere) Delete(context.Context, string, string, Version) error { return ErrNoHost }
func (nowhere) List(context.Context, string, string, string, int) ([]Entry, error) {
	return nil, ErrNoHost
}
