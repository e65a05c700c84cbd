package server_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/sdk/client"
)

// ratedGame is a game on the platform whose results are rated.
func ratedGame(url string) string {
	game := stubGame("arena", url, `after_match = "reopen"`)
	return strings.Replace(game, "  lobby {", "  rating_report = true\n  queue \"ranked\" {\n    provider = \"gameflow\"\n    mode     = \"duel\"\n  }\n  lobby {", 1)
}

// ratedPlatform is a platform whose reports come in arrived.
func ratedPlatform(t testing.TB, decide func(n int) gameflowtest.Behaviour) (p *gameflowtest.Server, arrived <-chan gameflowtest.RatingCall) {
	t.Helper()
	p = gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: "key"})
	calls := make(chan gameflowtest.RatingCall, 64)
	p.DecideRatings(func(n int, c gameflowtest.RatingCall) gameflowtest.Behaviour {
		calls <- c
		return decide(n)
	})
	t.Cleanup(func() {
		p.Close()
		if problems := p.Problems(); len(problems) > 0 {
			t.Errorf("the platform complains: %q", problems)
		}
	})
	return p, calls
}

// playRated plays a match of two to its end and returns its id.
func playRated(t testing.TB, platform *gameflowtest.Server, players ...*player) string {
	t.Helper()
	for _, p := range players {
		must(t, p.Ready(t.Context(), true))
	}
	must(t, players[0].Start(t.Context(), ""))
	for _, p := range players {
		await[*client.MatchStarted](t, p)
	}
	calls := platform.Calls()
	must(t, report(t.Context(), []byte(calls[len(calls)-1].Payload)))
	for _, p := range players {
		await[*client.MatchEnded](t, p)
	}
	return calls[len(calls)-1].MatchID
}

// awaitReport waits for the next report, which must be that of a match.
func awaitReport(t testing.TB, arrived <-chan gameflowtest.RatingCall, matchID string) gameflowtest.RatingCall {
	t.Helper()
	select {
	case c := <-arrived:
		if c.MatchID != matchID {
			t.Errorf("match %s was reported, want %s", c.MatchID, matchID)
		}
		return c
	case <-time.After(time.Minute):
		t.Fatalf("match %s was not reported", matchID)
		return gameflowtest.RatingCall{}
	}
}

// TestRatingSurvivesAKill: a server that is killed while it reports a match reports
// after its restart what was not taken before, and nothing else.
func TestRatingSurvivesAKill(t *testing.T) {
	platform, arrived := ratedPlatform(t, func(n int) gameflowtest.Behaviour {
		if n == 1 {
			return gameflowtest.Slow(time.Hour) // rated, and nobody is told
		}
		return gameflowtest.OK()
	})
	dir := t.TempDir()
	writeConfig(t, dir, ratedGame(platform.URL))
	n := runNode(t, dir)
	ann, bob, _ := n.gather()
	first := playRated(t, platform, ann, bob)
	c := awaitReport(t, arrived, first)
	want := [][][2]string{{{ann.id, "Ann"}}, {{bob.id, "Bob"}}}
	if c.Mode != "duel" || fmt.Sprint(c.Teams) != fmt.Sprint(want) || !slices.Equal(c.Ranks, []int{1, 2}) {
		t.Errorf("reported %+v, want the teams %v", c, want)
	}
	second := playRated(t, platform, ann, bob)
	awaitReport(t, arrived, second)
	third := playRated(t, platform, ann, bob)
	n.kill()

	n = runNode(t, dir)
	awaitReport(t, arrived, second)
	awaitReport(t, arrived, third)
	n.connect(ann)
	n.connect(bob)
	fourth := playRated(t, platform, ann, bob)
	awaitReport(t, arrived, fourth)
	eventually(t, "that four matches were rated", func() bool {
		return slices.Equal(platform.Rated(), []string{first, second, third, fourth})
	})
	n.stop()
	if said := n.said(); strings.Contains(said, `"key"`) || !strings.Contains(said, "result reported to the rating") {
		t.Errorf("said:\n%s", said)
	}
}

// TestRatingIsMeasured: what becomes of reports is among the metrics.
func TestRatingIsMeasured(t *testing.T) {
	platform, arrived := ratedPlatform(t, func(n int) gameflowtest.Behaviour {
		return []gameflowtest.Behaviour{gameflowtest.OK(), gameflowtest.Status(422), gameflowtest.Slow(time.Hour)}[min(n, 2)]
	})
	node := startNode(t, ratedGame(platform.URL))
	w := &world{t: t, platform: platform, url: node.PublicURL()}
	players, _ := w.together("ann", "bob")
	for range 3 {
		awaitReport(t, arrived, playRated(t, platform, players...))
	}
	res, err := http.Get("http://" + node.AdminAddr().String() + "/metrics")
	must(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	must(t, err)
	for _, line := range []string{
		`muster_rating_reports_total{game="arena",outcome="accepted"} 1`,
		`muster_rating_reports_total{game="arena",outcome="refused"} 1`,
		`muster_rating_reports_owed{game="arena"} `,
	} {
		if !strings.Contains(string(text), line) {
			t.Errorf("there is no %s in\n%s", line, text)
		}
	}
}
