package transport

import (
	"encoding/json"

	"github.com/muster-gg/muster/core/broadcast"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/wire"
)

// frame encodes a message for sockets of one level.
func frame(m wire.Message, level int) *broadcast.Frame {
	return broadcast.Seal(m.Append(broadcast.Open(256), level))
}

func drainingFrame() *broadcast.Frame {
	return frame(wire.Draining{ReconnectAfterMs: reconnectAfter.Milliseconds()}, wire.Level1)
}

// snapshotFrame is a lobby:updated of a lobby at one version.
func snapshotFrame(s lobby.Snapshot, level int) *broadcast.Frame {
	members := 0
	for range s.Lobby.All {
		members++
	}
	m := wire.LobbyUpdated{Lobby: wireLobby(s, true)}
	f := broadcast.Seal(m.Append(broadcast.Open(512+160*members), level))
	f.Snapshot, f.Version = s.Lobby.ID, s.Version
	return f
}

// wireLobby is a lobby as clients see it; the snapshot's Lobby is not nil.
func wireLobby(s lobby.Snapshot, showCode bool) *wire.Lobby {
	l := s.Lobby
	w := &wire.Lobby{
		ID: l.ID, Code: l.Code, Name: l.Name, OwnerID: l.OwnerID, IsPrivate: l.IsPrivate,
		HasPassword: l.Password != "", ShowCode: showCode, State: string(l.State), Version: s.Version,
		MaxPlayers: l.MaxPlayers, Properties: encodeProperties(l.Properties),
		CreatedAt: l.CreatedAt.UnixMilli(), Teams: make([]wire.LobbyTeam, len(l.Teams)),
	}
	if l.State == lobby.Starting && l.Attempt != nil {
		w.Step = string(l.Attempt.Step)
	}
	for t, team := range l.Teams {
		players := make([]wire.LobbyPlayer, len(team.Players))
		for i, p := range team.Players {
			players[i] = wire.LobbyPlayer{
				AccountID: p.AccountID, Username: p.Username, Ready: p.Ready, Bot: p.Bot, Connected: p.Connected,
			}
		}
		w.Teams[t] = wire.LobbyTeam{Name: team.Name, Size: team.Size, Players: players}
	}
	return w
}

// encodeProperties returns a JSON object with its keys sorted; nil for none.
func encodeProperties(p lobby.Properties) json.RawMessage {
	if len(p) == 0 {
		return nil
	}
	b, err := json.Marshal(p)
	if err != nil {
		return nil // values are valid JSON: they were decoded before they were stored
	}
	return b
}

// wireMatch is a match as its players see it, without a ticket.
func wireMatch(m *lobby.Match, lobbyID string) *wire.MatchData {
	w := &wire.MatchData{
		MatchID: m.ID, LobbyID: lobbyID, StartedAt: m.StartedAt.UnixMilli(), Region: m.Region,
		Server: wire.Server{Address: m.Server.Address, Port: m.Server.Port, Name: m.Server.Name},
		Teams:  make([]wire.MatchTeam, len(m.Teams)),
	}
	for t, team := range m.Teams {
		players := make([]wire.MatchPlayer, len(team.Players))
		for i, p := range team.Players {
			players[i] = wire.MatchPlayer{AccountID: p.AccountID, Username: p.Username}
		}
		w.Teams[t] = wire.MatchTeam{Name: team.Name, Players: players}
	}
	return w
}
