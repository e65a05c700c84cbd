package gameflowtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Codes of gRPC that only these calls answer with.
const (
	codeDenied       = 7
	codePrecondition = 9
)

const ticketsPath = "/v1/matchmaking/tickets"

// ticketRequest is a ticket as it comes in, in proto names or in those of a gateway.
type ticketRequest struct {
	ProtoPlayer string   `json:"player_id"`
	ProtoGame   string   `json:"game_id"`
	ProtoMode   string   `json:"game_mode"`
	ProtoAZ     string   `json:"preferred_az"`
	ProtoBucket float64  `json:"rating_bucket"`
	Player      string   `json:"playerId"`
	Game        string   `json:"gameId"`
	Mode        string   `json:"gameMode"`
	AZ          string   `json:"preferredAz"`
	Bucket      float64  `json:"ratingBucket"`
	Mu          float64  `json:"mu"`
	Sigma       float64  `json:"sigma"`
	Tags        []string `json:"tags"`
}

// serveTickets answers a request below the tickets' path.
func (p *Platform) serveTickets(w http.ResponseWriter, r *http.Request) {
	rest := strings.TrimPrefix(r.URL.Path, ticketsPath)
	id, status := strings.CutSuffix(strings.TrimPrefix(rest, "/"), "/status")
	method, serve := http.MethodPost, p.createTicket
	switch {
	case rest == "":
	case rest[0] != '/' || id == "" || strings.Contains(id, "/"):
		p.refuse(w, &refusal{http.StatusNotFound, codeNotFound, fmt.Sprintf("no such path: %s", r.URL.Path)})
		return
	case status:
		method, serve = http.MethodGet, func(w http.ResponseWriter, r *http.Request) { p.ticketStatus(w, r, id) }
	default:
		method, serve = http.MethodDelete, func(w http.ResponseWriter, r *http.Request) { p.deleteTicket(w, r, id) }
	}
	if no := p.admit(r, method); no != nil {
		p.refuse(w, no)
		return
	}
	serve(w, r)
}

// ticketFault counts a call and returns the fault that it was told to have.
func (t *tickets) ticketFault(c TicketCall) (TicketFault, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.init()
	t.calls[c]++
	if len(t.faults[c]) == 0 {
		return TicketFault{}, false
	}
	f := t.faults[c][0]
	t.faults[c] = t.faults[c][1:]
	return f, true
}

// wait is whether the call goes on to be answered well.
func (f TicketFault) wait(r *http.Request) (well bool) {
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done(): // what it asked for is done all the same
		}
	}
	return f.Status == 0 && !f.Cut && f.Body == nil
}

func (f TicketFault) answer(w http.ResponseWriter) {
	switch {
	case f.Cut:
		panic(http.ErrAbortHandler)
	case f.Status != 0:
		writeGatewayError(w, f.Status, codeUnknown, "told to answer "+strconv.Itoa(f.Status))
	default:
		_, _ = w.Write(f.Body)
	}
}

func (p *Platform) createTicket(w http.ResponseWriter, r *http.Request) {
	var in ticketRequest
	no := readJSON(r, &in)
	info := TicketInfo{
		PlayerID: in.ProtoPlayer + in.Player, Mode: in.ProtoMode + in.Mode, Region: in.ProtoAZ + in.AZ, Mu: in.Mu, Sigma: in.Sigma,
	}
	if no == nil && (info.PlayerID == "" || in.ProtoGame+in.Game != p.opts.GameID || info.Mode == "" || in.Sigma <= 0) {
		no = invalid("a ticket lacks a field, or has another game")
	}
	if no != nil {
		p.refuse(w, no)
		return
	}
	fault, told := p.tickets.ticketFault(CreateTicket)
	if told && fault.wait(r) {
		told = false
	}
	if told && !fault.Done {
		fault.answer(w)
		return
	}
	k := p.enterTicket(info)
	switch {
	case told:
		fault.answer(w)
	case k == nil:
		writeGatewayError(w, http.StatusBadRequest, codePrecondition, "no matchmaker is published for this game and mode")
	default:
		p.answerTicket(w, k, "queued")
	}
}

func (p *Platform) ticketStatus(w http.ResponseWriter, r *http.Request, id string) {
	q := r.URL.Query()
	text := q.Get("timeout_seconds") + q.Get("timeoutSeconds")
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds < 0 {
		p.refuse(w, invalid("timeout_seconds is missing or no number"))
		return
	}
	if fault, told := p.tickets.ticketFault(TicketStatus); told && !fault.wait(r) {
		fault.answer(w)
		return
	}
	p.tickets.mu.Lock()
	k := p.tickets.byID[id]
	gone := k == nil || k.gone
	p.tickets.mu.Unlock()
	if gone {
		writeGatewayError(w, http.StatusNotFound, codeNotFound, "there is no such ticket")
		return
	}
	timer := time.NewTimer(time.Duration(seconds) * time.Second)
	defer timer.Stop()
	select {
	case <-k.assigned:
		p.answerTicket(w, k, "assigned")
	case <-timer.C:
		p.answerTicket(w, k, "pending")
	case <-r.Context().Done():
		panic(http.ErrAbortHandler)
	}
}

func (p *Platform) deleteTicket(w http.ResponseWriter, r *http.Request, id string) {
	fault, told := p.tickets.ticketFault(DeleteTicket)
	if told && fault.wait(r) {
		told = false
	}
	if told && !fault.Done {
		fault.answer(w)
		return
	}
	player := r.URL.Query().Get("player_id")
	t := &p.tickets
	t.mu.Lock()
	k := t.byID[id]
	owns := k != nil && k.PlayerID == player
	open := owns && t.take(k)
	if open {
		k.gone = true
	}
	t.mu.Unlock()
	switch {
	case told:
		fault.answer(w)
	case k != nil && !owns:
		p.refuse(w, &refusal{http.StatusForbidden, codeDenied, "a ticket was to be deleted that is another player's"})
	case !open:
		writeGatewayError(w, http.StatusNotFound, codeNotFound, "the ticket is matched or gone")
	default:
		_, _ = w.Write([]byte("{}"))
	}
}

func (p *Platform) answerTicket(w http.ResponseWriter, k *ticket, status string) {
	p.tickets.mu.Lock()
	answer := map[string]any{"status": status}
	if p.tickets.snake {
		answer["ticket_id"] = k.ID
	} else {
		answer["ticketId"] = k.ID
	}
	if status == "assigned" {
		answer["connection"] = k.Connection
	}
	p.tickets.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}
