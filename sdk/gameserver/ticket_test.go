package gameserver

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestCheckTicketUsesThePayloadThatWasLastRead(t *testing.T) {
	f := newFake(samplePayload(vectorID, ""))
	s := connect(t, f)
	c := strings.Replace(goodClaims, "1800007200", "4000000000", 1)
	ticket := sign(vectorKey, goodHeader, c)
	_, err := s.CheckTicket(ticket)
	wantErr(t, err, ErrNoPayload)
	if _, err := s.Payload(t.Context()); err != nil {
		t.Fatal(err)
	}
	p, err := s.CheckTicket(ticket)
	want := Player{AccountID: "acc-1", Name: "Zoë 🎮", Team: "Red", Expires: time.Unix(4000000000, 0)}
	if err != nil || p != want {
		t.Errorf("player is %+v, %v", p, err)
	}
	// The next match of a warm server has other tickets.
	f.setPayload(samplePayload("next", ""))
	if _, err := s.WaitPayload(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = s.CheckTicket(ticket)
	wantErr(t, err, ErrTicketOtherMatch)
}

// Whatever was signed comes back, for its own match, game and key alone.
func TestTicketProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string { return rapid.StringN(1, 40, 80).Draw(t, name) }
		key := base64.RawURLEncoding.EncodeToString(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "key"))
		p := &Payload{MatchID: text("match"), Game: text("game"), TicketKey: key}
		sub, name, team := text("sub"), text("name"), text("team")
		claims, err := json.Marshal(map[string]any{
			"iss": "muster", "aud": p.Game, "sub": sub, "mid": p.MatchID, "name": name, "team": team, "exp": 2000,
		})
		if err != nil {
			t.Fatal(err)
		}
		token := sign(key, goodHeader, string(claims))
		now := time.Unix(rapid.Int64Range(0, 1999).Draw(t, "now"), 0)
		got, err := p.checkTicket(token, now)
		if want := (Player{sub, name, team, time.Unix(2000, 0)}); err != nil || got != want {
			t.Fatalf("got %+v, %v; want %+v", got, err, want)
		}
		at := rapid.IntRange(0, len(token)-1).Draw(t, "at")
		flipped := []byte(token)
		flipped[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		if p, err := p.checkTicket(string(flipped), now); err == nil {
			t.Fatalf("byte %d changed, and still %+v", at, p)
		}
		other := *p
		other.Game += "x"
		if _, err := other.checkTicket(token, now); err == nil {
			t.Fatal("good for another game")
		}
		other = *p
		other.MatchID += "x"
		if _, err := other.checkTicket(token, now); !errors.Is(err, ErrTicketOtherMatch) {
			t.Fatalf("for another match: %v", err)
		}
	})
}

func FuzzCheckTicket(f *testing.F) {
	for _, v := range makeVectors() {
		f.Add(v.Token, v.TicketKey, v.MatchID, v.Game)
	}
	f.Fuzz(func(t *testing.T, token, key, match, game string) {
		p := &Payload{MatchID: match, Game: game, TicketKey: key}
		player, err := p.checkTicket(token, time.UnixMilli(vectorNow))
		known := false
		for _, want := range outcomes {
			known = known || errors.Is(err, want)
		}
		if !known {
			t.Fatalf("error of no known kind: %v", err)
		}
		if err != nil {
			if player != (Player{}) {
				t.Fatalf("refused, and still %+v", player)
			}
			return
		}
		// What is accepted has our signature over exactly its first two parts.
		header, rest, _ := strings.Cut(token, ".")
		claims, _, _ := strings.Cut(rest, ".")
		h, err1 := base64.RawURLEncoding.DecodeString(header)
		c, err2 := base64.RawURLEncoding.DecodeString(claims)
		if err1 != nil || err2 != nil || token != sign(strings.TrimRight(key, "="), string(h), string(c)) {
			t.Fatalf("accepted a token that we did not sign: %q", token)
		}
		if player.AccountID == "" || !player.Expires.After(time.UnixMilli(vectorNow)) {
			t.Fatalf("accepted %+v", player)
		}
	})
}

func BenchmarkCheckTicket(b *testing.B) {
	p := &Payload{MatchID: vectorID, Game: vectorGame, TicketKey: vectorKey}
	token := sign(vectorKey, goodHeader, goodClaims)
	now := time.UnixMilli(vectorNow)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.checkTicket(token, now); err != nil {
			b.Fatal(err)
		}
	}
}
