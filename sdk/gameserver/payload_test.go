package gameserver

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func checkSample(t *testing.T, p *Payload) {
	t.Helper()
	if p.MatchID != "m-1" || p.LobbyID != "l-1" || p.Game != "arena" || p.Region != "eu" ||
		p.ResultURL != "http://x/result" || p.ResultToken != "result-secret" || len(p.TicketKey) != 43 {
		t.Errorf("payload is %#v", *p)
	}
	if !slices.Equal(p.Players, []string{"p1", "p2", "bot-1"}) || string(p.Properties["map"]) != `"small"` {
		t.Errorf("players %v, properties %s", p.Players, p.Properties)
	}
	blue := []Member{{"p2", "Bob", false}, {"bot-1", "Bot 1", true}}
	if len(p.Teams) != 2 || p.Teams[0].Name != "Red" || !slices.Equal(p.Teams[1].Players, blue) {
		t.Errorf("teams are %+v", p.Teams)
	}
	if m, team, ok := p.Find("bot-1"); !ok || team != 1 || !m.Bot {
		t.Errorf("bot-1 found as %+v, %d, %v", m, team, ok)
	}
	if _, _, ok := p.Find("p9"); ok {
		t.Error("a stranger was found")
	}
}

func TestDecodePayload(t *testing.T) {
	camel := samplePayload("m-1", "http://x/result")
	names := strings.NewReplacer("matchId", "match_id", "lobbyId", "lobby_id", "teamA", "team_a", "teamB", "team_b",
		"accountId", "account_id", "resultUrl", "result_url", "resultToken", "result_token", "ticketKey", "ticket_key")
	for _, raw := range []string{camel, names.Replace(camel)} {
		p, err := DecodePayload([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		checkSample(t, p)
		if string(p.Raw) != raw {
			t.Error("the raw payload was changed")
		}
	}
}

func TestDecodePayloadOfTheTemplate(t *testing.T) {
	p, err := DecodePayload([]byte(`{"players":["a","b","bot-7"],"teamA":["a"],"teamB":["b","bot-7"]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprint([]Team{{"A", []Member{{"a", "", false}}}, {"B", []Member{{"b", "", false}, {"bot-7", "", true}}}})
	if fmt.Sprint(p.Teams) != want {
		t.Errorf("teams are %v, want %s", p.Teams, want)
	}
}

func TestDecodePayloadRefuses(t *testing.T) {
	for _, raw := range []string{
		``, `null`, `[]`, `"x"`, `7`, `{`, `{"matchId":1}`, `{"teams":{}}`, `{"teams":[{"players":[1]}]}`,
		`{"players":["a",2]}`, `{"teams":[{"players":[{"bot":"yes"}]}]}`, `{"properties":[]}`, `{"matchId":"a"} x`,
	} {
		if p, err := DecodePayload([]byte(raw)); err == nil {
			t.Errorf("%s was read as %v", raw, p)
		} else {
			wantErr(t, err, ErrBadPayload)
		}
	}
}

func TestPayloadShowsNoSecret(t *testing.T) {
	p, err := DecodePayload([]byte(samplePayload("m-1", "http://x/result")))
	if err != nil {
		t.Fatal(err)
	}
	g := GameServer{Name: "gs", Annotations: map[string]string{PayloadAnnotation: string(p.Raw)}}
	var out bytes.Buffer
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&out, format+format, p, *p)
		fmt.Fprintf(&out, format+format, g, &g)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "pointer", p, "value", *p, "server", g, "pointed", &g)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "pointer", p, "value", *p, "server", g, "pointed", &g)
	if text := out.String(); strings.Contains(text, "secret") || strings.Contains(text, p.TicketKey) || !strings.Contains(text, "m-1") {
		t.Errorf("it printed as %s", text)
	}
}

func TestPayload(t *testing.T) {
	f := newFake("")
	s := connect(t, f)
	_, err := s.Payload(t.Context())
	wantErr(t, err, ErrNoPayload)
	_, err = s.CheckTicket("x")
	wantErr(t, err, ErrNoPayload)
	f.setPayload("{")
	_, err = s.Payload(t.Context())
	wantErr(t, err, ErrBadPayload)
	f.setPayload(samplePayload("m-1", "http://x/result"))
	p, err := s.Payload(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	checkSample(t, p)
}

func TestWaitPayloadOverASocket(t *testing.T) {
	f := newFake("")
	s := connect(t, f)
	got := make(chan *Payload, 1)
	go func() {
		p, _ := s.WaitPayload(t.Context())
		got <- p
	}()
	if err := s.Ready(t.Context()); err != nil { // a warm server: ready first, then its match
		t.Fatal(err)
	}
	f.setPayload(samplePayload("m-1", "http://x/result"))
	p := <-got
	if p == nil {
		t.Fatal("no payload")
	}
	checkSample(t, p)
}

func TestWaitPayloadOfTheNextMatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(samplePayload("m-1", ""))
		s := faked(t, f, Options{})
		defer s.Close()
		if p, err := s.WaitPayload(t.Context()); err != nil || p.MatchID != "m-1" {
			t.Fatalf("first payload is %v, %v", p, err)
		}
		got := make(chan *Payload, 1)
		go func() {
			p, _ := s.WaitPayload(t.Context())
			got <- p
		}()
		synctest.Wait()
		// Neither another change nor a cut stream is a new payload.
		if err := s.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		f.cutStreams()
		time.Sleep(time.Second)
		select {
		case p := <-got:
			t.Fatalf("woke up with %v", p)
		default:
		}
		f.setPayload(samplePayload("m-2", ""))
		if p := <-got; p == nil || p.MatchID != "m-2" {
			t.Errorf("next payload is %v", p)
		}
	})
}

func TestWaitPayloadThatCannotBeRead(t *testing.T) {
	s := connect(t, newFake(`{"teams":7}`))
	_, err := s.WaitPayload(t.Context())
	wantErr(t, err, ErrBadPayload)
}

func TestWatchOutlivesABrokenStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("")
		f.failNext("GET /watch/gameserver", 503, 429)
		s := faked(t, f, Options{})
		defer s.Close()
		var states []string
		ended := make(chan error, 1)
		go func() {
			ended <- s.Watch(t.Context(), func(g GameServer) bool {
				states = append(states, g.State)
				return g.State != "Shutdown"
			})
		}()
		time.Sleep(10 * time.Second)
		_ = s.Ready(t.Context())
		synctest.Wait()
		f.cutStreams()
		time.Sleep(10 * time.Second)
		_ = s.Shutdown(t.Context())
		wantErr(t, <-ended, nil)
		if want := []string{"Scheduled", "Ready", "Ready", "Shutdown"}; !slices.Equal(states, want) {
			t.Errorf("states seen are %v, want %v", states, want)
		}
	})
}

// A stream that worked is taken up again at once, however often it is cut.
func TestWatchForgetsOldFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake("")
		s := faked(t, f, Options{})
		seen := 0
		go func() { _ = s.Watch(t.Context(), func(GameServer) bool { seen++; return true }) }()
		for range 8 {
			synctest.Wait()
			f.cutStreams()
			time.Sleep(301 * time.Millisecond)
		}
		s.Close()
		synctest.Wait()
		if seen != 9 {
			t.Errorf("the stream was opened %d times, want 9", seen)
		}
	})
}

func TestLocalPayload(t *testing.T) {
	getenv := env("GAMEFLOW_SDK_MODE", "local", "GAMEFLOW_PAYLOAD", samplePayload("m-1", "http://x/result"))
	s, err := Connect(t.Context(), Options{Getenv: getenv})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p, err := s.WaitPayload(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	checkSample(t, p)
	for _, call := range []error{s.Ready(t.Context()), s.Shutdown(t.Context())} {
		wantErr(t, call, nil)
	}
	if g, _ := s.GameServer(t.Context()); g.State != "Shutdown" {
		t.Errorf("state is %s", g.State)
	}
}
