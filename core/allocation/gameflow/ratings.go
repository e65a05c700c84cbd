package gameflow

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// RatedMatch is a match as the skill rating sees it.
type RatedMatch struct {
	// ID is the same at every repetition: the platform rates a match once.
	ID string
	// Teams have players each.
	Teams []RatedTeam
}

// RatedTeam is one team of a rated match. A lower rank is better, an equal one a draw.
type RatedTeam struct {
	Rank    int
	Players []RatedPlayer
}

// RatedPlayer is one player of a rated match.
type RatedPlayer struct {
	ID   string `json:"externalPlayerId"`
	Name string `json:"displayName"`
}

// RatingsOptions make Ratings.
type RatingsOptions struct {
	// URL, GameID and APIKey are those of Options.
	URL, GameID, APIKey string
	// Mode is the game mode that matches are rated in.
	Mode string
}

// Ratings reports matches to GameFlow's skill rating. It is safe for concurrent use.
type Ratings struct {
	api          api
	gameID, mode string
}

// NewRatings checks the options; it does not call the platform.
func NewRatings(o RatingsOptions) (*Ratings, error) {
	if err := checkAccess(o.URL, o.GameID, o.APIKey); err != nil {
		return nil, err
	}
	if o.Mode == "" {
		return nil, errors.New("gameflow: the mode of a rating is empty")
	}
	return &Ratings{
		api:    api{base: strings.TrimRight(o.URL, "/"), key: o.APIKey, client: newClient(1)},
		gameID: o.GameID, mode: o.Mode,
	}, nil
}

// Close closes idle connections. Calls under way go on.
func (r *Ratings) Close() { r.api.client.CloseIdleConnections() }

type ratingRequest struct {
	GameID  string       `json:"gameId"`
	Mode    string       `json:"gameMode"`
	MatchID string       `json:"externalMatchId"`
	Teams   []ratingTeam `json:"teams"`
	Ranks   []int        `json:"ranks"`
}

type ratingTeam struct {
	Players []RatedPlayer `json:"players"`
}

// Report makes one call that reports a match; who wants another try asks Transient.
// After an error the match may have been rated nonetheless.
func (r *Ratings) Report(ctx context.Context, m RatedMatch) error {
	call := ratingRequest{GameID: r.gameID, Mode: r.mode, MatchID: m.ID}
	for _, t := range m.Teams {
		call.Teams = append(call.Teams, ratingTeam{t.Players})
		call.Ranks = append(call.Ranks, t.Rank)
	}
	return r.api.call(ctx, "rating report", http.MethodPost, "/skill-rating/matches:report", call, nil, callTimeout)
}
