package config

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

const (
	maxTeams = 16
	maxSeats = 1000
)

func (r *reader) game(b *hclsyntax.Block, c *Config) Game {
	name := b.Labels[0]
	s := r.open("game", fmt.Sprintf("game %q", name), b.Body, b.DefRange())
	g := Game{Name: name}
	g.Title = get(s, "title", defaultTitle(name), of(title))
	g.Plugins = r.plugins(s, name, c.Server.Mode)
	g.Auth, g.authAt = r.signIns(s, c, g), s.keep("auth")
	g.Web = s.path("web", "")
	s.fileThere("web", g.Web, true)
	g.Duplicate = get(s, "duplicate", DuplicateReplace, oneOf(DuplicateReplace, DuplicateRefuse, DuplicateAllow))
	g.Lobby = r.lobby(s.one("lobby", fmt.Sprintf("lobby of game %q", name)))
	g.Hooks = r.hooks(s, c, g)
	g.Allocate = r.allocate(s, c, g)
	g.AllocationAPI = r.allocationAPI(s, c, g)
	g.Queues = r.queues(s, g)
	g.RatingReport = get(s, "rating_report", false, boolean)
	if g.RatingReport {
		r.needsPlatform(s.place("rating_report"), g, "rating_report sends results to GameFlow")
	}
	return g
}

func defaultTitle(name string) string {
	return strings.ToUpper(name[:min(1, len(name))]) + name[min(1, len(name)):]
}

func (r *reader) lobby(s *section) Lobby {
	l := Lobby{Teams: r.teams(s)}
	seats := l.Seats()
	l.MinPlayers = get(s, "min_players", 1, func(v *value) (int, *misfit) {
		n, bad := between(1, max(1, seats))(v)
		if bad != nil && bad.help != "" {
			bad.help = fmt.Sprintf("Allowed is 1 to %d, the seats of all teams.", seats)
		}
		return n, bad
	})
	l.MaxLobbies = get(s, "max_lobbies", 10000, between(1, 10_000_000))
	l.ReadyTimeout = get(s, "ready_timeout", 0, duration(0, hours(24)))
	l.ReconnectGrace = get(s, "reconnect_grace", seconds(30), duration(0, hours(24)))
	l.AfterMatch = get(s, "after_match", AfterMatchDelete, oneOf(AfterMatchDelete, AfterMatchReopen))
	l.MatchTimeout = get(s, "match_timeout", hours(2), duration(seconds(1), hours(24*30)))
	return l
}

func (r *reader) teams(s *section) []Team {
	blocks := s.blocks("team", "a name")
	if len(blocks) == 0 && !hasBlock(s.body, "team") {
		return []Team{{"A", 4}, {"B", 4}}
	}
	var teams []Team
	lines := map[string]int{}
	for i, b := range blocks {
		name, at := b.Labels[0], b.LabelRanges[0]
		line, twice := lines[name]
		switch {
		case name == "" || name != strings.TrimSpace(name) || utf8.RuneCountInString(name) > 32 || strings.ContainsFunc(name, unicode.IsControl):
			r.fail(at, problem{
				text: fmt.Sprintf("%q cannot be the name of a team.", name),
				help: "A name has 1 to 32 characters, no control characters, no space at its ends.",
			})
		case twice:
			r.fail(at, problem{text: fmt.Sprintf("There is a team %q already, in line %d.", name, line), help: "Give this one another name."})
		case i != 0 && name == "A", i != 1 && name == "B":
			r.warn(at, problem{
				text: fmt.Sprintf("The team %q is not team number %d: players who ask for %q get that one.", name, name[0]-'A'+1, name),
				help: `"A" and "B" always mean the first and the second team.`,
			})
		}
		lines[name] = at.Start.Line
		t := r.open("team", fmt.Sprintf("team %q", name), b.Body, b.DefRange())
		teams = append(teams, Team{Name: name, Size: get(t, "size", 4, between(1, maxSeats))})
	}
	if len(blocks) > maxTeams {
		r.fail(blocks[maxTeams].DefRange(), problem{text: fmt.Sprintf("There are %d teams; %d is the most.", len(blocks), maxTeams)})
	}
	if seats := (Lobby{Teams: teams}).Seats(); seats > maxSeats {
		r.fail(s.at, problem{text: fmt.Sprintf("The teams have %d seats together; %d is the most.", seats, maxSeats)})
	}
	return teams
}
