package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/muster-gg/muster/core/broadcast"
	brokers "github.com/muster-gg/muster/core/broadcast/memory"
	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/identity"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/match"
	"github.com/muster-gg/muster/core/session"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/state/memory"
	"github.com/muster-gg/muster/core/store"
)

// node is a whole transport over real lobbies, with accounts and matches faked.
type node struct {
	*Server
	t        testing.TB
	http     *httptest.Server
	hub      *broadcast.Hub
	sessions *session.Registry
	identity map[string]*accounts
	lobbies  map[string]*lobby.Service
	matches  map[string]*matches
	logs     *observer.ObservedLogs
}

// setup is what a test may change before its node is made.
type setup struct {
	Options
	sessions session.RegistryOptions
	rules    lobby.Rules
}

func twoTeams() lobby.Rules {
	return lobby.Rules{
		Teams:      []lobby.TeamRule{{Name: "red", Size: 4}, {Name: "blue", Size: 4}},
		MinPlayers: 1, MaxLobbies: 10000, ReconnectGrace: time.Minute, Reopen: true,
	}
}

// start makes a node that serves the games arena (the default) and duel.
func start(t testing.TB, change func(*setup)) *node {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	su := &setup{rules: twoTeams()}
	su.Options = Options{
		Games:       []Game{{Name: "arena", Title: "Arena", Auth: []string{"anonymous"}}, {Name: "duel"}},
		DefaultGame: "arena", Development: true, Version: "test", Logger: zap.New(core),
	}
	if change != nil {
		change(su)
	}
	n := &node{
		t: t, identity: map[string]*accounts{}, lobbies: map[string]*lobby.Service{}, matches: map[string]*matches{}, logs: logs,
		sessions: session.NewRegistry(su.sessions),
	}
	docs, err := memory.Open(context.Background(), memory.Options{})
	n.must(err)
	n.hub, err = broadcast.NewHub(broadcast.Options{
		Encoder: NewEncoder(func(game string, m *lobby.Match, account string) string { return n.matches[game].Ticket(m, account) }),
		Connect: brokers.New,
	})
	n.must(err)
	for i := range su.Games {
		g := &su.Games[i]
		n.identity[g.Name] = &accounts{game: g.Name, revoked: n.sessions.CloseSignIns, byID: map[string]*store.Account{}, ended: map[string]bool{}}
		n.lobbies[g.Name] = lobby.New(lobby.Options{Game: g.Name, Rules: su.rules, Store: docs, Hub: n.hub})
		n.matches[g.Name] = &matches{lobbies: n.lobbies[g.Name]}
		if g.Lobbies, g.Matches = n.lobbies[g.Name], n.matches[g.Name]; g.Identity == nil {
			g.Identity = n.identity[g.Name]
		}
	}
	su.Hub, su.Registry = n.hub, n.sessions
	n.Server, err = New(su.Options)
	n.must(err)
	n.http = httptest.NewServer(n.Handler())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := n.Drain(ctx); err != nil {
			t.Errorf("drain: %v", err)
		}
		n.http.Close()
		if n.sessions.Count() != 0 {
			t.Errorf("%d sessions are left", n.sessions.Count())
		}
		if topics, subscribers := n.hub.Stats(); topics != 0 || subscribers != 0 {
			t.Errorf("%d topics, %d subscribers are left", topics, subscribers)
		}
		for _, l := range n.lobbies {
			n.must(l.Close(ctx))
		}
		n.must(errors.Join(n.hub.Close(), docs.Close()))
	})
	return n
}

func (n *node) must(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// accounts is an Identity whose tokens are "token:SIGN-IN:ACCOUNT".
type accounts struct {
	game    string
	revoked func(game, account string, sids []string)

	mu    sync.Mutex
	byID  map[string]*store.Account
	ended map[string]bool
	next  int
	down  error // what every call answers, if set
	from  string
}

var born = time.UnixMilli(1700000000123).UTC()

func token(account string) string { return "token:1:" + account }

func (a *accounts) SignIn(_ context.Context, provider string, fields map[string]any, from string) (identity.Session, error) {
	if provider != "anonymous" && provider != "discord" {
		return identity.Session{}, identity.ErrProviderUnknown
	}
	name, _ := fields["username"].(string)
	if name == "" {
		return identity.Session{}, identity.ErrUsernameRequired
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.from = from
	acc := &store.Account{ID: name, Game: a.game, Username: name, CreatedAt: born, Identities: []store.Identity{
		{Provider: provider, Subject: "42", Username: name, AvatarURL: "https://cdn.example.com/a.png", LinkedAt: born},
	}}
	a.byID[name] = acc
	return a.session(acc), a.down
}

func (a *accounts) session(acc *store.Account) identity.Session {
	a.next++
	sid := fmt.Sprint("s", a.next)
	return identity.Session{
		AccessToken: "token:" + sid + ":" + acc.ID, RefreshToken: "refresh:" + acc.ID, SID: sid,
		ExpiresAt: born.Add(time.Hour).UnixMilli(), Account: *acc,
	}
}

func (a *accounts) Refresh(_ context.Context, token string) (identity.Session, error) {
	var id string
	if _, err := fmt.Sscanf(token, "refresh:%s", &id); err != nil {
		return identity.Session{}, identity.ErrInvalidToken
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.session(a.byID[id]), nil
}

func (a *accounts) Verify(_ context.Context, token string) (identity.Claims, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	parts := splitN(token, ":", 3)
	if a.down != nil {
		return identity.Claims{}, a.down
	}
	if len(parts) != 3 || parts[0] != "token" || a.ended[parts[1]+parts[2]] {
		return identity.Claims{}, identity.ErrInvalidToken
	}
	return identity.Claims{AccountID: parts[2], Game: a.game, SID: parts[1], ExpiresAt: time.Now().Add(time.Hour)}, nil
}

func (a *accounts) Logout(_ context.Context, who identity.Claims, everywhere bool) error {
	sids := []string{who.SID}
	if everywhere {
		sids = append(sids, "1", "2")
	}
	a.mu.Lock()
	for _, sid := range sids {
		a.ended[sid+who.AccountID] = true
	}
	a.mu.Unlock()
	a.revoked(a.game, who.AccountID, sids)
	return nil
}

func (a *accounts) Account(_ context.Context, id string) (store.Account, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if acc := a.byID[id]; acc != nil {
		return *acc, nil
	}
	if a.ended["1"+id] {
		return store.Account{}, identity.ErrAccountNotFound
	}
	return store.Account{ID: id, Game: a.game, Username: "name of " + id, CreatedAt: born}, nil
}

func (a *accounts) Caller(ctx context.Context, id string) (store.Account, error) {
	return a.Account(ctx, id)
}

func (a *accounts) Rename(_ context.Context, id, name string) (store.Account, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.byID[id] = &store.Account{ID: id, Game: a.game, Username: name, CreatedAt: born}
	return *a.byID[id], nil
}

// Link, Unlink and Export are tested over real accounts.
func (a *accounts) Link(context.Context, string, string, map[string]any, string) (store.Account, error) {
	return store.Account{}, identity.ErrProviderUnknown
}

func (a *accounts) Unlink(context.Context, string, string) (store.Account, error) {
	return store.Account{}, identity.ErrProviderUnknown
}

func (a *accounts) Export(context.Context, string, io.Writer) error {
	return identity.ErrAccountNotFound
}

func (a *accounts) Erase(ctx context.Context, id string) error {
	a.mu.Lock()
	delete(a.byID, id)
	a.mu.Unlock()
	return a.Logout(ctx, identity.Claims{AccountID: id, SID: "1"}, true)
}

// matches is a Matches whose starts the test brings to their end itself.
type matches struct {
	lobbies *lobby.Service
	mu      sync.Mutex
	last    string // match id of the last start
	starts  int
}

func (m *matches) Start(ctx context.Context, who lobby.Who, region string) (lobby.Result, error) {
	m.mu.Lock()
	m.starts++
	id := fmt.Sprint("match", m.starts)
	m.mu.Unlock()
	res, err := m.lobbies.BeginStart(ctx, who, id, region, time.Now().Add(time.Hour))
	if err == nil {
		m.mu.Lock()
		m.last = id
		m.mu.Unlock()
	}
	return res, err
}

func (m *matches) lastID() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last
}

func (m *matches) commit(lobbyID, matchID string) error {
	server := lobby.Server{Name: "srv", Address: "203.0.113.9", Port: 7777}
	_, err := m.lobbies.CommitStart(lobbyID, lobby.Match{ID: matchID, Server: server, Region: "eu"}, func(lm lobby.Match) []state.Write {
		return []state.Write{{Key: state.Key{Kind: "match", ID: lm.ID}, Value: state.Raw("{}")}}
	})
	return err
}

func (m *matches) Report(_ context.Context, matchID, bearer string, body []byte) ([]byte, error) {
	switch {
	case matchID != "match1":
		return nil, match.ErrNotFound
	case bearer != "result-token":
		return nil, match.ErrUnauthorized
	case string(body) == "closed":
		return nil, match.ErrClosed
	}
	return []byte(fmt.Sprintf(`{"matchId":"match1","acceptedAt":1,"result":%s}`, body)), nil
}

func (m *matches) Ticket(lm *lobby.Match, account string) string {
	return "ticket-" + lm.ID + "-" + account
}

var errAllocation = fault.New("allocation_failed", "Failed to allocate game server")
