package gameflowtest

import (
	"net/http"
	"slices"
	"sync"
)

const ratingsPath = "/v1/skill-rating/matches:report"

// RatingCall is one report of a match as it came in.
type RatingCall struct {
	Mode    string
	MatchID string
	// Teams have the reported players, each as its id and name; Ranks one for each team.
	Teams [][][2]string
	Ranks []int
	// Behaviour is how it was answered. One that would make a server rates the match.
	Behaviour Behaviour
}

// ratings is the platform's skill rating.
type ratings struct {
	mu     sync.Mutex
	script []Behaviour
	decide func(n int, c RatingCall) Behaviour
	calls  []RatingCall
	rated  []string
}

// ScriptRatings adds behaviours for the next reports, in order.
func (p *Platform) ScriptRatings(b ...Behaviour) {
	p.ratings.mu.Lock()
	defer p.ratings.mu.Unlock()
	p.ratings.script = append(p.ratings.script, b...)
}

// DecideRatings has f choose the behaviour of report n (from 0) when no script is
// left. It is asked from the goroutine of the request, and may wait.
func (p *Platform) DecideRatings(f func(n int, c RatingCall) Behaviour) {
	p.ratings.mu.Lock()
	defer p.ratings.mu.Unlock()
	p.ratings.decide = f
}

// RatingCalls returns the reports so far, repetitions too; refused requests are
// not among them.
func (p *Platform) RatingCalls() []RatingCall {
	p.ratings.mu.Lock()
	defer p.ratings.mu.Unlock()
	return slices.Clone(p.ratings.calls)
}

// Rated returns the ids of the matches that were rated, each once, in that order.
func (p *Platform) Rated() []string {
	p.ratings.mu.Lock()
	defer p.ratings.mu.Unlock()
	return slices.Clone(p.ratings.rated)
}

// serveRating answers a report.
func (p *Platform) serveRating(w http.ResponseWriter, r *http.Request) {
	c, no := p.checkRating(r)
	if no != nil {
		p.refuse(w, no)
		return
	}
	b := p.ratings.take(c, !p.opts.Forget)
	if !b.wait(r.Context()) {
		panic(http.ErrAbortHandler)
	}
	if b.good() {
		b.Body = []byte("{}")
	}
	b.answer(w, Made{})
}

// take decides how a report is answered and rates its match, once.
func (s *ratings) take(c RatingCall, keep bool) Behaviour {
	s.mu.Lock()
	n, decide := len(s.calls), s.decide
	if len(s.script) > 0 {
		c.Behaviour, s.script, decide = s.script[0], s.script[1:], nil
	}
	if keep {
		s.calls = append(s.calls, c)
	}
	s.mu.Unlock()
	if decide != nil {
		c.Behaviour = decide(n, c)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if keep {
		s.calls[n] = c
		if c.Behaviour.makes() && !slices.Contains(s.rated, c.MatchID) {
			s.rated = append(s.rated, c.MatchID)
		}
	}
	return c.Behaviour
}

// checkRating reads a report.
func (p *Platform) checkRating(r *http.Request) (c RatingCall, no *refusal) {
	if no := p.admit(r, http.MethodPost); no != nil {
		return c, no
	}
	if r.URL.RawQuery != "" {
		return c, invalid("there is a query")
	}
	var in struct {
		GameID          string `json:"gameId"`
		GameMode        string `json:"gameMode"`
		ExternalMatchID string `json:"externalMatchId"`
		Teams           []struct {
			Players []struct {
				ExternalPlayerID string `json:"externalPlayerId"`
				DisplayName      string `json:"displayName"`
			} `json:"players"`
		} `json:"teams"`
		Ranks []int `json:"ranks"`
	}
	if no := readJSON(r, &in); no != nil {
		return c, no
	}
	switch {
	case in.GameID != p.opts.GameID || in.GameMode == "" || in.ExternalMatchID == "":
		return c, invalid("gameId, gameMode or externalMatchId is missing or wrong")
	case len(in.Teams) < 2 || len(in.Ranks) != len(in.Teams) || slices.Min(in.Ranks) < 1:
		return c, invalid("there must be two teams, and a rank for each")
	}
	c = RatingCall{Mode: in.GameMode, MatchID: in.ExternalMatchID, Ranks: in.Ranks}
	seen := map[string]bool{"": true}
	for _, t := range in.Teams {
		var players [][2]string
		for _, one := range t.Players {
			if seen[one.ExternalPlayerID] {
				return c, invalid("a player has no id or stands twice")
			}
			seen[one.ExternalPlayerID] = true
			players = append(players, [2]string{one.ExternalPlayerID, one.DisplayName})
		}
		if players == nil {
			return c, invalid("a team has no players")
		}
		c.Teams = append(c.Teams, players)
	}
	return c, nil
}
