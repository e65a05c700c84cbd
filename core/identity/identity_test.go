package identity

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/core/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const device = "device-secret-0123456789"

var testSecret = []byte("a secret of the server, for tests only")

// bench is a Service over a real store, and what it told the outside.
type bench struct {
	testing.TB
	*Service
	store *seams
	logs  *observer.ObservedLogs

	mu    sync.Mutex
	ended []ended
}

type ended struct {
	game, account string
	sids          []string
}

// seams is the real store with places to look in and to break things.
type seams struct {
	Store
	mu    sync.Mutex
	loads int
	// afterLoad runs between a look at a sign-in and its return.
	afterLoad func()
	// reads counts looks at accounts, afterRead runs between one and its return.
	reads     int
	afterRead func()
	// afterRevoke runs between a saved revocation and its return.
	afterRevoke func()
	fail        error
}

func (s *seams) Revoke(ctx context.Context, game, sid string, now time.Time) error {
	err := s.Store.Revoke(ctx, game, sid, now)
	if s.afterRevoke != nil {
		s.afterRevoke()
	}
	return err
}

func (s *seams) Account(ctx context.Context, game, id string) (store.Account, error) {
	s.mu.Lock()
	s.reads++
	after, fail := s.afterRead, s.fail
	s.mu.Unlock()
	if fail != nil {
		return store.Account{}, fail
	}
	a, err := s.Store.Account(ctx, game, id)
	if after != nil {
		after()
	}
	return a, err
}

func (s *seams) SignInByID(ctx context.Context, game, sid string) (store.SignIn, error) {
	s.mu.Lock()
	s.loads++
	after, fail := s.afterLoad, s.fail
	s.mu.Unlock()
	if fail != nil {
		return store.SignIn{}, fail
	}
	c, err := s.Store.SignInByID(ctx, game, sid)
	if after != nil {
		after()
	}
	return c, err
}

func (s *seams) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *seams) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loads
}

func openStore(t testing.TB) Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "muster.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func newBench(t testing.TB, s Store, with ...func(*Options)) *bench {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	b := &bench{TB: t, store: &seams{Store: s}, logs: logs}
	o := Options{
		Game: "arena", Secret: testSecret, Store: b.store, Logger: zap.New(core),
		Providers: map[string]Provider{AnonymousName: Anonymous{}},
		OnRevoked: func(ctx context.Context, game, account string, sids []string) {
			if err := ctx.Err(); err != nil {
				t.Errorf("OnRevoked: %v", err)
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			b.ended = append(b.ended, ended{game, account, slices.Sorted(slices.Values(sids))})
		},
	}
	for _, f := range with {
		f(&o)
	}
	var err error
	if b.Service, err = New(o); err != nil {
		t.Fatal(err)
	}
	return b
}

// in signs a device in under a name.
func (b *bench) in(name, deviceID string) Session {
	b.Helper()
	fields := map[string]any{"username": name}
	if deviceID != "" {
		fields["deviceId"] = deviceID
	}
	s, err := b.SignIn(b.Context(), AnonymousName, fields, "192.0.2.1")
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func (b *bench) valid(s Session) Claims {
	b.Helper()
	c, err := b.Verify(b.Context(), s.AccessToken)
	if err != nil {
		b.Fatalf("a token that should be valid: %v", err)
	}
	return c
}

func (b *bench) invalid(s Session) {
	b.Helper()
	if c, err := b.Verify(b.Context(), s.AccessToken); !errors.Is(err, ErrInvalidToken) || c != (Claims{}) {
		b.Fatalf("got %+v, %v, want invalid_token", c, err)
	}
}

func (b *bench) refresh(s Session) Session {
	b.Helper()
	next, err := b.Refresh(b.Context(), s.RefreshToken)
	if err != nil {
		b.Fatal(err)
	}
	return next
}

func (b *bench) refused(s Session) {
	b.Helper()
	if got, err := b.Refresh(b.Context(), s.RefreshToken); !errors.Is(err, ErrInvalidToken) || got.AccessToken != "" {
		b.Fatalf("got a session %v, %v, want invalid_token", got.SID, err)
	}
}

// told checks what OnRevoked heard since the last look.
func (b *bench) told(want ...ended) {
	b.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.EqualFunc(b.ended, want, func(x, y ended) bool {
		return x.game == y.game && x.account == y.account && slices.Equal(x.sids, slices.Sorted(slices.Values(y.sids)))
	}) {
		b.Fatalf("OnRevoked heard %v, want %v", b.ended, want)
	}
	b.ended = nil
}

// silent checks that no secret of the sessions is in a log or an error.
func (b *bench) silent(errs []error, sessions ...Session) {
	b.Helper()
	var text strings.Builder
	for _, e := range b.logs.All() {
		text.WriteString(e.Message)
		for k, v := range e.ContextMap() {
			text.WriteString(k)
			text.WriteString(" ")
			if s, ok := v.(string); ok {
				text.WriteString(s)
			}
		}
	}
	for _, err := range errs {
		for ; err != nil; err = errors.Unwrap(err) {
			text.WriteString(err.Error())
		}
	}
	for _, s := range sessions {
		for _, secret := range append(strings.Split(s.AccessToken, "."), s.RefreshToken, s.RefreshToken[26:]) {
			if strings.Contains(text.String(), secret) {
				b.Fatalf("a secret was told: %s", text.String())
			}
		}
	}
}

func TestNewRefuses(t *testing.T) {
	s := openStore(t)
	good := func() Options { return Options{Game: "g", Secret: testSecret, Store: s} }
	if _, err := New(good()); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Options){
		"no game":               func(o *Options) { o.Game = "" },
		"no store":              func(o *Options) { o.Store = nil },
		"no secret":             func(o *Options) { o.Secret = nil },
		"a short secret":        func(o *Options) { o.Secret = testSecret[:MinSecret-1] },
		"a negative lifetime":   func(o *Options) { o.AccessTTL = -time.Hour },
		"a lifetime below 1 s":  func(o *Options) { o.AccessTTL = time.Millisecond },
		"refresh before access": func(o *Options) { o.AccessTTL, o.RefreshTTL = 2*time.Hour, time.Hour },
		"a negative cache":      func(o *Options) { o.CacheSize = -1 },
	} {
		o := good()
		spoil(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s was accepted", name)
		} else if strings.Contains(err.Error(), string(testSecret[:MinSecret-1])) {
			t.Errorf("%s: the error holds the secret", name)
		}
	}
}

// code is the code of a fault, or "" for nil.
func code(err error) string {
	if err == nil {
		return ""
	}
	var f *fault.Error
	if !errors.As(err, &f) {
		return "not a fault: " + err.Error()
	}
	return f.Code
}
