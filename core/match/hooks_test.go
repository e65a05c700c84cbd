package match

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/sdk/hook"
)

var _ Runner = (*hooks.Runner)(nil)

// ruleset is one version of a game's rules.
type ruleset struct {
	version  string
	balanced func()               // called in balance_teams
	refusal  error                // of validate_start
	seen     func(l *hook.Lobby)  // by validate_start
	events   func(e *hook.Event)  // one at a time
	result   func(r *hook.Report) // amends it
}

func (r *ruleset) BalanceTeams(_ context.Context, l *hook.Lobby) (*hook.Assignment, error) {
	if r.balanced != nil {
		r.balanced()
	}
	return &hook.Assignment{Teams: []*hook.TeamAssignment{{Name: "A", AccountIds: []string{"bob"}}, {Name: "B", AccountIds: []string{"ann"}}}}, nil
}

func (r *ruleset) ValidateStart(_ context.Context, l *hook.Lobby) error {
	if r.seen != nil {
		r.seen(l)
	}
	return r.refusal
}

func (r *ruleset) MatchPayload(context.Context, *hook.Lobby, *hook.Payload) (*hook.Payload, error) {
	return &hook.Payload{Provider: "second", Region: "eu", Keys: map[string]*structpb.Value{"rules": structpb.NewStringValue(r.version)}}, nil
}

func (r *ruleset) HandleEvent(_ context.Context, e *hook.Event) error {
	if r.events != nil {
		r.events(e)
	}
	return nil
}

func (r *ruleset) MatchResult(_ context.Context, _ *hook.Match, report *hook.Report) (*hook.Report, error) {
	if r.result != nil {
		r.result(report)
	}
	return report, nil
}

func (r *ruleset) hook(points ...hook.Point) []hooks.Hook {
	return []hooks.Hook{{Name: "rules", Version: r.version, Impl: r, Points: points}}
}

// ruledBy gives the fixture's services the hooks of a runner.
func (f *fixture) ruledBy(t testing.TB, list []hooks.Hook) *hooks.Runner {
	t.Helper()
	r, err := hooks.New(hooks.Options{Game: "g", Hooks: list})
	must(t, err)
	t.Cleanup(func() { must(t, r.Close(context.Background())) })
	f.Service.hooks, f.Service.events = HooksOf(r), EventsOf(r)
	return r
}

// TestAStartKeepsItsRules swaps the rules in the middle of a start: the whole start
// uses the version that it began with, and the old rules are over after it.
func TestAStartKeepsItsRules(t *testing.T) {
	f := newFixture(t)
	core, lines := observer.New(zap.InfoLevel)
	f.Service.log = zap.New(core)
	inside, swapped := make(chan struct{}), make(chan struct{})
	r := f.ruledBy(t, (&ruleset{version: "1", balanced: func() { close(inside); <-swapped }}).hook())
	f.gather(t)
	f.start(t)
	<-inside
	old, err := r.Swap((&ruleset{version: "2", refusal: hook.Refuse("the new rules", nil)}).hook())
	must(t, err)
	close(swapped)
	e := f.feed.await(t, lobby.MatchStarted)
	if first := e.Match.Teams[0].Players[0].AccountID; first != "bob" {
		t.Errorf("%s leads team A", first)
	}
	<-old.Done()
	made := f.fleet.made[0]
	raw, err := made.Payload("http://x")
	must(t, err)
	var payload struct{ Rules string }
	must(t, json.Unmarshal(raw, &payload))
	if payload.Rules != "1" || made.Prefer != "second" || made.Region != "eu" {
		t.Errorf("rules %q, asked for %+v", payload.Rules, made)
	}
	answer, err := f.Report(t.Context(), made.MatchID, f.signer.resultToken(made.MatchID), []byte(goodResult))
	must(t, err)
	if m, err := f.records.MatchByID(t.Context(), "g", made.MatchID); err != nil || fmt.Sprint(m.Hooks) != "[rules@1]" {
		t.Errorf("recorded %+v %v, answered %s", m, err, answer)
	}
	started := lines.FilterMessage("match started").All()
	if len(started) != 1 || fmt.Sprint(started[0].ContextMap()["hooks"]) != "[rules@1]" {
		t.Errorf("logged %+v", started)
	}
}

func TestARefusedStartTellsEachHisReason(t *testing.T) {
	f := newFixture(t)
	f.ruledBy(t, (&ruleset{version: "1", refusal: hook.Refuse("not now", map[string]string{"bob": "you are late"})}).hook(hook.PointValidateStart))
	f.gather(t)
	f.start(t)
	if e := f.feed.await(t, lobby.StartRefused); e.To != "ann" || e.Fault.Text != "not now" || e.Fault.Code != "refused_by_hook" {
		t.Errorf("ann is told %+v", e.Fault)
	}
	if e := f.feed.await(t, lobby.MatchFailed); e.To != "bob" || e.Fault.Text != "you are late" {
		t.Errorf("%s is told %+v", e.To, e.Fault)
	}
}

// linked are accounts with sign-ins, and counts how often they are read.
type linked struct {
	everybody
	mu    sync.Mutex
	reads []string
	err   error
}

func (l *linked) Account(ctx context.Context, game, id string) (store.Account, error) {
	l.mu.Lock()
	l.reads = append(l.reads, id)
	l.mu.Unlock()
	a, err := l.everybody.Account(ctx, game, id)
	a.Identities = []store.Identity{{Provider: "discord", Subject: "d-" + id, Username: "Disco " + id}}
	return a, errors.Join(err, l.err)
}

func TestHooksSeeIdentities(t *testing.T) {
	for name, c := range map[string]struct {
		points []hook.Point
		reads  string
		code   string
	}{
		"validate": {[]hook.Point{hook.PointValidateStart, hook.PointBalanceTeams}, "[ann bob]", ""},
		"nobody":   {[]hook.Point{hook.PointMatchPayload}, "[]", ""},
		"broken":   {[]hook.Point{hook.PointValidateStart}, "[ann bob]", "internal"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			accounts := &linked{everybody: everybody{map[string]bool{"bob": true}}}
			if c.code != "" {
				accounts.everybody.but, accounts.err = nil, errors.New("no database")
			}
			f.accounts = accounts
			seen := make(chan string, 1)
			f.ruledBy(t, (&ruleset{version: "1", seen: func(l *hook.Lobby) {
				var all []string
				for _, team := range l.GetTeams() {
					for _, p := range team.GetPlayers() {
						for _, i := range p.GetIdentities() {
							all = append(all, i.Provider+" "+i.Subject+" "+i.Username)
						}
					}
				}
				seen <- strings.Join(all, ",")
			}}).hook(c.points...))
			f.gather(t)
			must(t, errOf(f.lobbies.FillBots(t.Context(), who("ann"), nil)))
			f.start(t)
			if c.code != "" {
				if e := f.feed.await(t, lobby.StartRefused); e.Fault.Code != c.code {
					t.Errorf("%+v", e.Fault)
				}
			} else {
				f.feed.await(t, lobby.MatchStarted)
			}
			if len(c.points) == 2 { // bob's account was erased
				if got := <-seen; got != "discord d-ann Disco ann" {
					t.Errorf("seen %s", got)
				}
			}
			accounts.mu.Lock()
			defer accounts.mu.Unlock()
			slices.Sort(accounts.reads)
			if got := fmt.Sprint(slices.Compact(accounts.reads)); got != c.reads && c.code == "" || len(accounts.reads) > 2 {
				t.Errorf("read %s", got)
			}
		})
	}
}

// TestEventsOfAMatch: what hooks are told from a server's gift to the end.
func TestEventsOfAMatch(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(t *testing.T, f *fixture, id string)
		want string
	}{
		"result": {func(t *testing.T, f *fixture, id string) {
			for range 2 {
				must(t, errOf(f.Report(t.Context(), id, f.signer.resultToken(id), []byte(goodResult))))
			}
		}, `ended "" by 2 teams, ann scored 3.5`},
		"clean": {func(t *testing.T, f *fixture, id string) {
			f.ServerEnded(t.Context(), "g", id, allocation.EndedClean)
		}, `ended ""`},
		"crash": {func(t *testing.T, f *fixture, id string) {
			f.ServerEnded(t.Context(), "g", id, allocation.EndedCrashed)
			f.ServerEnded(t.Context(), "g", id, allocation.EndedCrashed)
		}, `ended "server_lost"`},
		"erased": {func(t *testing.T, f *fixture, id string) {
			f.erased["bob"] = true
			f.ServerEnded(t.Context(), "g", id, allocation.EndedClean)
		}, `ended ""`},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			var mu sync.Mutex
			var told []string
			r := f.ruledBy(t, (&ruleset{version: "1", events: func(e *hook.Event) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, line(e))
			}}).hook(hook.PointEvents))
			f.gather(t)
			id := f.start(t)
			f.feed.await(t, lobby.MatchStarted)
			c.end(t, &f, id)
			must(t, r.Close(t.Context())) // all events are told
			mu.Lock()
			defer mu.Unlock()
			if want := []string{"ready stub 127.0.0.1:7777", c.want}; !slices.Equal(told, want) {
				t.Errorf("told %q, want %q", told, want)
			}
		})
	}
}

// line is an event in short.
func line(e *hook.Event) string {
	if s := e.GetServerReady(); s != nil {
		return fmt.Sprintf("ready %s %s:%d", s.Provider, s.Server.Address, s.Server.Port)
	}
	m := e.GetMatchEnded()
	out := fmt.Sprintf("ended %q", m.GetCode())
	if r := m.GetReport(); r != nil {
		out += fmt.Sprintf(" by %d teams, %s scored %v", len(r.Teams), r.Players[0].AccountId, r.Players[0].GetScore())
	}
	if l := m.GetMatch().GetLobby(); len(l.GetTeams()) != 2 || m.GetMatch().GetStartedAt() == 0 || m.GetMatch().GetServer().GetPort() != 7777 {
		out += fmt.Sprint(" of ", m.GetMatch())
	}
	return out
}

// TestNobodyListens holds that an end without listeners builds nothing.
func TestNobodyListens(t *testing.T) {
	f := newFixture(t)
	f.ruledBy(t, nil)
	live := &Live{ID: "m", StartedAt: time.Now()}
	if err := f.tellEnd(live, store.Match{Roster: []byte("not even JSON")}); err != nil {
		t.Error(err)
	}
}
