package transport

import (
	"context"
	"io"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/served"
	"github.com/muster-gg/muster/core/broadcast"
	"github.com/muster-gg/muster/core/identity"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/match"
	"github.com/muster-gg/muster/core/store"
)

// Player is who is asking.
type Player = lobby.Who

// Lobbies is what transport needs of a game's lobbies; *lobby.Service is it.
// Errors are *fault.Error. A method returns when the change is saved and has
// been told on this node. Each is called from the goroutine that reads the
// player's socket, one at a time for each socket.
//
// commit, where a method takes one, is called after the change is saved and
// before any follower is told, in the order of the lobby's versions; it must not
// block or call the service. It is where a socket is subscribed to (or from) the
// lobby's topic at exactly that version. It is not called when the error is not nil.
type Lobbies interface {
	Create(ctx context.Context, who lobby.Who, draft lobby.Draft, commit func(lobby.Snapshot)) (lobby.Snapshot, error)
	Join(ctx context.Context, who lobby.Who, req lobby.JoinRequest, commit func(lobby.Snapshot)) (lobby.Result, error)
	// Leave gives up the seat. The old lobby's members are told; the leaver is not.
	Leave(ctx context.Context, who lobby.Who, commit func(lobby.Snapshot)) error
	// Connect marks the player as connected if he has a seat and returns what he
	// must be told: his lobby and what he missed (taken out of his seat). Seated is false without a seat;
	// commit is called in either case, with a nil Lobby when there is no seat.
	Connect(ctx context.Context, who lobby.Who, commit func(lobby.Return)) (lobby.Return, error)
	// Disconnect marks the player as away (or removes him, by the grace).
	Disconnect(ctx context.Context, who lobby.Who) error

	// Rename shows the player under a new name in the lobby where he sits.
	Rename(ctx context.Context, who lobby.Who) error

	Ready(ctx context.Context, who lobby.Who, ready bool) (lobby.Result, error)
	Team(ctx context.Context, who lobby.Who, team string) (lobby.Result, error)
	Update(ctx context.Context, who lobby.Who, change lobby.Change) (lobby.Result, error)
	Kick(ctx context.Context, who lobby.Who, accountID string) (lobby.Result, error)
	Promote(ctx context.Context, who lobby.Who, accountID string) (lobby.Result, error)
	FillBots(ctx context.Context, who lobby.Who, perTeam *int) (lobby.Result, error)
	CancelStart(ctx context.Context, who lobby.Who) (lobby.Result, error)
	Chat(ctx context.Context, who lobby.Who, text string) (lobby.Result, error)

	// Listed returns the lobbies that can be joined, newest first, and a generation
	// that changes whenever the answer does. The slice is shared: do not change it.
	Listed(ctx context.Context) (list []lobby.Snapshot, generation uint64, err error)
}

// Matches is what transport needs of a game's matches; *match.Service is it.
type Matches interface {
	// Start saves the start of the player's lobby and returns when the lobby is
	// `starting`; the rest goes on in the match service, and followers are told.
	Start(ctx context.Context, who lobby.Who, region string) (lobby.Result, error)
	// Report takes a result. bearer is the match's result token. The answer
	// is the exact body to send with 200. Errors carry the codes unauthorized,
	// not_found, match_closed, invalid_result.
	Report(ctx context.Context, matchID, bearer string, body []byte) (answer []byte, err error)
	// Ticket signs the join ticket of a player of a match. It is cheap and never blocks.
	Ticket(m *lobby.Match, accountID string) string
}

// Identity is what transport needs of a game's accounts; *identity.Service is it.
// Errors are *fault.Error. Called from the goroutines of requests.
type Identity interface {
	// SignIn lets a provider check the fields. remoteAddr is the player's address.
	SignIn(ctx context.Context, provider string, fields map[string]any, remoteAddr string) (identity.Session, error)
	// Refresh exchanges a refresh token for new tokens.
	Refresh(ctx context.Context, refreshToken string) (identity.Session, error)
	// Verify returns what a valid access token says; invalid_token otherwise.
	Verify(ctx context.Context, accessToken string) (identity.Claims, error)
	// Logout ends the sign-in, or all of the account's.
	Logout(ctx context.Context, who identity.Claims, everywhere bool) error
	// Account returns an account; account_not_found.
	Account(ctx context.Context, id string) (store.Account, error)
	// Caller is Account from memory, for calls of rules. What it holds is shared.
	Caller(ctx context.Context, id string) (store.Account, error)
	// Rename gives the account another username.
	Rename(ctx context.Context, id, username string) (store.Account, error)
	// Link adds an identity that a provider vouches for.
	Link(ctx context.Context, id, provider string, fields map[string]any, remoteAddr string) (store.Account, error)
	// Unlink removes the identities of a provider.
	Unlink(ctx context.Context, id, provider string) (store.Account, error)
	// Export writes everything stored of the person as JSON. An error before the
	// first byte is account_not_found or internal.
	Export(ctx context.Context, id string, to io.Writer) error
	// Erase deletes the account and ends its sign-ins.
	Erase(ctx context.Context, id string) error
}

// Servers makes game servers for other backends; *served.Service is it.
type Servers interface {
	// Knows reports whether an API key lets in, in constant time.
	Knows(key string) bool
	// Make tells the caller of a server that is ready, or why there is none: errors
	// are served's and the chain's. It returns ctx's error or tell's when he is not told.
	Make(ctx context.Context, c served.Call, tell func(allocation.Server, error) error) error
}

// Hub is what transport needs of the broadcast hub; *broadcast.Hub is it.
type Hub interface {
	// Subscribe lets a socket follow a topic, of which it has seen version since.
	Subscribe(ctx context.Context, t broadcast.Topic, s broadcast.Subscriber, since uint64) error
	// Unsubscribe ends what a socket follows.
	Unsubscribe(ctx context.Context, s broadcast.Subscriber)
}

var (
	_ Lobbies  = (*lobby.Service)(nil)
	_ Matches  = (*match.Service)(nil)
	_ Identity = (*identity.Service)(nil)
	_ Hub      = (*broadcast.Hub)(nil)
	_ Servers  = (*served.Service)(nil)
)
