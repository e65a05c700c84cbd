package gameflow_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

func newRatings(t testing.TB, url string) *gameflow.Ratings {
	t.Helper()
	r, err := gameflow.NewRatings(gameflow.RatingsOptions{URL: url, GameID: gameID, APIKey: apiKey, Mode: "ranked"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func duel(id string) gameflow.RatedMatch {
	return gameflow.RatedMatch{ID: id, Teams: []gameflow.RatedTeam{
		{Rank: 2, Players: []gameflow.RatedPlayer{{ID: "a", Name: "Ann"}, {ID: "b", Name: "Bob"}}},
		{Rank: 1, Players: []gameflow.RatedPlayer{{ID: "c", Name: `"Cy"`}}},
	}}
}

// TestReportIsTried says for every way in which the platform may answer whether
// the report may be sent again.
func TestReportIsTried(t *testing.T) {
	const final, again = "final", "again"
	cases := []struct {
		behaviour gameflowtest.Behaviour
		want      string
		rated     bool
	}{
		{gameflowtest.OK(), ok, true},
		{gameflowtest.Garbage(`{"matchId":"m"}`), ok, true},
		{gameflowtest.Garbage(`<html>`), ok, true},
		{gameflowtest.Garbage(``), ok, true},
		{gameflowtest.HugeBody(1 << 20), ok, true},

		{gameflowtest.Status(400), final, false},
		{gameflowtest.Status(401), final, false},
		{gameflowtest.Status(403), final, false},
		{gameflowtest.Status(404), final, false},
		{gameflowtest.Status(409), final, false},
		{gameflowtest.Status(422), final, false},

		{gameflowtest.Status(408), again, false},
		{gameflowtest.Status(429), again, false},
		{gameflowtest.RateLimited("1"), again, false},
		{gameflowtest.Status(500), again, false},
		{gameflowtest.Lost(502), again, true},
		{gameflowtest.Status(503), again, false},
		{gameflowtest.Lost(504), again, true},
		{gameflowtest.CutBefore(), again, false},
		{gameflowtest.Cut(), again, true},
		{gameflowtest.HalfBody(), again, true},
	}
	platform := newPlatform(t)
	r := newRatings(t, platform.URL+"/")
	rated := 0
	for i, c := range cases {
		platform.ScriptRatings(c.behaviour)
		err := r.Report(t.Context(), duel(fmt.Sprint("m", i)))
		got := ok
		if err != nil {
			got = map[bool]string{true: again, false: final}[gameflow.Transient(err)]
		}
		if got != c.want {
			t.Errorf("%s: %s (%v), want %s", c.behaviour.Name, got, err, c.want)
		}
		if c.rated {
			rated++
		}
		if n := len(platform.RatingCalls()); n != i+1 {
			t.Fatalf("%s: %d calls, want 1", c.behaviour.Name, n-i)
		}
	}
	if n := len(platform.Rated()); n != rated || len(platform.Problems()) > 0 {
		t.Errorf("%d matches rated, want %d; problems %q", n, rated, platform.Problems())
	}
	platform.Close()
	if err := r.Report(t.Context(), duel("m")); !gameflow.Transient(err) {
		t.Errorf("nobody there: %v", err)
	}
}

// TestReportShape: what is sent has the documented shape, and a repetition is the
// same match to the platform.
func TestReportShape(t *testing.T) {
	platform := newPlatform(t)
	r := newRatings(t, platform.URL)
	for range 2 {
		if err := r.Report(t.Context(), duel("m-1")); err != nil {
			t.Fatal(err)
		}
	}
	want := gameflowtest.RatingCall{
		Mode: "ranked", MatchID: "m-1", Ranks: []int{2, 1}, Teams: [][][2]string{{{"a", "Ann"}, {"b", "Bob"}}, {{"c", `"Cy"`}}},
	}
	if got := platform.RatingCalls(); !reflect.DeepEqual(got, []gameflowtest.RatingCall{want, want}) {
		t.Errorf("got %+v", got)
	}
	if got := platform.Rated(); !reflect.DeepEqual(got, []string{"m-1"}) {
		t.Errorf("rated %q", got)
	}
}

// TestRatingIsStrict: the stand-in refuses what the real one would.
func TestRatingIsStrict(t *testing.T) {
	platform := newPlatform(t)
	spoil := map[string]func(*gameflow.RatingsOptions, *gameflow.RatedMatch){
		"key":              func(o *gameflow.RatingsOptions, _ *gameflow.RatedMatch) { o.APIKey = "other" },
		"game":             func(o *gameflow.RatingsOptions, _ *gameflow.RatedMatch) { o.GameID = "other" },
		"no match":         func(_ *gameflow.RatingsOptions, m *gameflow.RatedMatch) { m.ID = "" },
		"one team":         func(_ *gameflow.RatingsOptions, m *gameflow.RatedMatch) { m.Teams = m.Teams[:1] },
		"no teams":         func(_ *gameflow.RatingsOptions, m *gameflow.RatedMatch) { m.Teams = nil },
		"no rank":          func(_ *gameflow.RatingsOptions, m *gameflow.RatedMatch) { m.Teams[0].Rank = 0 },
		"nobody in it":     func(_ *gameflow.RatingsOptions, m *gameflow.RatedMatch) { m.Teams[1].Players = nil },
		"a player twice":   func(_ *gameflow.RatingsOptions, m *gameflow.RatedMatch) { m.Teams[1].Players[0].ID = "a" },
		"a player sans id": func(_ *gameflow.RatingsOptions, m *gameflow.RatedMatch) { m.Teams[1].Players[0].ID = "" },
	}
	for name, f := range spoil {
		o, m := gameflow.RatingsOptions{URL: platform.URL, GameID: gameID, APIKey: apiKey, Mode: "ranked"}, duel("m")
		f(&o, &m)
		r, err := gameflow.NewRatings(o)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Report(t.Context(), m); err == nil || gameflow.Transient(err) {
			t.Errorf("%s: %v", name, err)
		}
		r.Close()
	}
	if n := len(platform.Problems()); n != len(spoil) || len(platform.RatingCalls()) != 0 {
		t.Errorf("%d problems, %d calls", n, len(platform.RatingCalls()))
	}
}

func TestRatingsOptions(t *testing.T) {
	good := gameflow.RatingsOptions{URL: "https://api.example.com/v1", GameID: "g", APIKey: "k", Mode: "m"}
	if _, err := gameflow.NewRatings(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*gameflow.RatingsOptions){
		"no url":  func(o *gameflow.RatingsOptions) { o.URL = "" },
		"no game": func(o *gameflow.RatingsOptions) { o.GameID = "" },
		"bad key": func(o *gameflow.RatingsOptions) { o.APIKey = "secret\r\nX: y" },
		"no mode": func(o *gameflow.RatingsOptions) { o.Mode = "" },
	} {
		o := good
		spoil(&o)
		if _, err := gameflow.NewRatings(o); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReportKeepsTheKey: the key is in no error and goes to nobody else.
func TestReportKeepsTheKey(t *testing.T) {
	var seen string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Header.Get("X-Api-Key") }))
	defer other.Close()
	for _, status := range []int{307, 308, 400, 500} {
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", other.URL)
			w.WriteHeader(status)
			fmt.Fprint(w, `{"code":3,"message":"bad key `+apiKey+`"}`)
		}))
		err := newRatings(t, h.URL).Report(t.Context(), duel("m"))
		h.Close()
		if err == nil || strings.Contains(err.Error(), apiKey) || seen != "" {
			t.Errorf("status %d: %v, key seen %q", status, err, seen)
		}
	}
}

// TestReportIsGivenUp: a caller who has no time any more is not kept.
func TestReportIsGivenUp(t *testing.T) {
	platform := newPlatform(t)
	ctx, cancel := context.WithCancel(t.Context())
	platform.DecideRatings(func(int, gameflowtest.RatingCall) gameflowtest.Behaviour { cancel(); return gameflowtest.Late() })
	if err := newRatings(t, platform.URL).Report(ctx, duel("m")); !errors.Is(err, context.Canceled) || !gameflow.Transient(err) {
		t.Error(err)
	}
}
