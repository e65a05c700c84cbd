package hooktest

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
)

// BalanceTeams deals the players out one by one.
func (Rules) BalanceTeams(ctx context.Context, lobby *hook.Lobby) (*hook.Assignment, error) {
	if err := mood(ctx, lobby.GetName()); err != nil {
		return nil, err
	}
	switch lobby.GetName() {
	case "nothing":
		return nil, nil
	case "empty":
		return &hook.Assignment{}, nil
	}
	answer := &hook.Assignment{}
	for _, team := range lobby.GetTeams() {
		answer.Teams = append(answer.Teams, &hook.TeamAssignment{Name: team.GetName()})
	}
	n := 0
	for _, team := range lobby.GetTeams() {
		for _, p := range team.GetPlayers() {
			to := answer.Teams[n%len(answer.Teams)]
			to.AccountIds = append(to.AccountIds, p.GetAccountId())
			n++
		}
	}
	return answer, nil
}

// ValidateStart wants a player in every team. Scripts say yes and no in more than
// one way, for Go those are the same.
func (Rules) ValidateStart(ctx context.Context, lobby *hook.Lobby) error {
	if err := mood(ctx, lobby.GetName()); err != nil {
		return err
	}
	switch lobby.GetName() {
	case "yes", "nothing", "decide yes":
		return nil
	case "no":
		return hook.Refuse("", nil)
	case "decide no":
		return hook.Refuse("decided", map[string]string{lobby.GetOwnerId(): "by you"})
	}
	for _, team := range lobby.GetTeams() {
		if len(team.GetPlayers()) == 0 {
			return hook.Refuse("team "+team.GetName()+" is empty", map[string]string{lobby.GetOwnerId(): "wait"})
		}
	}
	return nil
}

// MatchPayload adds the whole lobby.
func (Rules) MatchPayload(ctx context.Context, lobby *hook.Lobby, payload *hook.Payload) (*hook.Payload, error) {
	if err := mood(ctx, payload.GetRegion()); err != nil {
		return nil, err
	}
	switch payload.GetRegion() {
	case "nothing":
		return nil, nil
	case "only":
		return &hook.Payload{Region: "eu-central"}, nil
	}
	return &hook.Payload{
		Keys:     with(payload.GetKeys(), "lobby", view(lobby)),
		Region:   payload.GetRegion() + "-1",
		Provider: payload.GetProvider(),
	}, nil
}

// MatchResult adds a point to every score and notes the match.
func (Rules) MatchResult(ctx context.Context, match *hook.Match, report *hook.Report) (*hook.Report, error) {
	if err := mood(ctx, match.GetId()); err != nil {
		return nil, err
	}
	switch match.GetId() {
	case "nothing":
		return nil, nil
	case "whole":
		return copied(report), nil
	}
	answer := copied(report)
	for _, p := range answer.Players {
		if p.Score != nil {
			p.Score = proto.Float64(p.GetScore() + 1)
		}
		p.Stats = with(p.GetStats(), "stats", structpb.NewNumberValue(float64(len(p.GetStats()))))
	}
	server := structpb.NewNullValue()
	if match.GetServer() != nil {
		server = structpb.NewStringValue(fmt.Sprintf("%s %s:%d", match.GetServer().GetName(), match.GetServer().GetAddress(), match.GetServer().GetPort()))
	}
	answer.Properties = with(answer.GetProperties(), "server", server)
	answer.Properties["startedAt"] = structpb.NewNumberValue(float64(match.GetStartedAt()))
	return answer, nil
}

// MakeMatches puts two tickets at a time against each other, in the region that is
// nearest to the first.
func (Rules) MakeMatches(ctx context.Context, queue *hook.Queue) (*hook.Proposals, error) {
	if err := mood(ctx, queue.GetMode()); err != nil {
		return nil, err
	}
	switch queue.GetMode() {
	case "nothing":
		return nil, nil
	case "empty":
		return &hook.Proposals{}, nil
	}
	answer := &hook.Proposals{}
	for waiting := queue.GetTickets(); len(waiting) >= 2; waiting = waiting[2:] {
		proposal := &hook.Proposal{TicketIds: []string{waiting[0].GetId(), waiting[1].GetId()}, Region: nearest(waiting[0].GetLatencies())}
		if len(queue.GetTeams()) >= 2 {
			proposal.Teams = &hook.Assignment{}
			for i, ticket := range waiting[:2] {
				team := &hook.TeamAssignment{Name: queue.GetTeams()[i].GetName()}
				for _, p := range ticket.GetPlayers() {
					team.AccountIds = append(team.AccountIds, p.GetAccountId())
				}
				proposal.Teams.Teams = append(proposal.Teams.Teams, team)
			}
		}
		answer.Proposals = append(answer.Proposals, proposal)
	}
	return answer, nil
}

func nearest(latencies map[string]float64) string {
	best := ""
	for region, ms := range latencies {
		if best == "" || ms < latencies[best] || ms == latencies[best] && region < best {
			best = region
		}
	}
	return best
}
