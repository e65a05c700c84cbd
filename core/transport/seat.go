package transport

import (
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/wire"
)

// The callbacks of this file run after a change was saved and before anybody is
// told of it. They queue and subscribe; they never wait.

// welcome is the commit of Connect: the greeting, then what the player missed,
// then the lobby's news from the version on that he has been shown. He sees none
// of it before the socket follows the lobby: chat has no version to catch up by.
// missed is the match of a player without a lobby; nil for none.
func (k *socket) welcome(ret lobby.Return, missed *wire.MatchData) {
	k.Cork()
	defer k.Uncork()
	hello := wire.Connected{AccountID: k.Account(), Username: k.Username()}
	if l := ret.Lobby; l != nil {
		hello.Lobby = wireLobby(ret.Snapshot, true)
		if l.State == lobby.InMatch && l.Match != nil {
			hello.MatchData = wireMatch(l.Match, l.ID)
			hello.MatchData.Ticket = k.game.Matches.Ticket(l.Match, k.Account())
		}
	}
	if ret.Lobby == nil {
		hello.MatchData = missed
	}
	k.say(hello)
	for _, n := range ret.Notices {
		if n.Code == "" {
			k.say(wire.MatchEnded{MatchID: n.MatchID, Result: n.Result})
		} else {
			k.say(wire.MatchFailed{LobbyID: n.LobbyID, MatchID: n.MatchID, Code: n.Code, Message: n.Text})
		}
	}
	k.Greet()
	if ret.Lobby != nil {
		k.server.subscribe(k.Session, ret.Lobby.ID, ret.Version)
	}
}

// created is the commit of Create. The socket moves first: nothing of the lobby
// that the player has left may come after lobby:created, and the new one is told
// to nobody before this returns.
func (k *socket) created(replyTo string) func(lobby.Snapshot) {
	return func(s lobby.Snapshot) {
		k.follow(s, s.Version)
		k.say(wire.LobbyCreated{Lobby: wireLobby(s, true), ReplyTo: replyTo})
	}
}

// joined is the commit of Join: the sockets see the join itself by the broadcast.
func (k *socket) joined(s lobby.Snapshot) { k.follow(s, s.Version-1) }

// follow subscribes this socket to a lobby of which it has seen version since,
// and the account's other sockets so that they are told the current one.
func (k *socket) follow(s lobby.Snapshot, since uint64) {
	if s.Lobby == nil {
		return // gone again within the same write
	}
	for _, o := range k.server.registry.Of(k.Game(), k.Account()) {
		switch {
		case o == k.Session:
			k.server.subscribe(o, s.Lobby.ID, since)
		case o.Greeted():
			k.server.subscribe(o, s.Lobby.ID, s.Version-1)
		}
	}
}

// left is the commit of Leave.
func (k *socket) left(replyTo string) func(lobby.Snapshot) {
	return func(lobby.Snapshot) {
		for _, o := range k.server.registry.Of(k.Game(), k.Account()) {
			k.server.hub.Unsubscribe(k.server.ctx, o)
			switch {
			case o == k.Session:
				k.say(wire.LobbyLeft{ReplyTo: replyTo})
			case o.Greeted():
				o.Send(frame(wire.LobbyLeft{}, o.Level()))
			}
		}
	}
}
