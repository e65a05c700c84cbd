package lobby

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-gg/muster/core/fault"
)

func drawRules(t *rapid.T) *Rules {
	r := &Rules{
		MinPlayers:     1,
		ReconnectGrace: rapid.SampledFrom([]time.Duration{0, time.Second, 30 * time.Second}).Draw(t, "grace"),
		ReadyTimeout:   rapid.SampledFrom([]time.Duration{0, 5 * time.Second}).Draw(t, "readyTimeout"),
		Reopen:         rapid.Bool().Draw(t, "reopen"),
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "teams") {
		r.Teams = append(r.Teams, TeamRule{fmt.Sprintf("T%d", i), rapid.IntRange(1, 3).Draw(t, "size")})
	}
	r.MinPlayers = rapid.IntRange(1, r.Seats()).Draw(t, "min")
	return r
}

var people = []string{"ann", "bob", "cid", "dan", "eve"}

// TestReducerKeepsInvariants drives random commands through the reducer. After
// each: a refused command has changed nothing, an accepted one keeps every
// invariant, seats agree with the members, and one match id starts once.
func TestReducerKeepsInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := drawRules(t)
		now := time.UnixMilli(1_700_000_000_000)
		s := Service{rules: *rules, now: func() time.Time { return now }}
		first := s.fresh(Who{"ann", "Ann"}, Draft{})
		l := &first
		seats := map[string]bool{"ann": true}
		started := map[string]int{}

		for i := range rapid.IntRange(1, 60).Draw(t, "commands") {
			now = now.Add(rapid.SampledFrom([]time.Duration{0, 10 * time.Millisecond, 2 * time.Second, 40 * time.Second}).Draw(t, "pass"))
			before, _ := json.Marshal(l)
			c := newChange(l, now, rules)
			name, err := drawCommand(t, c, i)
			if after, _ := json.Marshal(l); string(after) != string(before) {
				t.Fatalf("%s changed the shared document", name)
			}
			if err != nil {
				if c.dirty || len(c.events) > 0 || !reflect.DeepEqual(c.lobby, l.clone()) {
					t.Fatalf("%s was refused (%v) but changed something", name, err)
				}
				var f *fault.Error
				if !errors.As(err, &f) || f.Code == "" || f.Text == "" {
					t.Fatalf("%s: refusal without code and text: %v", name, err)
				}
				continue
			}
			for account, here := range c.seats {
				seats[account] = here
			}
			for _, e := range c.events {
				if e.Kind == MatchStarted {
					started[e.MatchID]++
					if started[e.MatchID] > 1 {
						t.Fatalf("match %s started twice", e.MatchID)
					}
				}
			}
			if c.lobby == nil {
				for account, here := range seats {
					if here {
						t.Fatalf("%s: lobby gone, %s still seated", name, account)
					}
				}
				return
			}
			if err := broken(c.lobby, rules); err != nil {
				t.Fatalf("after %s: %v\n%+v", name, err, c.lobby)
			}
			for _, who := range people {
				if _, member := c.lobby.Member(who); member != seats[who] {
					t.Fatalf("after %s: %s member %v, seated %v", name, who, member, seats[who])
				}
			}
			if !c.dirty {
				if a, _ := json.Marshal(c.lobby); string(a) != string(before) {
					t.Fatalf("%s changed the lobby without saying so", name)
				}
			}
			back := new(Lobby)
			raw, err := c.lobby.AppendState(nil)
			if err == nil {
				err = json.Unmarshal(raw, back)
			}
			if err != nil {
				t.Fatal(err)
			}
			if again, _ := back.AppendState(nil); string(again) != string(raw) {
				t.Fatalf("document does not survive encoding:\n%s\n%s", raw, again)
			}
			l = c.lobby
		}
	})
}

func drawCommand(t *rapid.T, c *change, i int) (string, error) {
	who := rapid.SampledFrom(people).Draw(t, "who")
	owner := who
	if rapid.IntRange(0, 3).Draw(t, "asOwner") > 0 {
		owner = c.lobby.OwnerID
	}
	match := "m-none"
	switch {
	case c.lobby.Attempt != nil:
		match = c.lobby.Attempt.MatchID
	case c.lobby.Match != nil:
		match = c.lobby.Match.ID
	}
	team := rapid.SampledFrom([]string{"", "A", "B", "T0", "T1", "T2", "nope"}).Draw(t, "team")
	kinds := []string{"join", "join", "leave", "ready", "ready", "team", "kick", "promote", "bots", "update",
		"start", "start", "step", "rebalance", "commit", "fail", "cancel", "end", "connect", "disconnect", "rename", "tick", "restarted"}
	kind := rapid.SampledFrom(kinds).Draw(t, "kind")
	var err error
	switch kind {
	case "join":
		wish := rapid.SampledFrom([]string{"", "T0", "T1"}).Draw(t, "wish")
		err = c.join(join{who: Who{who, who}, team: team, wish: wish, byCode: rapid.Bool().Draw(t, "byCode")})
	case "leave":
		err = c.leave(who)
	case "ready":
		err = c.ready(who, rapid.IntRange(0, 4).Draw(t, "ready") > 0)
	case "team":
		err = c.changeTeam(who, team)
	case "kick":
		target := rapid.SampledFrom(people).Draw(t, "target")
		if bot := c.lastBot(0); bot != "" && rapid.Bool().Draw(t, "kickBot") {
			target = bot
		}
		err = c.kick(owner, target)
	case "promote":
		err = c.promote(owner, rapid.SampledFrom(people).Draw(t, "target"))
	case "bots":
		per := rapid.IntRange(-1, 4).Draw(t, "per")
		ids := make([]string, c.rules.Seats())
		for k := range ids {
			ids[k] = fmt.Sprintf("bot-%d-%d", i, k)
		}
		err = c.fillBots(owner, &per, ids)
	case "update":
		n, private := rapid.IntRange(0, 9).Draw(t, "max"), rapid.Bool().Draw(t, "private")
		err = c.update(owner, Change{MaxPlayers: &n, IsPrivate: &private, Properties: Properties{"k": json.RawMessage(`1`)}}, "")
	case "start":
		err = c.start(owner, Attempt{MatchID: fmt.Sprintf("m%d", i), Starter: owner, Deadline: c.now.Add(10 * time.Second)})
	case "step":
		err = c.step(match, Allocating)
	case "rebalance":
		teams := make([][]string, len(c.lobby.Teams))
		for _, p := range c.lobby.All {
			k := rapid.IntRange(0, len(teams)-1).Draw(t, "to")
			teams[k] = append(teams[k], p.AccountID)
		}
		err = c.rebalance(match, teams)
	case "commit":
		err = c.commitStart(Match{ID: match, Server: Server{"s", "127.0.0.1", 1}})
	case "fail":
		err = c.failStart(match, fault.New("allocation_failed", "Failed to allocate game server"))
	case "cancel":
		err = c.cancel(owner)
	case "end":
		var f *fault.Error
		if rapid.Bool().Draw(t, "lost") {
			f = fault.New("server_lost", "The game server was lost")
		}
		err = c.endMatch(match, json.RawMessage(`{}`), f)
	case "connect":
		err = c.connect(Who{who, who})
	case "disconnect":
		err = c.disconnect(who)
	case "rename":
		err = c.rename(Who{who, who + "2"})
	case "tick":
		c.tick()
	case "restarted":
		c.restarted()
	}
	return kind, err
}

func fourByFour() *Rules {
	return &Rules{Teams: []TeamRule{{"A", 4}, {"B", 4}}, MinPlayers: 2, ReconnectGrace: 30 * time.Second, Reopen: true}
}

// made returns a change on a lobby of which ann is the owner and the others are members.
func made(t *testing.T, rules *Rules, others ...string) *change {
	t.Helper()
	s := Service{rules: *rules, now: func() time.Time { return time.UnixMilli(1) }}
	l := s.fresh(Who{"ann", "ann"}, Draft{})
	c := newChange(&l, time.UnixMilli(1), rules)
	for _, o := range others {
		if err := c.join(join{who: Who{o, o}, byCode: true}); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func (c *change) allReady(t *testing.T) {
	t.Helper()
	for _, p := range c.lobby.All {
		if err := c.ready(p.AccountID, true); err != nil {
			t.Fatal(err)
		}
	}
}

func names(ps []Player) (out []string) {
	for _, p := range ps {
		out = append(out, p.AccountID)
	}
	return out
}

func TestJoinsFillTheSmallestTeam(t *testing.T) {
	c := made(t, fourByFour(), "bob", "cid", "dan")
	if a, b := names(c.lobby.Teams[0].Players), names(c.lobby.Teams[1].Players); !slices.Equal(a, []string{"ann", "cid"}) || !slices.Equal(b, []string{"bob", "dan"}) {
		t.Fatalf("teams %v, %v", a, b)
	}
}

func TestHumanTakesABotsSeat(t *testing.T) {
	c := made(t, fourByFour())
	ids := make([]string, 8)
	for i := range ids {
		ids[i] = fmt.Sprint("bot-", i)
	}
	if err := c.fillBots("ann", nil, ids); err != nil {
		t.Fatal(err)
	}
	if err := c.join(join{who: Who{"bob", "bob"}, byCode: true}); err != nil {
		t.Fatal(err)
	}
	members, humans, _ := c.lobby.Count()
	if team, _ := c.lobby.Find("bob"); members != 8 || humans != 2 || team != 1 {
		t.Fatalf("%d members, %d humans, bob in team %d", members, humans, team)
	}
}

func TestOwnerGoesToTheLongestPresent(t *testing.T) {
	c := made(t, fourByFour(), "bob", "cid")
	if err := c.disconnect("bob"); err != nil {
		t.Fatal(err)
	}
	if err := c.disconnect("ann"); err != nil {
		t.Fatal(err)
	}
	if c.lobby.OwnerID != "cid" {
		t.Fatalf("owner %s", c.lobby.OwnerID)
	}
	if err := c.disconnect("cid"); err != nil {
		t.Fatal(err)
	}
	if err := c.connect(Who{"bob", "bob"}); err != nil {
		t.Fatal(err)
	}
	if c.lobby.OwnerID != "bob" {
		t.Fatalf("the only one connected does not own the lobby: %s", c.lobby.OwnerID)
	}
}

func TestStartNeedsEveryoneReadyAndPresent(t *testing.T) {
	c := made(t, fourByFour(), "bob")
	a := Attempt{MatchID: "m1", Starter: "ann"}
	if err := c.start("bob", a); !errors.Is(err, ErrNotOwner) || err.Error() != "not_owner: Only lobby owner can start match" {
		t.Fatal(err)
	}
	if err := c.start("ann", a); !errors.Is(err, ErrNotReady) {
		t.Fatal(err)
	}
	c.allReady(t)
	if err := c.disconnect("bob"); err != nil {
		t.Fatal(err)
	}
	if err := c.start("ann", a); !errors.Is(err, ErrNotReady) {
		t.Fatal("a start with an absent member:", err)
	}
	if err := c.connect(Who{"bob", "bob"}); err != nil {
		t.Fatal(err)
	}
	if err := c.start("ann", a); !errors.Is(err, ErrNotReady) {
		t.Fatal("returning restored ready:", err)
	}
	c.allReady(t)
	if err := c.start("ann", a); err != nil {
		t.Fatal(err)
	}
	if err := c.start("ann", a); !errors.Is(err, ErrAlreadyStarting) {
		t.Fatal(err)
	}
}

func TestLeavingBelowTheMinimumCancelsTheStart(t *testing.T) {
	c := made(t, fourByFour(), "bob")
	c.allReady(t)
	if err := c.start("ann", Attempt{MatchID: "m1", Starter: "ann"}); err != nil {
		t.Fatal(err)
	}
	if err := c.leave("bob"); err != nil {
		t.Fatal(err)
	}
	if c.lobby.State != Open || len(c.events) != 1 || c.events[0].Kind != MatchFailed || c.events[0].Fault.Code != "start_cancelled" {
		t.Fatalf("state %s, events %+v", c.lobby.State, c.events)
	}
	if err := c.commitStart(Match{ID: "m1"}); !errors.Is(err, ErrStartCancelled) {
		t.Fatal("a cancelled start became a match:", err)
	}
	if p, _ := c.lobby.Member("ann"); !p.Ready {
		t.Fatal("ready was lost")
	}
}

func TestAbsentMembersGetANotice(t *testing.T) {
	c := made(t, fourByFour(), "bob")
	c.allReady(t)
	if err := c.start("ann", Attempt{MatchID: "m1", Starter: "ann"}); err != nil {
		t.Fatal(err)
	}
	if err := c.disconnect("bob"); err != nil {
		t.Fatal(err)
	}
	if err := c.failStart("m1", fault.New("allocation_failed", "Failed to allocate game server")); err != nil {
		t.Fatal(err)
	}
	if len(c.notices) != 2 || c.notices[1].account != "bob" || c.notices[1].notice.Code != "allocation_failed" {
		t.Fatalf("notices %+v", c.notices)
	}
	if len(c.untold) != 1 || c.untold[0].account != "ann" {
		t.Fatalf("to be taken back when she was told: %+v", c.untold)
	}
	if c.events[0].Kind != StartRefused || c.events[0].To != "ann" || c.events[1].Kind != MatchFailed || c.events[1].Except != "ann" {
		t.Fatalf("events %+v", c.events)
	}
}

func TestReadyTimeoutRemovesWhoIsNotReady(t *testing.T) {
	rules := fourByFour()
	rules.ReadyTimeout = 5 * time.Second
	c := made(t, rules, "bob", "cid")
	if err := c.ready("ann", true); err != nil {
		t.Fatal(err)
	}
	by := c.lobby.ReadyBy
	if !by.Equal(c.now.Add(5 * time.Second)) {
		t.Fatalf("clock %v", by)
	}
	if err := c.ready("bob", true); err != nil {
		t.Fatal(err)
	}
	c.now = by
	c.tick()
	if _, stays := c.lobby.Member("cid"); stays || c.lobby.ReadyBy != (time.Time{}) {
		t.Fatalf("cid stays %v, clock %v", stays, c.lobby.ReadyBy)
	}
	if err := c.join(join{who: Who{"cid", "cid"}, byCode: true}); err != nil {
		t.Fatal("cannot come back:", err)
	}
}

func TestKickedCannotComeBack(t *testing.T) {
	c := made(t, fourByFour(), "bob")
	if err := c.kick("ann", "bob"); err != nil {
		t.Fatal(err)
	}
	if err := c.join(join{who: Who{"bob", "bob"}, byCode: true}); !errors.Is(err, ErrKicked) {
		t.Fatal(err)
	}
}

func TestTeamChangeSwapsWithABot(t *testing.T) {
	rules := &Rules{Teams: []TeamRule{{"Red", 1}, {"Blue", 1}}, MinPlayers: 1}
	c := made(t, rules)
	if err := c.fillBots("ann", nil, []string{"bot-1", "bot-2"}); err != nil {
		t.Fatal(err)
	}
	if err := c.changeTeam("ann", "B"); err != nil {
		t.Fatal(err)
	}
	if team, _ := c.lobby.Find("ann"); team != 1 || c.lobby.Teams[0].Players[0].AccountID != "bot-1" {
		t.Fatalf("%+v", c.lobby.Teams)
	}
}

// TestALateWordOfAnEarlierStartIsRefused starts, cancels and starts again.
func TestALateWordOfAnEarlierStartIsRefused(t *testing.T) {
	c := made(t, fourByFour(), "bob")
	c.allReady(t)
	for _, id := range []string{"m1", "m2"} {
		if err := c.start("ann", Attempt{MatchID: id, Starter: "ann"}); err != nil {
			t.Fatal(err)
		}
		if id == "m1" {
			if err := c.cancel("ann"); err != nil {
				t.Fatal(err)
			}
		}
	}
	for what, err := range map[string]error{
		"commit":    c.commitStart(Match{ID: "m1"}),
		"fail":      c.failStart("m1", fault.Internal),
		"step":      c.step("m1", Allocating),
		"rebalance": c.rebalance("m1", nil),
	} {
		if !errors.Is(err, ErrStartCancelled) {
			t.Errorf("%s of the first start: %v", what, err)
		}
	}
	if c.lobby.State != Starting || c.lobby.Attempt.MatchID != "m2" {
		t.Errorf("the second start is gone: %+v", c.lobby)
	}
	if err := c.commitStart(Match{ID: "m2"}); err != nil {
		t.Fatal(err)
	}
	if err := c.endMatch("m1", nil, nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("an end of another match: %v", err)
	}
}
