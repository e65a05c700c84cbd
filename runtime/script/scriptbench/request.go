package scriptbench

import (
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/sdk/hook"
)

// request is what a point is asked with.
func request(p hook.Point, rpc string) proto.Message {
	m := p.NewRequest()
	fill(m.ProtoReflect())
	switch m := m.(type) {
	case *hook.RpcRequest:
		m.Name = rpc
	case *hook.AllocateRequest:
		m.Game, m.MatchId, m.Payload, m.Timeout = Game, "match-1", "{}", 120_000
	case *hook.ReleaseRequest:
		m.Game, m.MatchId = Game, "match-1"
	case *hook.AuthRequest:
		m.Game, m.Provider, m.RemoteAddress = Game, "test", "192.0.2.1"
		m.Fields = map[string]*structpb.Value{"token": structpb.NewStringValue("token")}
	case *hook.LobbyDraft:
		proto.Merge(m, &hook.LobbyDraft{Name: "Friday night", Owner: player("A", 0)})
	}
	return m
}

// fill sets the fields of a request that have a message of which there is a sample.
func fill(m protoreflect.Message) {
	for i := range m.Descriptor().Fields().Len() {
		fd := m.Descriptor().Fields().Get(i)
		if fd.Kind() != protoreflect.MessageKind || fd.IsList() || fd.IsMap() || fd.ContainingOneof() != nil {
			continue
		}
		if made := sample(m.NewField(fd).Message().Interface()); made != nil {
			m.Set(fd, protoreflect.ValueOfMessage(made.ProtoReflect()))
		}
	}
}

// sample is a message like m with content, nil if there is none.
func sample(m proto.Message) proto.Message {
	switch m.(type) {
	case *hook.Lobby:
		return lobby()
	case *hook.Player:
		return player("A", 0)
	case *hook.Match:
		return &hook.Match{Id: "match-1", Lobby: lobby(), Server: server(), StartedAt: 1_767_225_600_000}
	case *hook.Server:
		return server()
	case *hook.Report:
		return &hook.Report{Teams: []*hook.TeamResult{{Name: "A", Rank: 1}, {Name: "B", Rank: 2}}}
	case *hook.ChatMessage:
		return &hook.ChatMessage{AccountId: player("A", 0).GetAccountId(), Username: "player A0", Text: "good luck, have fun"}
	case *hook.Payload:
		return &hook.Payload{Region: "us-east"}
	}
	return nil
}

func server() *hook.Server {
	return &hook.Server{Name: "arena-1", Address: "192.0.2.7", Port: 21000}
}

// lobby has two teams of five.
func lobby() *hook.Lobby {
	l := &hook.Lobby{
		Id: "7f9c24e8-3b1a-4d5e-9f60-000000000100", Name: "Friday night", State: "starting", OwnerId: player("A", 0).GetAccountId(),
		Properties: map[string]*structpb.Value{"map": structpb.NewStringValue("dust")},
	}
	for _, name := range []string{"A", "B"} {
		team := &hook.Team{Name: name, Size: 5}
		for i := range 5 {
			team.Players = append(team.Players, player(name, i))
		}
		l.Teams = append(l.Teams, team)
	}
	return l
}

func player(team string, i int) *hook.Player {
	return &hook.Player{
		AccountId: fmt.Sprintf("7f9c24e8-3b1a-4d5e-9f60-0000000000%s%d", team, i), Username: fmt.Sprintf("player %s%d", team, i), Ready: true, Connected: true,
		Properties: map[string]*structpb.Value{"rating": structpb.NewNumberValue(float64(1000 + 37*i))},
	}
}
