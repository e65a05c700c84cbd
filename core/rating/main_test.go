package rating_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/core/allocation/gameflow"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/rating"
	"github.com/muster-gg/muster/core/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const game = "arena"

// ended is a match that ended just now: one player of each team, the first won.
func ended(id string) store.Match {
	teams := []lobby.RosterTeam{
		{Name: "A", Players: []lobby.RosterPlayer{{AccountID: "ann-" + id, Username: "Ann"}}},
		{Name: "B", Players: []lobby.RosterPlayer{{AccountID: "bob-" + id, Username: "Bob"}}},
	}
	roster, err := json.Marshal(teams)
	if err != nil {
		panic(err)
	}
	return store.Match{
		ID: id, Game: game, Status: "ended", StartedAt: time.Now(), EndedAt: time.Now(),
		Roster: roster, Result: []byte(`{"teams":[{"name":"A","rank":1},{"name":"B","rank":2}]}`),
	}
}

// memory is a store under a false clock.
type memory struct {
	store.Reports
	mu     sync.Mutex
	rows   []store.Report // in the order in which they were owed
	broken error          // what every call fails with
}

func (m *memory) FinishRatedMatch(_ context.Context, end store.Match) (store.Match, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken == nil {
		m.rows = append(m.rows, store.Report{Match: end, Due: end.EndedAt})
	}
	return end, m.broken == nil, m.broken
}

func (m *memory) NextReport(context.Context, string) (store.Report, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil || len(m.rows) == 0 {
		return store.Report{}, cmpOr(m.broken, store.ErrNotFound)
	}
	return slices.MinFunc(m.rows, func(a, b store.Report) int { return a.Due.Compare(b.Due) }), nil
}

func (m *memory) DelayReport(_ context.Context, _, id string, tries int, due time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.rows {
		if m.rows[i].Match.ID == id && m.broken == nil {
			m.rows[i].Tries, m.rows[i].Due = tries, due
		}
	}
	return m.broken
}

func (m *memory) SettleReport(_ context.Context, _, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken == nil {
		m.rows = slices.DeleteFunc(m.rows, func(r store.Report) bool { return r.Match.ID == id })
	}
	return m.broken
}

func (m *memory) CountReports(context.Context, string) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.rows), m.broken
}

func (m *memory) DropReports(_ context.Context, _ string, n int) (ids []string, _ error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.rows[:n] {
		ids = append(ids, r.Match.ID)
	}
	m.rows = m.rows[n:]
	return ids, m.broken
}

// breaks has every call of the store fail, or with nil work again.
func (m *memory) breaks(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = err
}

func cmpOr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// scripted is a platform that answers as it is told to, and notes when it was asked.
type scripted struct {
	began  time.Time
	answer func(m gameflow.RatedMatch) error // nil: takes all

	mu    sync.Mutex
	calls []string
}

func (p *scripted) Report(_ context.Context, m gameflow.RatedMatch) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, fmt.Sprintf("%s at %s", m.ID, time.Since(p.began)))
	if p.answer == nil {
		return nil
	}
	return p.answer(m)
}

// answers has calls answered by f, or with nil all taken.
func (p *scripted) answers(f func(gameflow.RatedMatch) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = f
}

func (p *scripted) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

// counts are the metrics.
type counts struct {
	mu  sync.Mutex
	all map[rating.Outcome]int
}

func (c *counts) Reported(o rating.Outcome, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all == nil {
		c.all = map[rating.Outcome]int{}
	}
	c.all[o] += n
}

func (c *counts) of(o rating.Outcome) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all[o]
}
