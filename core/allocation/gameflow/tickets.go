package gameflow

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/muster-gg/muster/core/allocation"
)

// The rating that every ticket has: a matchmaker with a skill model knows the
// player's own, and one without refuses a sigma of 0.
const (
	defaultMu    = 25
	defaultSigma = 8.333
)

// maxTicketID bounds the id of a ticket, which players are told.
const maxTicketID = 256

// TicketsOptions make Tickets.
type TicketsOptions struct {
	// URL, GameID and APIKey are those of Options.
	URL, GameID, APIKey string
	// Region is used for a ticket that names none.
	Region string
	// Transport carries the calls; nil: connections of the Tickets' own.
	Transport http.RoundTripper
}

// Ticket is one player's wish to be matched.
type Ticket struct {
	// PlayerID is the account that searches.
	PlayerID string
	// Mode is the game mode whose matchmaker is asked.
	Mode string
	// Region is where the player would like to play; empty: the default.
	Region string
}

// Tickets are the calls of GameFlow's matchmaking. It is safe for concurrent use.
// Each method makes one call; who wants another try asks Transient.
type Tickets struct {
	api    api
	gameID string
	region string
}

// NewTickets checks the options; it does not call the platform.
func NewTickets(o TicketsOptions) (*Tickets, error) {
	if err := checkAccess(o.URL, o.GameID, o.APIKey); err != nil {
		return nil, err
	}
	// Every player who searches holds a connection. How many may search is for the
	// caller to bound.
	client := newClient(0)
	client.Transport.(*http.Transport).MaxIdleConnsPerHost = 32
	if o.Transport != nil {
		client.Transport = o.Transport
	}
	return &Tickets{
		api:    api{base: strings.TrimRight(o.URL, "/"), key: o.APIKey, client: client},
		gameID: o.GameID, region: o.Region,
	}, nil
}

// Close closes idle connections. Calls under way go on.
func (t *Tickets) Close() { t.api.client.CloseIdleConnections() }

type ticketRequest struct {
	PlayerID     string   `json:"player_id"`
	GameID       string   `json:"game_id"`
	GameMode     string   `json:"game_mode"`
	PreferredAZ  string   `json:"preferred_az"`
	Mu           float64  `json:"mu"`
	Sigma        float64  `json:"sigma"`
	RatingBucket int      `json:"rating_bucket"`
	Tags         []string `json:"tags"`
}

// ticketAnswer is what all ticket calls answer with. The gateway writes camelCase;
// proto names are read as well.
type ticketAnswer struct {
	TicketID   string `json:"ticketId"`
	TicketID2  string `json:"ticket_id"`
	Connection string `json:"connection"`
}

// Create enters a ticket and returns its id.
func (t *Tickets) Create(ctx context.Context, k Ticket) (id string, err error) {
	region := k.Region
	if region == "" {
		region = t.region
	}
	const name = "create ticket"
	var a ticketAnswer
	err = t.api.call(ctx, name, http.MethodPost, "/matchmaking/tickets", ticketRequest{
		PlayerID: k.PlayerID, GameID: t.gameID, GameMode: k.Mode, PreferredAZ: region,
		Mu: defaultMu, Sigma: defaultSigma, Tags: []string{},
	}, &a, callTimeout)
	if err != nil {
		return "", err
	}
	if id = a.TicketID; id == "" {
		id = a.TicketID2
	}
	if id == "" || len(id) > maxTicketID || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", &CallError{Call: name, Status: http.StatusOK, Cause: errors.New("the answer has no ticket id that can be used")}
	}
	return id, nil
}

// Await asks for a ticket's server for up to wait, in whole seconds. found is false
// when it has none yet.
func (t *Tickets) Await(ctx context.Context, id string, wait time.Duration) (s allocation.Server, found bool, err error) {
	const name = "ticket status"
	seconds := max(1, int(wait/time.Second))
	path := "/matchmaking/tickets/" + url.PathEscape(id) + "/status?timeout_seconds=" + strconv.Itoa(seconds)
	var a ticketAnswer
	err = t.api.call(ctx, name, http.MethodGet, path, nil, &a, time.Duration(seconds)*time.Second+callTimeout)
	if err != nil || a.Connection == "" {
		return s, false, err
	}
	if s, err = parseConnection(a.Connection); err != nil {
		return s, false, &CallError{Call: name, Status: http.StatusOK, Cause: err}
	}
	return s, true, nil
}

// Delete takes a ticket out. gone says that there was none any more: it was matched,
// or is deleted already.
func (t *Tickets) Delete(ctx context.Context, id, playerID string) (gone bool, err error) {
	path := "/matchmaking/tickets/" + url.PathEscape(id) + "?player_id=" + url.QueryEscape(playerID)
	err = t.api.call(ctx, "delete ticket", http.MethodDelete, path, nil, nil, callTimeout)
	if e := new(CallError); errors.As(err, &e) && e.Status == http.StatusNotFound {
		return true, nil
	}
	return false, err
}

// parseConnection reads "host:port", where the host may be an IPv6 address with or
// without brackets.
func parseConnection(text string) (allocation.Server, error) {
	at := strings.LastIndexByte(text, ':')
	if at < 0 {
		return allocation.Server{}, errors.New("the connection has no port")
	}
	port, err := strconv.ParseUint(text[at+1:], 10, 16)
	if err != nil {
		return allocation.Server{}, errors.New("the connection's port is not a number")
	}
	s := allocation.Server{Address: unbracket(text[:at]), Port: int(port)}
	if err := s.Validate(); err != nil {
		return allocation.Server{}, fmt.Errorf("connection: %w", err)
	}
	return s, nil
}
