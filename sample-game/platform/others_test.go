package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// call makes one call as a backend would.
func (p *program) call(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader(body))
	must(t, err)
	req.Header.Set("X-Api-Key", "dev-key")
	req.Header.Set("Content-Type", "application/json")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	must(t, err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, string(answer)
}

const (
	ticketOf = `{"player_id":%q,"game_id":"arena","game_mode":"duel","preferred_az":"us-east","mu":25,"sigma":8.333}`
	ratingOf = `{"gameId":"arena","gameMode":"duel","externalMatchId":"m","teams":[{"players":[{"externalPlayerId":"ann","displayName":"Ann"}]},{"players":[{"externalPlayerId":"bob","displayName":"Bob"}]}],"ranks":[1,2]}`
)

// TestMatchmakerAndRatings: two tickets of a mode that is published are a match, and
// its result is taken.
func TestMatchmakerAndRatings(t *testing.T) {
	p := start(t, "-mode", "duel=2")
	for _, player := range []string{"ann", "bob"} {
		if status, answer := p.call(t, "POST", "/matchmaking/tickets", fmt.Sprintf(ticketOf, player)); status != 200 {
			t.Fatal(status, answer)
		}
	}
	if status, answer := p.call(t, "POST", "/skill-rating/matches:report", ratingOf); status != 200 {
		t.Error(status, answer)
	}
	p.stop()
	for _, want := range []string{`POST  "/v1/matchmaking/tickets"`, `POST  "/v1/skill-rating/matches:report"`} {
		if !strings.Contains(p.text(), want) {
			t.Errorf("no %q in\n%s", want, p.text())
		}
	}
	if strings.Contains(p.text(), "refused") {
		t.Error(p.text())
	}
}

// TestOtherCallsFailToo: faults are for matchmaking and ratings as well.
func TestOtherCallsFailToo(t *testing.T) {
	p := start(t, "-mode", "duel=2", "-faults", "1", "-kinds", "status 503")
	for path, body := range map[string]string{"/matchmaking/tickets": fmt.Sprintf(ticketOf, "ann"), "/skill-rating/matches:report": ratingOf} {
		if status, answer := p.call(t, "POST", path, body); status != 503 {
			t.Errorf("%s: %d %s", path, status, answer)
		}
	}
}
