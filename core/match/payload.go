package match

import (
	"encoding/json"
	"maps"

	"github.com/muster-gg/muster/core/lobby"
)

// launch is the launch payload that a game server receives (see "The launch
// payload and results" of the protocol).
type launch struct {
	MatchID     string             `json:"matchId"`
	LobbyID     string             `json:"lobbyId"`
	Game        string             `json:"game"`
	Region      string             `json:"region"`
	Players     []string           `json:"players"`
	TeamA       []string           `json:"teamA"`
	TeamB       []string           `json:"teamB"`
	Teams       []lobby.RosterTeam `json:"teams"`
	Properties  lobby.Properties   `json:"properties"`
	ResultURL   string             `json:"resultUrl"`
	ResultToken string             `json:"resultToken"`
	TicketKey   string             `json:"ticketKey"`
}

// newLaunch is the payload of an attempt but for its resultUrl.
func (s *Service) newLaunch(l *lobby.Lobby, matchID, region string) launch {
	p := launch{
		MatchID: matchID, LobbyID: l.ID, Game: s.game, Region: region,
		Players: []string{}, TeamA: []string{}, TeamB: []string{},
		Teams: l.Roster(), Properties: l.Properties,
		ResultToken: s.signer.resultToken(matchID), TicketKey: s.signer.ticketKey(matchID),
	}
	if p.Properties == nil {
		p.Properties = lobby.Properties{}
	}
	for i, team := range p.Teams {
		for _, member := range team.Players {
			p.Players = append(p.Players, member.AccountID)
			switch i {
			case 0:
				p.TeamA = append(p.TeamA, member.AccountID)
			case 1:
				p.TeamB = append(p.TeamB, member.AccountID)
			}
		}
	}
	return p
}

// render returns the payload as JSON, with the keys that hooks added. Ours win:
// a hook adds keys, it does not replace what the game server relies on.
func (p launch) render(resultURL string, extra map[string]json.RawMessage) ([]byte, error) {
	p.ResultURL = resultURL
	own, err := json.Marshal(p)
	if err != nil || len(extra) == 0 {
		return own, err
	}
	all := maps.Clone(extra)
	if err := json.Unmarshal(own, &all); err != nil {
		return nil, err
	}
	return json.Marshal(all)
}
