package match

import (
	"encoding/json"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/sdk/hook"
)

// Events is told what happened in matches, each at most once: a start's server
// before the players are told of it, an end after it was recorded. It must not
// block. That a match has started is told by its lobby.
type Events interface {
	// Wanted reports whether anybody listens. It is cheap.
	Wanted() bool
	// ServerReady: a provider gave a server for a start.
	ServerReady(matchID, lobbyID string, s allocation.Server)
	// PlayerConnected: a player of the roster is on the match's server.
	PlayerConnected(matchID, accountID string)
	// MatchEnded: the match is over; its result is nil when none came.
	MatchEnded(m *Live, result *Result, code string)
}

// Emitter tells hooks what happened; *hooks.Runner is it.
type Emitter interface {
	// Serves reports whether any hook serves a point; it is cheap.
	Serves(p hook.Point) bool
	// Emit never waits.
	Emit(event *hook.Event)
}

// EventsOf tells the hooks of an emitter.
func EventsOf(e Emitter) Events { return emitted{e} }

type emitted struct{ Emitter }

var _ Events = emitted{}

func (e emitted) Wanted() bool { return e.Serves(hook.PointEvents) }

func (e emitted) ServerReady(matchID, lobbyID string, s allocation.Server) {
	e.Emit(&hook.Event{Kind: &hook.Event_ServerReady{ServerReady: &hook.ServerReady{
		MatchId: matchID, LobbyId: lobbyID, Provider: s.Provider, Region: s.Region,
		Server: &hook.Server{Name: s.Name, Address: s.Address, Port: int32(s.Port)},
	}}})
}

func (e emitted) PlayerConnected(matchID, accountID string) {
	e.Emit(&hook.Event{Kind: &hook.Event_PlayerConnected{PlayerConnected: &hook.PlayerConnected{MatchId: matchID, AccountId: accountID}}})
}

func (e emitted) MatchEnded(m *Live, result *Result, code string) {
	ended := &hook.MatchEnded{Match: m.message(), Code: code}
	if result != nil {
		report, err := result.message()
		if err != nil {
			return // it was read before it was stored
		}
		ended.Report = report
	}
	e.Emit(&hook.Event{Kind: &hook.Event_MatchEnded{MatchEnded: ended}})
}

func (s *Service) listened() bool { return s.events != nil && s.events.Wanted() }

// tellEnd tells of a match's recorded end what the record says: it names nobody
// who was erased meanwhile.
func (s *Service) tellEnd(live *Live, stands store.Match) error {
	if !s.listened() {
		return nil
	}
	m := *live
	m.Teams = []lobby.RosterTeam{}
	if err := json.Unmarshal(stands.Roster, &m.Teams); err != nil {
		return err
	}
	var result *Result
	if stands.Result != nil {
		result = new(Result)
		if err := json.Unmarshal(stands.Result, result); err != nil {
			return err
		}
	}
	s.events.MatchEnded(&m, result, stands.Code)
	return nil
}
