package wire

import (
	"fmt"
	"testing"
)

// frames are one message of each kind.
var frames = []string{
	`{"type":"ping","id":"17"}`,
	`{"type":"lobby:create","id":"17","isPrivate":true,"name":"Friday night","maxPlayers":8,"properties":{"map":"dust","rounds":5}}`,
	`{"type":"lobby:join","id":"17","code":"123456"}`,
	`{"type":"lobby:leave","id":"17"}`,
	`{"type":"rpc","id":"17","name":"winners","payload":{"limit":10, "of": ["a", null]}}`,
	`{"type":"lobby:ready","id":"17","ready":true}`,
	`{"type":"lobby:start","id":"17","region":"us-east"}`,
	`{"type":"lobby:cancel-start","id":"17"}`,
	`{"type":"lobby:fill-bots","id":"17","perTeam":3}`,
	`{"type":"lobby:team","id":"17","team":"B"}`,
	`{"type":"lobby:update","id":"17","name":"Saturday","password":null,"properties":{"map":null}}`,
	`{"type":"lobby:kick","id":"17","accountId":"7d3c2a10-5a5e-4f0b-9d57-0c6f5b7a8e11"}`,
	`{"type":"lobby:promote","id":"17","accountId":"7d3c2a10-5a5e-4f0b-9d57-0c6f5b7a8e11"}`,
	`{"type":"lobby:chat","id":"17","text":"good luck, have fun \ud83d\ude00"}`,
	`{"type":"latency","id":"17","regions":{"us-east":31,"us-west":88,"eu-central":104}}`,
	`{"type":"matchmaking:find","id":"17","queue":"ranked"}`,
	`{"type":"matchmaking:cancel","id":"17"}`,
}

func BenchmarkDecode(b *testing.B) {
	for _, frame := range frames {
		raw := []byte(frame)
		req, err := Decode(raw)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(req.Type, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				if _, err := Decode(raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func bigLobby(members int) *Lobby {
	l := sampleLobby(2)
	for i := range l.Teams {
		l.Teams[i].Players = nil
		for j := range members / 2 {
			l.Teams[i].Players = append(l.Teams[i].Players, LobbyPlayer{
				AccountID: fmt.Sprintf("7d3c2a10-5a5e-4f0b-9d57-%012d", i*1000+j), Username: fmt.Sprintf("player-%d", j), Connected: true,
			})
		}
	}
	return l
}

func BenchmarkAppendLobby(b *testing.B) {
	for _, members := range []int{4, 100} {
		for _, level := range []int{Level1, Level2} {
			b.Run(fmt.Sprintf("members=%d/level=%d", members, level), func(b *testing.B) {
				m := LobbyUpdated{bigLobby(members)}
				buf := m.Append(nil, level)
				b.SetBytes(int64(len(buf)))
				b.ReportAllocs()
				for b.Loop() {
					buf = m.Append(buf[:0], level)
				}
			})
		}
	}
}

func BenchmarkAppendMatchStarted(b *testing.B) {
	head := MatchStarted{sampleMatch(2)}.AppendHead(nil, Level2)
	buf := AppendMatchStarted(nil, head, sampleMatch(2).Ticket)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendMatchStarted(buf[:0], head, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhLTEifQ.c2lnbmF0dXJl")
	}
}
