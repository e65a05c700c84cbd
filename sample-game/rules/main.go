// Command rules is the rules of the sample game as a plugin process: what
// sample-game/hooks says in TypeScript, in Go. Both keep the same data.
package main

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
	"github.com/muster-gg/muster/sdk/plugin"
)

// rules serves the points; its fields are the settings of its config block.
type rules struct {
	plugin.Base
	Lines int `setting:"lines" default:"20" doc:"Length of the table of winners."`
}

func main() {
	plugin.Serve(&rules{}, plugin.Info{Name: "sparks-rules", Version: "1.0.0", Doc: "The rules of the sample game."})
}

// AssignTeam wishes the team with the fewest humans.
func (*rules) AssignTeam(_ context.Context, lobby *hook.Lobby, _ *hook.Player) (string, error) {
	wish, fewest := "", 0
	for _, team := range lobby.Teams {
		if n := len(humans(team.Players)); n < int(team.Size) && (wish == "" || n < fewest) {
			wish, fewest = team.Name, n
		}
	}
	return wish, nil
}

// BalanceTeams evens the teams out by what everybody has won so far.
func (*rules) BalanceTeams(ctx context.Context, lobby *hook.Lobby) (*hook.Assignment, error) {
	var all []*hook.Player
	for _, team := range lobby.Teams {
		all = append(all, humans(team.Players)...)
	}
	ratings, err := ratingsOf(ctx, all)
	if err != nil {
		return nil, err
	}
	return fairTeams(lobby, ratings), nil
}

// ValidateStart wants teams of the same size.
func (*rules) ValidateStart(_ context.Context, lobby *hook.Lobby) error {
	var sizes []int
	for _, team := range lobby.Teams {
		sizes = append(sizes, len(team.Players))
	}
	if slices.Min(sizes) != slices.Max(sizes) {
		return hook.Refuse(fmt.Sprintf("Teams of %s are not fair. Add bots, or wait for one more player.", words(sizes)), nil)
	}
	return nil
}

// MatchResult moves the ratings of those who played, and the table of winners.
func (r *rules) MatchResult(ctx context.Context, match *hook.Match, report *hook.Report) (*hook.Report, error) {
	teams := outcomes(match, report)
	var all []*hook.Player
	for _, team := range teams {
		all = append(all, team.players...)
	}
	before, err := ratingsOf(ctx, all)
	if err != nil {
		return nil, err
	}
	news, err := saveResult(ctx, match.Id, teams, newRatings(teams, before))
	if err != nil {
		return nil, err
	}
	if err := addWinners(ctx, news, r.Lines); err != nil {
		return nil, err
	}
	changes := map[string]*structpb.Value{}
	for _, n := range news {
		changes[n.account] = structpb.NewNumberValue(n.Change)
	}
	if report.Properties == nil {
		report.Properties = map[string]*structpb.Value{}
	}
	report.Properties["ratings"] = structpb.NewStructValue(&structpb.Struct{Fields: changes})
	return report, nil
}

// RpcNames are the calls that the page makes.
func (*rules) RpcNames() []string { return []string{"winners"} }

// Rpc answers the table of winners.
func (*rules) Rpc(ctx context.Context, request *hook.RpcRequest) (*hook.RpcResponse, error) {
	if request.Name != "winners" {
		return nil, hook.ErrUnknownRpc
	}
	table, err := winners(ctx)
	if err != nil {
		return nil, err
	}
	lines := make([]any, len(table))
	for i, w := range table {
		lines[i] = map[string]any{"username": w.Username, "rating": w.Rating, "won": float64(w.Won), "played": float64(w.Played)}
	}
	payload, err := structpb.NewValue(map[string]any{"winners": lines})
	return &hook.RpcResponse{Payload: payload}, err
}

func humans(players []*hook.Player) []*hook.Player {
	return slices.DeleteFunc(slices.Clone(players), func(p *hook.Player) bool { return p.Bot })
}
