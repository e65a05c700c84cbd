package scripttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/muster-gg/muster/runtime/script/fetch"
	"github.com/muster-gg/muster/sdk/hook/memhost"
)

// start is the time at which every test begins.
var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// maxAdvance is how far a test may move its clock at once.
const maxAdvance = 100 * 365 * 24 * time.Hour

// world is all that one test sees of what is outside of it.
type world struct {
	host *memhost.Host

	mu       sync.Mutex
	now      time.Time
	next     []float64 // random numbers that the test has chosen
	random   *rand.Rand
	rules    []*rule // the newest last
	requests []request
	unmet    string // the first request that had no answer
	detail   detail
}

// detail is what an expectation wanted and got.
type detail struct {
	Expected, Got string
}

func newWorld() *world {
	w := &world{host: memhost.New(), now: start, random: seeded(1)}
	w.host.Clock = w.clock
	return w
}

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed)) }

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// pass lets time go on to a moment, if that is to come.
func (w *world) pass(until time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if until.After(w.now) {
		w.now = until
	}
}

func (w *world) rand() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.next) > 0 {
		n := w.next[0]
		w.next = w.next[1:]
		return n
	}
	return w.random.Float64()
}

// natives are what the kit is made of.
func (w *world) natives() map[string]func(json.RawMessage) (json.RawMessage, error) {
	return map[string]func(json.RawMessage) (json.RawMessage, error){
		"advance": w.advance, "random": w.reseed, "fetch": w.addRule, "requests": w.asked, "notices": w.notices, "erase": w.erase, "detail": w.note,
	}
}

// arguments reads the list of them into pointers.
func arguments(args json.RawMessage, to ...any) error {
	var list []json.RawMessage
	if err := json.Unmarshal(args, &list); err != nil {
		return err
	}
	for i, p := range to {
		if i >= len(list) {
			return errors.New("an argument is missing")
		}
		if err := json.Unmarshal(list[i], p); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) advance(args json.RawMessage) (json.RawMessage, error) {
	var ms float64
	if err := arguments(args, &ms); err != nil || ms < 0 || ms > float64(maxAdvance.Milliseconds()) {
		return nil, errors.New("clock.advance needs how many milliseconds to go on, 0 or more")
	}
	w.pass(w.clock().Add(time.Duration(ms * float64(time.Millisecond))))
	return nil, nil
}

func (w *world) reseed(args json.RawMessage) (json.RawMessage, error) {
	var seed float64
	var list []float64
	switch {
	case arguments(args, &list) == nil && list != nil:
		for _, n := range list {
			if n < 0 || n >= 1 {
				return nil, fmt.Errorf("random numbers are from 0 up to, but not including, 1: %v", n)
			}
		}
	case arguments(args, &seed) != nil:
		return nil, errors.New("random needs a number to begin with, or a list of the next numbers")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.next = list; list == nil {
		w.random = seeded(math.Float64bits(seed))
	}
	return nil, nil
}

func (w *world) notices(json.RawMessage) (json.RawMessage, error) {
	type notice struct {
		AccountID string          `json:"accountId"`
		Kind      string          `json:"kind"`
		Payload   json.RawMessage `json:"payload,omitempty"`
	}
	list := []notice{}
	for _, n := range w.host.Notices() {
		if bytes.Equal(n.Payload, []byte("null")) {
			n.Payload = nil
		}
		list = append(list, notice{n.AccountID, n.Kind, n.Payload})
	}
	return json.Marshal(list)
}

func (w *world) erase(args json.RawMessage) (json.RawMessage, error) {
	var id string
	if err := arguments(args, &id); err != nil || id == "" {
		return nil, errors.New("eraseAccount needs the account's id")
	}
	w.host.Erase(id)
	return nil, nil
}

func (w *world) note(args json.RawMessage) (json.RawMessage, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return nil, arguments(args, &w.detail)
}

// Do answers ctx.fetch.
func (w *world) Do(_ context.Context, r fetch.Request) (*fetch.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	asked := request{Method: r.Method, URL: r.URL, Headers: r.Headers, Body: string(r.Body)}
	if asked.Headers == nil {
		asked.Headers = map[string]string{}
	}
	w.requests = append(w.requests, asked)
	for i := len(w.rules) - 1; i >= 0; i-- {
		if rule := w.rules[i]; rule.fits(r.URL) {
			return rule.answer()
		}
	}
	text := fmt.Sprintf("the test has no answer for %s %s: give one with t.fetch(%q, { json: … })", r.Method, r.URL, r.URL)
	if w.unmet == "" {
		w.unmet = text
	}
	return nil, &fetch.Error{Code: fetch.CodeRefused, Text: text}
}
