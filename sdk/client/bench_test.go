package client

import (
	"fmt"
	"strings"
	"testing"
)

func BenchmarkHandleLobby(b *testing.B) {
	player := `{"accountId":"7d3c2a10-5a5e-4f0b-9d57-0c6f5b7a8e11","username":"player","ready":false,"bot":false,"connected":true}`
	for _, members := range []int{4, 100} {
		frame := []byte(`{"type":"lobby:updated","lobby":{"id":"l","version":1,"teams":[{"name":"A","size":100,"players":[` +
			strings.Repeat(player+",", members-1) + player + `]}]}}`)
		for _, skip := range []bool{false, true} {
			b.Run(fmt.Sprintf("members=%d/skip=%v", members, skip), func(b *testing.B) {
				c := &Conn{o: Options{SkipLobbies: skip, OnEvent: func(Event) {}}}
				b.ReportAllocs()
				for b.Loop() {
					c.handle(frame)
				}
			})
		}
	}
}
