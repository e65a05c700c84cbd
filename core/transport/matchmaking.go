package transport

import (
	"context"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/matchmaking"
	"github.com/muster-gg/muster/core/wire"
)

// Matchmaking lets players search for a match; *matchmaking.Service is it.
type Matchmaking interface {
	// Find begins a search and returns at once; l is told how it goes. It ends with
	// life. Errors are *fault.Error, and l is told nothing then.
	Find(life context.Context, account, queue string, l matchmaking.Listener) error
	// Cancel ends an account's search and returns its listener, which is told no more;
	// nil when nothing was searched.
	Cancel(account string) matchmaking.Listener
	// Missed is the match that was found for an account lately.
	Missed(ctx context.Context, account string) (m matchmaking.Match, found bool)
}

var _ Matchmaking = (*matchmaking.Service)(nil)

// find begins a search. How it goes is said when there is something to say.
func (k *socket) find(replyTo string, b *wire.MatchmakingFind) error {
	err := error(matchmaking.ErrNotEntered)
	if k.game.Matchmaking != nil {
		if err := k.server.limits.search(player{k.Game(), k.Account()}); err != nil {
			return err
		}
		err = k.game.Matchmaking.Find(k.Context(), k.Account(), b.Queue, &seeking{socket: k, replyTo: replyTo})
	}
	if err != nil {
		return k.unmatched(fault.From(err), replyTo)
	}
	return nil
}

// unmatched says why there is no match; an error that is to be told as `error` is returned.
func (k *socket) unmatched(f *fault.Error, replyTo string) error {
	switch f.Code {
	case matchmaking.ErrNotEntered.Code, matchmaking.ErrNoMatch.Code, matchmaking.ErrUnavailable.Code:
		k.say(wire.MatchmakingError{Message: f.Text, ReplyTo: replyTo})
		return nil
	}
	return f
}

// cancelSearch ends the search of the player, whichever of his sockets began it.
func (k *socket) cancelSearch(replyTo string) {
	if l := k.game.cancelSearch(k.Account()); l != nil {
		l.cancelled(k)
	}
	k.say(wire.MatchmakingCancelled{ReplyTo: replyTo})
}

// cancelSearch ends an account's search; nil when nothing was searched.
func (g *game) cancelSearch(account string) *seeking {
	if g.Matchmaking == nil {
		return nil
	}
	l, _ := g.Matchmaking.Cancel(account).(*seeking)
	return l
}

// stopSearching ends the searches of those whose lobby starts: nobody plays in two
// matches.
func (g *game) stopSearching(l *lobby.Lobby) {
	if g.Matchmaking == nil || l == nil {
		return
	}
	for _, p := range l.All {
		if l := g.cancelSearch(p.AccountID); l != nil {
			l.cancelled(nil)
		}
	}
}

// seeking is a socket that searches.
type seeking struct {
	socket  *socket
	replyTo string // until the request is answered
}

var _ matchmaking.Listener = (*seeking)(nil)

// reply is the request's id, once.
func (l *seeking) reply() (id string) {
	id, l.replyTo = l.replyTo, ""
	return id
}

// Searching implements matchmaking.Listener.
func (l *seeking) Searching(ticketID string) {
	l.socket.say(wire.MatchmakingSearching{TicketID: ticketID, ReplyTo: l.reply()})
}

// Found implements matchmaking.Listener. The player's other sockets are told as well.
func (l *seeking) Found(m matchmaking.Match) {
	k := l.socket
	started := wire.MatchStarted{MatchData: foundData(m)}
	for _, o := range k.server.registry.Of(k.Game(), k.Account()) {
		if o.Greeted() {
			o.Send(frame(started, o.Level()))
		}
	}
}

// foundData is a match that was found, as its players see it: the platform knows the
// teams, and its server lets in whom it expects.
func foundData(m matchmaking.Match) *wire.MatchData {
	return &wire.MatchData{
		MatchID: m.ID, StartedAt: m.StartedAt.UnixMilli(), Region: m.Server.Region,
		Server: wire.Server{Address: m.Server.Address, Port: m.Server.Port, Name: m.Server.Name},
	}
}

// missed is the match that was found for an account while its socket went away; nil
// for none.
func (g *game) missed(ctx context.Context, account string) *wire.MatchData {
	if g.Matchmaking == nil {
		return nil
	}
	m, found := g.Matchmaking.Missed(ctx, account)
	if !found {
		return nil
	}
	return foundData(m)
}

// Failed implements matchmaking.Listener.
func (l *seeking) Failed(f *fault.Error) {
	id := l.reply()
	if err := l.socket.unmatched(f, id); err != nil {
		l.socket.sayError(err, id)
	}
}

// cancelled tells the socket that its search is over when another one has ended it,
// or nil, and answers a request that was not answered yet.
func (l *seeking) cancelled(by *socket) {
	if id := l.reply(); id != "" || l.socket != by {
		l.socket.say(wire.MatchmakingCancelled{ReplyTo: id})
	}
}
