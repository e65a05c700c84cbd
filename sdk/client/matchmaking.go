package client

import (
	"context"
	"encoding/json"
)

// FindMatch searches for a match in a queue, "" for the game's first, and returns the
// ticket's id when the search is entered. MatchStarted follows, or SearchEnded. The
// search ends with the socket.
func (c *Conn) FindMatch(ctx context.Context, queue string) (ticketID string, err error) {
	var fields any
	if queue != "" {
		fields = map[string]string{"queue": queue}
	}
	r, err := c.Do(ctx, Message{"matchmaking:find", fields})
	if err != nil {
		return "", err
	}
	if r.Type == "matchmaking:cancelled" {
		return "", &Error{Code: CodeSearchCancelled, Message: "The search was cancelled"}
	}
	var m struct {
		TicketID string `json:"ticketId"`
	}
	if err := json.Unmarshal(r.Raw, &m); err != nil {
		return "", &Error{Code: CodeBadAnswer, Message: "The server's answer cannot be read", Cause: err}
	}
	return m.TicketID, nil
}

// CancelSearch ends the account's search, if there is one.
func (c *Conn) CancelSearch(ctx context.Context) error { return c.do(ctx, "matchmaking:cancel", nil) }

// ReportLatency tells the round trips to regions in ms. They count for an hour, when
// the region of a match is chosen.
func (c *Conn) ReportLatency(ctx context.Context, regions map[string]int) error {
	return c.do(ctx, "latency", map[string]any{"regions": regions})
}
