package hooktest

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/muster-gg/muster/sdk/hook"
)

func balanceCases() []testCase {
	balance := func(lobby *hook.Lobby) proto.Message { return &hook.BalanceTeamsRequest{Lobby: lobby} }
	many := make([]string, 200)
	want := &hook.Assignment{Teams: []*hook.TeamAssignment{{Name: "A"}, {Name: "B"}}}
	for i := range many {
		many[i] = fmt.Sprint("player-", i)
		want.Teams[i%2].AccountIds = append(want.Teams[i%2].AccountIds, many[i])
	}
	return append(moods(false, func(word string) proto.Message { return balance(&hook.Lobby{Name: word}) }), []testCase{
		{name: "two teams", request: balance(twoTeams("", []string{"a1", "ä2", "a3"}, []string{"b1"})), want: answers(&hook.Assignment{Teams: []*hook.TeamAssignment{
			{Name: "A", AccountIds: []string{"a1", "a3"}}, {Name: "B", AccountIds: []string{"ä2", "b1"}},
		}})},
		{name: "a team without a name or a player", request: balance(&hook.Lobby{Teams: []*hook.Team{{Name: "A"}, {}}}), want: answers(&hook.Assignment{
			Teams: []*hook.TeamAssignment{{Name: "A"}, {}},
		})},
		{name: "many players", request: balance(twoTeams("", many, nil)), want: answers(want)},
		{name: "no team", request: balance(&hook.Lobby{}), want: nothing()},
		{name: "no answer", request: balance(twoTeams("nothing", []string{"a1"}, nil)), want: nothing()},
		{name: "an empty answer", request: balance(twoTeams("empty", []string{"a1"}, nil)), want: nothing()},
	}...)
}

func validateCases() []testCase {
	start := func(name string, b ...string) proto.Message {
		return &hook.ValidateStartRequest{Lobby: twoTeams(name, []string{"a1"}, b)}
	}
	yes := answers(&hook.Decision{Allow: true})
	return append(moods(true, func(word string) proto.Message { return start(word) }), []testCase{
		{name: "allowed", request: start("", "b1"), want: yes},
		{name: "refused for all and for one", request: start(""), want: refuses(&hook.Refusal{
			Reason: "team B is empty", PlayerReasons: map[string]string{"a1": "wait"},
		})},
		{name: "true", request: start("yes"), want: yes},
		{name: "false", request: start("no"), want: refuses(&hook.Refusal{})},
		{name: "a decision for it", request: start("decide yes"), want: yes},
		{name: "a decision against it", request: start("decide no"), want: refuses(&hook.Refusal{
			Reason: "decided", PlayerReasons: map[string]string{"a1": "by you"},
		})},
		{name: "no answer allows", request: start("nothing"), want: yes},
		{name: "no team", request: &hook.ValidateStartRequest{Lobby: &hook.Lobby{}}, want: yes},
	}...)
}

func payloadCases() []testCase {
	add := func(region string, lobby *hook.Lobby) proto.Message {
		return &hook.MatchPayloadRequest{Lobby: lobby, Payload: &hook.Payload{
			Region: region, Provider: "größe", Keys: fields(map[string]any{"mode": "ctf", "lobby": "replaced", "2": 2}),
		}}
	}
	whole := func(lobby *hook.Lobby) outcome {
		keys := fields(map[string]any{"mode": "ctf", "2": 2})
		keys["lobby"] = view(lobby)
		return answers(&hook.Payload{Keys: keys, Region: "us-1", Provider: "größe"})
	}
	return append(moods(true, func(word string) proto.Message { return add(word, &hook.Lobby{}) }), []testCase{
		{name: "every field of a lobby", request: add("us", fullLobby("Friday")), want: whole(fullLobby("Friday"))},
		{name: "no field of a lobby", request: add("us", &hook.Lobby{}), want: whole(&hook.Lobby{})},
		{name: "no field", request: &hook.MatchPayloadRequest{Lobby: &hook.Lobby{}, Payload: &hook.Payload{}}, want: answers(&hook.Payload{
			Region: "-1", Keys: fields(map[string]any{"lobby": map[string]any{"id": "", "name": "", "ownerId": "", "state": "", "properties": map[string]any{}, "teams": []any{}}}),
		})},
		{name: "a region only", request: add("only", &hook.Lobby{}), want: answers(&hook.Payload{Region: "eu-central"})},
		{name: "no answer", request: add("nothing", &hook.Lobby{}), want: nothing()},
	}...)
}

func resultCases() []testCase {
	report := func() *hook.Report {
		return &hook.Report{
			Teams: []*hook.TeamResult{{Name: "A", Rank: 1}, {Name: "B", Rank: 2}, {}},
			Players: []*hook.PlayerResult{
				{AccountId: "a1", Score: proto.Float64(-0.5), Stats: fields(map[string]any{"kills": 3, "x": nil})},
				{AccountId: "ä2", Score: proto.Float64(0)}, {AccountId: "a3"},
			},
			Properties: deepValues(),
		}
	}
	changed := report()
	changed.Players[0].Score, changed.Players[1].Score = proto.Float64(0.5), proto.Float64(1)
	changed.Players[0].Stats["stats"] = value(2)
	changed.Players[1].Stats, changed.Players[2].Stats = fields(map[string]any{"stats": 0}), fields(map[string]any{"stats": 0})
	changed.Properties["server"], changed.Properties["startedAt"] = value("srv 2001:db8::1:65535"), value(1<<53-1)
	amend := func(match *hook.Match, report *hook.Report) proto.Message {
		return &hook.MatchResultRequest{Match: match, Report: report}
	}
	return append(moods(true, func(word string) proto.Message { return amend(&hook.Match{Id: word}, report()) }), []testCase{
		{name: "every field", request: amend(fullMatch("m1"), report()), want: answers(changed)},
		{name: "no field", request: amend(&hook.Match{}, &hook.Report{}), want: answers(&hook.Report{
			Properties: fields(map[string]any{"server": nil, "startedAt": 0}),
		})},
		{name: "a time before 1970, an empty server", request: amend(&hook.Match{StartedAt: -(1<<53 - 1), Server: &hook.Server{}}, &hook.Report{}), want: answers(&hook.Report{
			Properties: fields(map[string]any{"server": " :0", "startedAt": -(1<<53 - 1)}),
		})},
		{name: "answered as it is", request: amend(&hook.Match{Id: "whole"}, report()), want: answers(report())},
		{name: "no answer", request: amend(&hook.Match{Id: "nothing"}, report()), want: nothing()},
	}...)
}

func matchmakingCases() []testCase {
	ticket := func(id string, latencies map[string]float64, ids ...string) *hook.Ticket {
		return &hook.Ticket{Id: id, Players: players(ids...), Latencies: latencies, Properties: fields(map[string]any{"skill": 1200.5, "modes": []any{"ctf"}}), CreatedAt: 1<<53 - 1}
	}
	queue := func(mode string, teams ...*hook.Team) *hook.Queue {
		return &hook.Queue{Game: Game, Name: "ranked", Mode: mode, Now: 1740000000000, Teams: teams, Tickets: []*hook.Ticket{
			ticket("t1", map[string]float64{"us": 80.5, "eu": 20.25, "asia": 20.25}, "a1", "a2"), ticket("t2", nil, "b1"), ticket("t3", nil), ticket("t4", nil, "c1"), ticket("t5", nil, "d1"),
		}}
	}
	return append(moods(true, func(word string) proto.Message { return &hook.Queue{Mode: word} }), []testCase{
		{name: "two by two", request: queue("", team("A", 2), team("B", 2)), want: answers(&hook.Proposals{Proposals: []*hook.Proposal{
			{TicketIds: []string{"t1", "t2"}, Region: "asia", Teams: &hook.Assignment{Teams: []*hook.TeamAssignment{
				{Name: "A", AccountIds: []string{"a1", "a2"}}, {Name: "B", AccountIds: []string{"b1"}},
			}}},
			{TicketIds: []string{"t3", "t4"}, Teams: &hook.Assignment{Teams: []*hook.TeamAssignment{{Name: "A"}, {Name: "B", AccountIds: []string{"c1"}}}}},
		}})},
		{name: "without teams", request: queue("", team("A", 2)), want: answers(&hook.Proposals{Proposals: []*hook.Proposal{
			{TicketIds: []string{"t1", "t2"}, Region: "asia"}, {TicketIds: []string{"t3", "t4"}},
		}})},
		{name: "nobody waits", request: &hook.Queue{Game: Game}, want: nothing()},
		{name: "no answer", request: queue("nothing"), want: nothing()},
		{name: "an empty answer", request: queue("empty"), want: nothing()},
	}...)
}
