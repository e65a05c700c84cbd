package rating_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"testing/synctest"

	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/rating"
)

// TestWhatIsReported: who is in a report, and in which order.
func TestWhatIsReported(t *testing.T) {
	ann, bob, cy := player("ann", "Ann"), player("bob", "Bob"), player("cy", "Cy")
	bot := lobby.RosterPlayer{AccountID: "bot-1", Username: "Bot 1", Bot: true}
	gone := player("erased", "erased")
	rated := func(rank int, of ...lobby.RosterPlayer) gameflow.RatedTeam {
		team := gameflow.RatedTeam{Rank: rank}
		for _, p := range of {
			team.Players = append(team.Players, gameflow.RatedPlayer{ID: p.AccountID, Name: p.Username})
		}
		return team
	}
	for name, c := range map[string]struct {
		roster []lobby.RosterTeam
		result string // its teams
		want   []gameflow.RatedTeam
		as     rating.Outcome
	}{
		"two teams": {
			[]lobby.RosterTeam{team("A", ann, bob), team("B", cy)}, `{"name":"B","rank":1},{"name":"A","rank":2}`,
			[]gameflow.RatedTeam{rated(2, ann, bob), rated(1, cy)}, rating.Accepted,
		},
		"a draw": {
			[]lobby.RosterTeam{team("A", ann), team("B", bob)}, `{"name":"A","rank":1},{"name":"B","rank":1}`,
			[]gameflow.RatedTeam{rated(1, ann), rated(1, bob)}, rating.Accepted,
		},
		"bots have no rating": {
			[]lobby.RosterTeam{team("A", ann, bot), team("B", bob)}, `{"name":"A","rank":1},{"name":"B","rank":2}`,
			[]gameflow.RatedTeam{rated(1, ann), rated(2, bob)}, rating.Accepted,
		},
		"who was erased is left out": {
			[]lobby.RosterTeam{team("A", ann, gone), team("B", gone, bob)}, `{"name":"A","rank":2},{"name":"B","rank":1}`,
			[]gameflow.RatedTeam{rated(2, ann), rated(1, bob)}, rating.Accepted,
		},
		"a team of nobody is left out": {
			[]lobby.RosterTeam{team("A", ann), team("B", bot, gone), team("C", cy)}, `{"name":"A","rank":3},{"name":"B","rank":2},{"name":"C","rank":1}`,
			[]gameflow.RatedTeam{rated(3, ann), rated(1, cy)}, rating.Accepted,
		},
		"against bots": {
			[]lobby.RosterTeam{team("A", ann), team("B", bot)}, `{"name":"A","rank":1},{"name":"B","rank":2}`, nil, rating.Unrated,
		},
		"everybody erased":  {[]lobby.RosterTeam{team("A", gone), team("B", gone)}, `{"name":"A","rank":1},{"name":"B","rank":2}`, nil, rating.Unrated},
		"one team":          {[]lobby.RosterTeam{team("A", ann, bob)}, `{"name":"A","rank":1}`, nil, rating.Unrated},
		"a team not ranked": {[]lobby.RosterTeam{team("A", ann), team("B", bob)}, `{"name":"A","rank":1}`, nil, rating.Refused},
		"no such shape":     {[]lobby.RosterTeam{team("A", ann), team("B", bob)}, `7`, nil, rating.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			var got []gameflow.RatedMatch
			keep := func(_ *bench, m gameflow.RatedMatch) error { got = append(got, m); return nil }
			run(t, 0, nil, keep, func(b *bench) {
				m := ended("m")
				roster, err := json.Marshal(c.roster)
				if err != nil {
					t.Fatal(err)
				}
				m.Roster, m.Result = roster, fmt.Appendf(nil, `{"teams":[%s]}`, c.result)
				if _, _, err := b.outbox.Records(nil).FinishMatch(t.Context(), m); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				b.has(0, c.as, 1)
			})
			var want []gameflow.RatedMatch
			if c.want != nil {
				want = []gameflow.RatedMatch{{ID: "m", Teams: c.want}}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("sent %+v, want %+v", got, want)
			}
		})
	}
}

func player(id, name string) lobby.RosterPlayer {
	return lobby.RosterPlayer{AccountID: id, Username: name}
}

func team(name string, of ...lobby.RosterPlayer) lobby.RosterTeam {
	return lobby.RosterTeam{Name: name, Players: of}
}
