package match

import (
	"context"

	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/sdk/hook"
)

// Runner runs a game's hooks; *hooks.Runner is it.
type Runner interface {
	// Pin returns a context whose calls use the hooks of now until release.
	Pin(ctx context.Context) (_ context.Context, release func())
	// Versions names the hooks that calls with ctx use.
	Versions(ctx context.Context) []string
	// ServesIn reports whether any hook serves a point in calls with ctx; it is cheap.
	ServesIn(ctx context.Context, p hook.Point) bool
	BalanceTeams(ctx context.Context, l *hook.Lobby) (*hook.Assignment, error)
	ValidateStart(ctx context.Context, l *hook.Lobby) error
	MatchPayload(ctx context.Context, l *hook.Lobby, p *hook.Payload) (*hook.Payload, error)
	MatchResult(ctx context.Context, m *hook.Match, r *hook.Report) (*hook.Report, error)
}

// HooksOf are the rules that a runner brings: messages are made only for points
// that somebody serves.
func HooksOf(r Runner) Hooks { return ruled{r} }

type ruled struct{ Runner }

var _ Hooks = ruled{}

func (r ruled) WantIdentities(ctx context.Context) bool {
	return r.ServesIn(ctx, hook.PointBalanceTeams) || r.ServesIn(ctx, hook.PointValidateStart)
}

func (r ruled) Balance(ctx context.Context, l *lobby.Lobby, known Identities) ([][]string, error) {
	if !r.ServesIn(ctx, hook.PointBalanceTeams) {
		return nil, nil
	}
	m, err := known.message(l)
	if err != nil {
		return nil, err
	}
	a, err := r.BalanceTeams(ctx, m)
	if err != nil || a == nil {
		return nil, err
	}
	byName := map[string][]string{}
	for _, t := range a.Teams {
		byName[t.Name] = t.AccountIds
	}
	teams := make([][]string, len(l.Teams))
	for i := range l.Teams {
		teams[i] = byName[l.Teams[i].Name]
	}
	return teams, nil
}

func (r ruled) Validate(ctx context.Context, l *lobby.Lobby, known Identities) error {
	if !r.ServesIn(ctx, hook.PointValidateStart) {
		return nil
	}
	m, err := known.message(l)
	if err != nil {
		return err
	}
	return r.ValidateStart(ctx, m)
}

func (r ruled) Payload(ctx context.Context, l *lobby.Lobby, region string) (Addition, error) {
	if !r.ServesIn(ctx, hook.PointMatchPayload) {
		return Addition{}, nil
	}
	m, err := l.Message()
	if err != nil {
		return Addition{}, err
	}
	p, err := r.MatchPayload(ctx, m, &hook.Payload{Region: region})
	if err != nil || p == nil {
		return Addition{}, err
	}
	keys, err := hook.ValuesToJSON(p.Keys)
	return Addition{Keys: keys, Region: p.Region, Provider: p.Provider}, err
}

func (r ruled) Result(ctx context.Context, m *Live, result Result) (Result, error) {
	if !r.ServesIn(ctx, hook.PointMatchResult) {
		return result, nil
	}
	report, err := result.message()
	if err != nil {
		return result, ErrInvalid.With(err)
	}
	if report, err = r.MatchResult(ctx, m.message(), report); err != nil || report == nil {
		return result, err
	}
	return resultOf(report)
}

// message is a live match as hooks see it. Its lobby is the roster at commit.
func (l *Live) message() *hook.Match {
	m := &hook.Match{
		Id: l.ID, StartedAt: l.StartedAt.UnixMilli(), Lobby: &hook.Lobby{Id: l.LobbyID, State: string(lobby.InMatch)},
		Server: &hook.Server{Name: l.Server.Name, Address: l.Server.Address, Port: int32(l.Server.Port)},
	}
	for _, t := range l.Teams {
		team := &hook.Team{Name: t.Name, Size: int32(len(t.Players))}
		for _, p := range t.Players {
			team.Players = append(team.Players, &hook.Player{AccountId: p.AccountID, Username: p.Username, Bot: p.Bot})
		}
		m.Lobby.Teams = append(m.Lobby.Teams, team)
	}
	return m
}

func (r Result) message() (*hook.Report, error) {
	m := &hook.Report{}
	for _, t := range r.Teams {
		m.Teams = append(m.Teams, &hook.TeamResult{Name: t.Name, Rank: int32(t.Rank)})
	}
	var err error
	for _, p := range r.Players {
		player := &hook.PlayerResult{AccountId: p.AccountID, Score: p.Score}
		if player.Stats, err = hook.ValuesFromJSON(p.Stats); err != nil {
			return nil, err
		}
		m.Players = append(m.Players, player)
	}
	m.Properties, err = hook.ValuesFromJSON(r.Properties)
	return m, err
}

func resultOf(m *hook.Report) (Result, error) {
	var r Result
	for _, t := range m.Teams {
		r.Teams = append(r.Teams, TeamResult{Name: t.Name, Rank: int(t.Rank)})
	}
	for _, p := range m.Players {
		stats, err := hook.ValuesToJSON(p.Stats)
		if err != nil {
			return r, err
		}
		r.Players = append(r.Players, PlayerResult{AccountID: p.AccountId, Score: p.Score, Stats: stats})
	}
	properties, err := hook.ValuesToJSON(m.Properties)
	r.Properties = properties
	return r, err
}
