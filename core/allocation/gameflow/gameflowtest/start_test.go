package gameflowtest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

const start, fleet = "/v1/games/g/servers", "/v1/fleets/g/allocate"

// ask makes a call without a network; a caller that is hung up on gets status 0.
func ask(ctx context.Context, p *gameflowtest.Platform, path, body string, header ...string) (status int, answer string) {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("X-Api-Key", "k")
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	defer func() {
		if e := recover(); e != nil {
			if e != http.ErrAbortHandler {
				panic(e)
			}
			status = 0
		}
	}()
	p.ServeHTTP(w, r)
	text, _ := io.ReadAll(w.Body)
	return w.Code, strings.TrimSpace(string(text))
}

func TestShapes(t *testing.T) {
	const good = `{"region":"eu","payload":"{\"matchId\":\"m\"}","timeoutSeconds":30}`
	for _, c := range []struct {
		path, body string
		header     []string
		status     int
		want       string
	}{
		{start, good, nil, 200, `{"server":{"address":"203.0.113.1","name":"gs-0","port":20000}}`},
		{start, `{"region":"eu","payload":"x","timeout_seconds":"30"}`, nil, 200, `{"server":`},
		{start, `{"region":"eu","timeoutSeconds":0}`, nil, 200, `{"server":`}, // as GameFlow's template asks
		{fleet, `{"region":"eu","payload":"x"}`, nil, 200, `{"address":"203.0.113.1","name":"gs-0","port":20000}`},

		{fleet, good, nil, 400, "timeoutSeconds"},
		{start, `{"payload":"x"}`, nil, 400, "region"},
		{start, `{"region":"eu","timeoutSeconds":-1}`, nil, 400, "timeoutSeconds"},
		{start, `{"region":"eu","timeoutSeconds":"soon"}`, nil, 400, "shape"},
		{start, `{"region":"eu","payload":{}}`, nil, 400, "shape"},
		{start, `{"region":"eu","other":1}`, nil, 400, "other"},
		{start, `{"region":"eu"} {}`, nil, 400, "shape"},
		{start, ``, nil, 400, "shape"},
		{start, `{"region":"` + strings.Repeat("x", 1<<20) + `"}`, nil, 400, "too large"},
		{start + "?a=b", good, nil, 400, "query"},
		{start, good, []string{"Content-Type", "text/plain"}, 415, "text/plain"},
		{start, good, []string{"X-Api-Key", "other"}, 401, "X-Api-Key"},
		{"/v1/games/other/servers", good, nil, 404, "no such path"},
		{"/v1/games/g", good, nil, 404, "no such path"},
	} {
		p := gameflowtest.New(gameflowtest.Options{GameID: "g", APIKey: "k"})
		status, answer := ask(t.Context(), p, c.path, c.body, c.header...)
		if status != c.status || !strings.Contains(answer, c.want) {
			t.Errorf("%s %.80s: %d %s, want %d %s", c.path, c.body, status, answer, c.status, c.want)
		}
		if good := c.status == 200; (len(p.Problems()) == 0) != good || (p.Count() == 1) != good || (p.Made() == 1) != good {
			t.Errorf("%s %.80s: problems %q, %d calls, %d made", c.path, c.body, p.Problems(), p.Count(), p.Made())
		}
	}
}

// TestMadeIsTrue: what a behaviour says of its server is what is counted.
func TestMadeIsTrue(t *testing.T) {
	for _, b := range append(gameflowtest.Faults(), gameflowtest.OK(), gameflowtest.SnakeCase(), gameflowtest.Wrapped()) {
		p := gameflowtest.New(gameflowtest.Options{GameID: "g", APIKey: "k"})
		p.Script(b)
		status, answer := ask(t.Context(), p, start, `{"region":"eu","payload":"{\"matchId\":\"m\"}"}`)
		made := len(p.Servers("m"))
		if made != p.Made() || made == 1 != (b.Made || status == 200 && strings.Contains(answer, `"203.0.113.1"`)) {
			t.Errorf("%s: %d %.80s with %d made", b.Name, status, answer, made)
		}
	}
}

// TestRealServers: they are made within the call's time, or the call says that there
// is none; who hangs up leaves his behind.
func TestRealServers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boot, fails := time.Duration(0), error(nil)
		var told []gameflowtest.Call
		p := gameflowtest.New(gameflowtest.Options{GameID: "g", APIKey: "k",
			Answered: func(c gameflowtest.Call) { told = append(told, c) },
			Make: func(ctx context.Context, c gameflowtest.Call) (gameflowtest.Made, error) {
				select {
				case <-time.After(boot):
					return gameflowtest.Made{Name: "real-" + c.Region, Address: "127.0.0.1", Port: 7}, fails
				case <-ctx.Done():
					return gameflowtest.Made{}, ctx.Err()
				}
			}})
		const body = `{"region":"eu","timeoutSeconds":10}`
		for _, c := range []struct {
			boot   time.Duration
			fails  error
			answer gameflowtest.Behaviour
			hangUp time.Duration
			status int
			want   string
			made   int
		}{
			{9 * time.Second, nil, gameflowtest.OK(), time.Hour, 200, `"name":"real-eu"`, 1},
			{11 * time.Second, nil, gameflowtest.OK(), time.Hour, 504, `"code":4`, 0},
			{0, errors.New("no port is free"), gameflowtest.OK(), time.Hour, 503, "no port is free", 0},
			{time.Second, nil, gameflowtest.Lost(500), time.Hour, 500, "told to", 1},
			{time.Second, nil, gameflowtest.Status(500), time.Hour, 500, "told to", 0},
			{5 * time.Second, nil, gameflowtest.OK(), time.Second, 0, "", 1},
			{0, nil, gameflowtest.Late(), time.Minute, 0, "", 1},
		} {
			boot, fails = c.boot, c.fails
			p.Script(c.answer)
			before := p.Made()
			ctx, cancel := context.WithTimeout(t.Context(), c.hangUp)
			status, answer := ask(ctx, p, start, body)
			cancel()
			last := told[len(told)-1]
			if status != c.status || !strings.Contains(answer, c.want) || p.Made()-before != c.made || (last.Server.Port == 7) != (c.made == 1) {
				t.Errorf("%s in %s: %d %s, %d made, told %+v", c.answer.Name, c.boot, status, answer, p.Made()-before, last)
			}
		}
		if calls := p.Calls(); calls[0].Server.Name != "real-eu" || calls[1].Server.Name != "" {
			t.Errorf("calls %+v", calls)
		}
	})
}

// TestMixed: the share is kept, every kind comes as often as the others, and a seed
// always gives the same.
func TestMixed(t *testing.T) {
	faults := append(gameflowtest.Faults(), gameflowtest.Late())
	for _, share := range []float64{0, 0.2, 0.5, 1} {
		decide, again, other := gameflowtest.Mixed(1, share, faults), gameflowtest.Mixed(1, share, faults), gameflowtest.Mixed(2, share, faults)
		const calls = 1000
		count, differ := map[string]int{}, 0
		for n := range calls {
			b := decide(n, gameflowtest.Call{})
			count[b.Name]++
			if again(n, gameflowtest.Call{}).Name != b.Name {
				t.Fatal("the same seed is another order")
			}
			if other(n, gameflowtest.Call{}).Name != b.Name {
				differ++
			}
		}
		want := int(share * calls)
		if got := calls - count["ok"]; got < want-1 || got > want+1 {
			t.Errorf("share %g: %d faults", share, got)
		}
		delete(count, "ok")
		if share > 0 && differ == 0 {
			t.Errorf("share %g: another seed is the same order", share)
		}
		for _, b := range faults {
			if n, fair := count[b.Name], want/len(faults); share > 0 && (n < fair-1 || n > fair+2) {
				t.Errorf("share %g: %s came %d times, %d is fair", share, b.Name, n, fair)
			}
		}
	}
	if b := gameflowtest.Mixed(1, 1, nil)(0, gameflowtest.Call{}); b.Name != "ok" {
		t.Errorf("no faults: %s", b.Name)
	}
}

func TestForget(t *testing.T) {
	made := gameflowtest.Made{Name: "n", Address: "127.0.0.1", Port: 1}
	var said []string
	p := gameflowtest.New(gameflowtest.Options{GameID: "g", APIKey: "k", Forget: true,
		Refused: func(problem string) { said = append(said, problem) },
		Make:    func(context.Context, gameflowtest.Call) (gameflowtest.Made, error) { return made, nil }})
	for range 3 {
		if status, answer := ask(t.Context(), p, fleet, `{"region":"eu"}`); status != 200 || !strings.Contains(answer, `"name":"n"`) {
			t.Error(status, answer)
		}
	}
	ask(t.Context(), p, "/", "")
	if p.Made() != 3 || p.Count() != 3 || len(p.Calls()) != 0 || !slices.Equal(said, p.Problems()) || len(said) != 1 {
		t.Errorf("%d made, %d calls, %q", p.Made(), len(p.Calls()), said)
	}
}
