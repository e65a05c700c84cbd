//go:build linux

package process

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
)

// lie is how a hostile plugin answers one call, and what the server is to make of it.
type lie struct {
	point hook.Point
	// code is that of the failure; empty: the answer counts.
	code string
	// counted is the code under which it is counted; empty: it is not an answer.
	counted string
	tell    func(stream grpc.ServerStream) error
}

// says is a lie in one message.
func says(p hook.Point, code string, m proto.Message) lie {
	return lie{p, code, code, func(s grpc.ServerStream) error { return s.SendMsg(m) }}
}

// raw is a lie in bytes.
func raw(p hook.Point, code string, data []byte) lie {
	return lie{p, code, code, func(s grpc.ServerStream) error {
		m := &emptypb.Empty{}
		m.ProtoReflect().SetUnknown(data)
		return s.SendMsg(m)
	}}
}

// ends is a lie in the status alone.
func ends(p hook.Point, code, counted string, err error) lie {
	return lie{p, code, counted, func(grpc.ServerStream) error { return err }}
}

func value(v any) *structpb.Value {
	made, err := structpb.NewValue(v)
	if err != nil {
		panic(err)
	}
	return made
}

func nested(n int) *structpb.Value {
	v := structpb.NewNullValue()
	for range n {
		v = structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{v}})
	}
	return v
}

func detailed(code codes.Code, typeURL string, data []byte) error {
	s := status.New(code, "no").Proto()
	s.Details = []*anypb.Any{{TypeUrl: typeURL, Value: data}}
	return status.FromProto(s).Err()
}

// tooLate answers after its deadline, whatever that was.
func tooLate(s grpc.ServerStream) error {
	<-s.Context().Done()
	<-time.After(10 * time.Millisecond)
	return s.SendMsg(&hook.AssignTeamResponse{Team: "A"})
}

// lies by their names.
func lies() map[string]lie {
	long, huge := strings.Repeat("x", 1000), strings.Repeat("x", 70<<10)
	teams := func(t ...*hook.TeamAssignment) *hook.Assignment { return &hook.Assignment{Teams: t} }
	team := func(name string, ids ...string) *hook.TeamAssignment {
		return &hook.TeamAssignment{Name: name, AccountIds: ids}
	}
	properties := func(v *structpb.Value) map[string]*structpb.Value { return map[string]*structpb.Value{"k": v} }
	ranks := []*hook.TeamResult{{Name: "A", Rank: 1}, {Name: "B", Rank: 2}}
	many := map[string]string{}
	for n := range 100 {
		many[fmt.Sprint(n)] = ""
	}
	refusal, err := proto.Marshal(&hook.Refusal{Reason: long, PlayerReasons: map[string]string{"stranger": "you"}})
	if err != nil {
		panic(err)
	}
	const refusalType = "type.googleapis.com/muster.v1.Refusal"
	all := map[string]lie{
		"wrong team": says(hook.PointAssignTeam, "unknown_team", &hook.AssignTeamResponse{Team: "Z"}),

		"unknown player": says(hook.PointBalanceTeams, "unknown_player", teams(team("A", "a1", "stranger"), team("B", "b1"))),
		"player twice":   says(hook.PointBalanceTeams, "player_twice", teams(team("A", "a1"), team("B", "a1"))),
		"missing player": says(hook.PointBalanceTeams, "missing_player", teams(team("A", "a1"))),
		"no such team":   says(hook.PointBalanceTeams, "unknown_team", teams(team("Z", "a1", "b1"))),
		"oversize team":  says(hook.PointBalanceTeams, "team_full", teams(team("A", "a1", "b1", "a1"))),

		"no subject":         says(hook.PointAuthenticate, "no_subject", &hook.Identity{Username: "Mallory"}),
		"long subject":       says(hook.PointAuthenticate, "too_long", &hook.Identity{Subject: long}),
		"control in subject": says(hook.PointAuthenticate, "bad_text", &hook.Identity{Subject: "a\x00"}),
		"other provider":     says(hook.PointAuthenticate, "bad_provider", &hook.Identity{Subject: "1", Provider: "steam"}),
		"long username":      says(hook.PointAuthenticate, "bad_username", &hook.Identity{Subject: "1", Username: long}),
		"avatar no url":      says(hook.PointAuthenticate, "bad_avatar", &hook.Identity{Subject: "1", AvatarUrl: "javascript:alert(1)"}),
		"many vars":          says(hook.PointAuthenticate, "too_many", &hook.Identity{Subject: "1", Vars: many}),
		"large vars":         says(hook.PointAuthenticate, "too_large", &hook.Identity{Subject: "1", Vars: map[string]string{"k": huge}}),

		"long name":        says(hook.PointBeforeLobbyCreate, "too_long", &hook.LobbyDraft{Name: long}),
		"no players":       says(hook.PointBeforeLobbyCreate, "bad_max_players", &hook.LobbyDraft{MaxPlayers: new(int32)}),
		"not a number":     says(hook.PointBeforeLobbyCreate, "bad_value", &hook.LobbyDraft{Properties: properties(value(math.NaN()))}),
		"infinity":         says(hook.PointBeforeLobbyJoin, "bad_value", &hook.Player{Properties: properties(value(math.Inf(1)))}),
		"deep":             says(hook.PointBeforeLobbyJoin, "bad_value", &hook.Player{Properties: properties(nested(4000))}),
		"deeper than deep": says(hook.PointBeforeLobbyJoin, "malformed", &hook.Player{Properties: properties(nested(40000))}),
		"large properties": says(hook.PointBeforeLobbyJoin, "too_large", &hook.Player{Properties: properties(value(huge))}),
		"long line":        says(hook.PointBeforeChat, "too_long", &hook.ChatMessage{Text: long}),
		"turned line":      says(hook.PointBeforeChat, "bad_text", &hook.ChatMessage{Text: "a\u202eb"}),

		"reserved key":  says(hook.PointMatchPayload, "reserved_key", &hook.Payload{Keys: map[string]*structpb.Value{"ticketKey": value("mine")}}),
		"large payload": says(hook.PointMatchPayload, "too_large", &hook.Payload{Keys: properties(value(huge))}),
		"strange team":  says(hook.PointMatchResult, "bad_team", &hook.Report{Teams: []*hook.TeamResult{{Name: "Z", Rank: 1}}}),
		"strange player": says(hook.PointMatchResult, "bad_player", &hook.Report{
			Teams: ranks, Players: []*hook.PlayerResult{{AccountId: "stranger"}},
		}),
		"endless score": says(hook.PointMatchResult, "bad_score", &hook.Report{
			Teams: ranks, Players: []*hook.PlayerResult{{AccountId: "a1", Score: new(math.Inf(-1))}},
		}),

		"port 0":          says(hook.PointAllocate, "bad_server", &hook.Server{Address: "10.0.0.1"}),
		"port 65536":      says(hook.PointAllocate, "bad_server", &hook.Server{Address: "10.0.0.1", Port: 65536}),
		"no address":      says(hook.PointAllocate, "bad_server", &hook.Server{Address: "not a host", Port: 1}),
		"address of line": says(hook.PointAllocate, "bad_server", &hook.Server{Address: "example.org\r\n", Port: 1}),
		"control in name": says(hook.PointAllocate, "bad_text", &hook.Server{Name: "a\x1b", Address: "10.0.0.1", Port: 1}),
		"no server":       says(hook.PointAllocate, "no_answer", &hook.Server{}),

		"large result": says(hook.PointRpc, "too_large", &hook.RpcResponse{Payload: value(huge)}),
		"deep result":  says(hook.PointRpc, "bad_value", &hook.RpcResponse{Payload: nested(40)}),
		"100 MB": {hook.PointRpc, "too_large", "too_large", func(s grpc.ServerStream) error {
			return s.SendMsg(&hook.AssignTeamResponse{Team: strings.Repeat("x", 100<<20)})
		}},

		"no UTF-8":          raw(hook.PointAssignTeam, "malformed", []byte{0x0a, 1, 0xff}),
		"garbage":           raw(hook.PointAssignTeam, "malformed", []byte{0xff, 0xff, 0xff}),
		"cut off":           raw(hook.PointAssignTeam, "malformed", []byte{0x0a, 100, 'A'}),
		"another type":      raw(hook.PointAssignTeam, "malformed", []byte{0x0b}),
		"no message":        ends(hook.PointAssignTeam, "malformed", "malformed", nil),
		"refusal of rubble": ends(hook.PointValidateStart, "malformed", "malformed", detailed(codes.FailedPrecondition, refusalType, []byte{0xff})),
		"unknown detail":    ends(hook.PointValidateStart, "malformed", "malformed", detailed(codes.FailedPrecondition, "type.googleapis.com/none", nil)),
		"outage of rubble":  ends(hook.PointValidateStart, "malformed", "malformed", detailed(codes.Unavailable, "type.googleapis.com/muster.v1.Outage", []byte{0xff})),
		"may not refuse":    ends(hook.PointAssignTeam, "may_not_refuse", "may_not_refuse", detailed(codes.FailedPrecondition, refusalType, refusal)),
		"not a refusal":     ends(hook.PointValidateStart, "error", "", status.Error(codes.FailedPrecondition, "no")),
		"code of its own":   ends(hook.PointValidateStart, "error", "", status.Error(12345, "what")),
		"long story":        ends(hook.PointValidateStart, "error", "", status.Error(codes.Unknown, strings.Repeat("\xff story", 10<<10))),
		"not found":         ends(hook.PointValidateStart, "error", "", status.Error(codes.NotFound, "")),
		"gone":              ends(hook.PointValidateStart, "error", "", status.Error(codes.Canceled, "")),
		"two messages": {hook.PointAssignTeam, "malformed", "malformed", func(s grpc.ServerStream) error {
			return errors.Join(s.SendMsg(&hook.AssignTeamResponse{Team: "A"}), s.SendMsg(&hook.AssignTeamResponse{Team: "A"}))
		}},
		"large trailer": {hook.PointAssignTeam, "malformed", "malformed", func(s grpc.ServerStream) error {
			s.SetTrailer(metadata.Pairs("x", strings.Repeat("x", 2<<20)))
			return s.SendMsg(&hook.AssignTeamResponse{Team: "A"})
		}},
		"late": {hook.PointAssignTeam, "timeout", "", tooLate},
	}
	return all
}
