package lobby

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/sdk/hook"
)

// heard keeps what happened, as hooks are told.
type heard struct {
	mu     sync.Mutex
	deaf   bool
	events []*hook.Event
}

func (h *heard) Serves(p hook.Point) bool { return !h.deaf && p == hook.PointEvents }

func (h *heard) Emit(e *hook.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
}

// lines are the events in short, and forgets them.
func (h *heard) lines() (lines []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.events {
		switch {
		case e.GetLobbyCreated() != nil:
			l := e.GetLobbyCreated().GetLobby()
			lines = append(lines, "created by "+l.OwnerId+members(l))
		case e.GetPlayerJoined() != nil:
			j := e.GetPlayerJoined()
			lines = append(lines, "joined "+j.Player.AccountId+members(j.Lobby))
		case e.GetPlayerLeft() != nil:
			l := e.GetPlayerLeft()
			lines = append(lines, l.Reason+" "+l.Player.AccountId+members(l.Lobby))
		case e.GetMatchStarted() != nil:
			m := e.GetMatchStarted().GetMatch()
			lines = append(lines, fmt.Sprint("started ", m.Id, " on ", m.Server.Port, members(m.Lobby)))
		}
	}
	h.events = nil
	return lines
}

// members are a lobby's humans.
func members(l *hook.Lobby) string {
	var ids []string
	for _, t := range l.GetTeams() {
		for _, p := range t.GetPlayers() {
			if !p.GetBot() {
				ids = append(ids, p.GetAccountId())
			}
		}
	}
	slices.Sort(ids)
	return ": " + strings.Join(ids, " ")
}

func newHeard(t testing.TB, rules Rules) (fixture, *heard) {
	f, h := newFixture(t, rules), &heard{}
	f.Service.events = EventsOf(h)
	return f, h
}

func (h *heard) want(t *testing.T, what string, want ...string) {
	t.Helper()
	if got := h.lines(); !slices.Equal(got, want) {
		t.Errorf("%s: heard %q, want %q", what, got, want)
	}
}

func TestWhatHappensIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rules := *fourByFour()
		rules.ReadyTimeout, rules.MinPlayers = time.Minute, 1
		f, h := newHeard(t, rules)
		ctx := t.Context()
		join := func(id string, s Snapshot) {
			t.Helper()
			must(t, errOf(f.Join(ctx, who(id), JoinRequest{Code: s.Lobby.Code}, nil)))
		}
		a := f.mustCreate(t, "ann")
		h.want(t, "create", "created by ann: ann")
		join("bob", a)
		h.want(t, "join", "joined bob: ann bob")
		must(t, errOf(f.FillBots(ctx, who("ann"), nil)))
		join("cid", a) // takes a bot's seat
		h.want(t, "bots", "joined cid: ann bob cid")
		must(t, errOf(f.Ready(ctx, who("bob"), true)))
		must(t, errOf(f.Ready(ctx, who("bob"), false)))
		h.want(t, "ready")

		b := f.mustCreate(t, "bob")
		h.want(t, "a mover who creates", "moved bob: ann cid", "created by bob: bob")
		join("bob", a)
		h.want(t, "a mover who joins", "moved bob: ", "joined bob: ann bob cid")
		if _, err := f.Get(ctx, b.Lobby.ID); err == nil {
			t.Error("bob's lobby lives")
		}
		must(t, f.Leave(ctx, who("cid"), nil))
		h.want(t, "leave", "left cid: ann bob")
		must(t, errOf(f.Kick(ctx, who("ann"), "bob")))
		h.want(t, "kick", "kicked bob: ann")
		s, err := f.Get(ctx, a.Lobby.ID)
		must(t, err)
		for _, p := range s.Lobby.All {
			if p.Bot {
				must(t, errOf(f.Kick(ctx, who("ann"), p.AccountID)))
				break
			}
		}
		h.want(t, "kick of a bot")

		join("dan", a)
		must(t, errOf(f.Ready(ctx, who("ann"), true)))
		h.lines()
		time.Sleep(2 * time.Minute)
		f.sweep(ctx)
		h.want(t, "ready timeout", "ready_timeout dan: ann")

		join("eve", a)
		must(t, f.Disconnect(ctx, who("eve")))
		h.lines()
		time.Sleep(rules.ReconnectGrace + time.Second)
		f.sweep(ctx)
		f.sweep(ctx)
		h.want(t, "away", "away eve: ann")

		must(t, errOf(f.Ready(ctx, who("ann"), true)))
		must(t, errOf(f.BeginStart(ctx, who("ann"), "m1", "", time.Now().Add(time.Hour))))
		must(t, errOf(f.CommitStart(a.Lobby.ID, Match{ID: "m1", Server: Server{"s", "127.0.0.1", 7}}, func(m Match) []state.Write {
			return []state.Write{{Key: state.Key{Kind: "match", ID: m.ID}, Value: state.Raw("{}")}}
		})))
		h.want(t, "start", "started m1 on 7: ann")
		must(t, f.EndMatch(a.Lobby.ID, "m1", nil, nil))
		h.want(t, "the end is told by the match")

		h.deaf = true
		join("fay", a)
		h.deaf = false
		h.want(t, "nobody listens")
	})
}

func TestADropWithoutGraceIsTold(t *testing.T) {
	rules := *fourByFour()
	rules.ReconnectGrace = 0
	f, h := newHeard(t, rules)
	a := f.mustCreate(t, "ann")
	must(t, errOf(f.Join(t.Context(), who("bob"), JoinRequest{Code: a.Lobby.Code}, nil)))
	h.lines()
	must(t, f.Disconnect(t.Context(), who("ann")))
	must(t, f.Disconnect(t.Context(), who("bob")))
	h.want(t, "drops", "away ann: bob", "away bob: ")
}

// TestHappeningsOfALobbyAreInOrder has movers change lobbies from many goroutines:
// the events of each lobby, replayed, give its members at every step and at the end.
func TestHappeningsOfALobbyAreInOrder(t *testing.T) {
	f, h := newHeard(t, *fourByFour())
	var codes sync.Map
	var wg sync.WaitGroup
	for p := range 16 {
		wg.Go(func() {
			me, rng := who(fmt.Sprint("p", p)), rand.New(rand.NewPCG(uint64(p), 3))
			for range 300 {
				switch rng.IntN(8) {
				case 0:
					if s, err := f.Create(t.Context(), me, Draft{}, nil); err == nil {
						codes.Store(rng.IntN(3), s.Lobby.Code)
					}
				case 1:
					_ = f.Leave(t.Context(), me, nil)
				case 2:
					_, _ = f.Kick(t.Context(), me, fmt.Sprint("p", rng.IntN(16)))
				default:
					if code, ok := codes.Load(rng.IntN(3)); ok {
						_, _ = f.Join(t.Context(), me, JoinRequest{Code: code.(string)}, nil)
					}
				}
			}
		})
	}
	wg.Wait()
	inside := map[string][]string{}
	for _, e := range h.events {
		var l *hook.Lobby
		switch {
		case e.GetLobbyCreated() != nil:
			l = e.GetLobbyCreated().Lobby
			inside[l.Id] = []string{l.OwnerId}
		case e.GetPlayerJoined() != nil:
			l = e.GetPlayerJoined().Lobby
			inside[l.Id] = append(inside[l.Id], e.GetPlayerJoined().Player.AccountId)
		case e.GetPlayerLeft() != nil:
			l = e.GetPlayerLeft().Lobby
			id := e.GetPlayerLeft().Player.AccountId
			if !slices.Contains(inside[l.Id], id) {
				t.Fatalf("%s left %s and was not in it", id, l.Id)
			}
			inside[l.Id] = slices.DeleteFunc(inside[l.Id], func(p string) bool { return p == id })
		}
		slices.Sort(inside[l.Id])
		if got := members(l); got != ": "+strings.Join(inside[l.Id], " ") {
			t.Fatalf("%v: told of%s, in it are %v", e, got, inside[l.Id])
		}
	}
	for id, ids := range inside {
		s, err := f.Get(t.Context(), id)
		if err != nil {
			s.Lobby = &Lobby{}
		}
		m, _ := s.Lobby.Message()
		if got := members(m); got != ": "+strings.Join(ids, " ") {
			t.Errorf("lobby %s has%s, told were %v", id, got, ids)
		}
	}
	f.consistent(t)
}

// TestARefusalHasAReasonForEach: of a start that hooks refuse, everybody is told his
// own reason if there is one; who is away finds it when he is back.
func TestARefusalHasAReasonForEach(t *testing.T) {
	f := newFixture(t, *fourByFour())
	ctx := t.Context()
	s := f.mustCreate(t, "ann")
	names := []string{"ann", "bob", "cid", "dan"}
	for _, name := range names[1:] {
		must(t, errOf(f.Join(ctx, who(name), JoinRequest{Code: s.Lobby.Code}, nil)))
	}
	for _, name := range names {
		must(t, errOf(f.Ready(ctx, who(name), true)))
	}
	must(t, errOf(f.BeginStart(ctx, who("ann"), "m1", "", time.Now().Add(time.Hour))))
	must(t, f.Disconnect(ctx, who("cid")))
	must(t, f.Disconnect(ctx, who("dan")))
	refused := fault.New("refused_by_hook", "not now").With(hook.Refuse("not now", map[string]string{
		"ann": "you are too strong", "cid": "you are late", "stranger": "hello",
	}))
	must(t, errOf(f.FailStart(s.Lobby.ID, "m1", refused)))
	told := map[string]string{}
	for _, e := range f.told.events(s.Lobby.ID) {
		if e.Kind != StartRefused && e.Kind != MatchFailed {
			continue
		}
		if told[e.To] != "" || e.To == "" || e.Fault.Code != "refused_by_hook" || e.Fault.Cause != nil || (e.Kind == StartRefused) != (e.To == "ann") {
			t.Errorf("%+v", e)
		}
		told[e.To] = e.Fault.Text
	}
	want := map[string]string{"ann": "you are too strong", "bob": "not now", "cid": "you are late", "dan": "not now"}
	if fmt.Sprint(told) != fmt.Sprint(want) {
		t.Errorf("told %v, want %v", told, want)
	}
	for _, name := range []string{"cid", "dan"} {
		ret, err := f.Connect(ctx, who(name), func(Return) {})
		must(t, err)
		if len(ret.Notices) != 1 || ret.Notices[0].Text != want[name] || ret.Notices[0].Code != "refused_by_hook" {
			t.Errorf("%s finds %+v", name, ret.Notices)
		}
	}
}

// TestAMessageSurvives holds that properties reach the hooks.
func TestAMessageSurvives(t *testing.T) {
	f, h := newHeard(t, *fourByFour())
	must(t, errOf(f.Create(t.Context(), who("ann"), Draft{Name: "Friday", Properties: Properties{"map": json.RawMessage(`"dust"`)}}, nil)))
	l := h.events[0].GetLobbyCreated().GetLobby()
	if l.GetName() != "Friday" || l.GetProperties()["map"].GetStringValue() != "dust" || l.GetState() != "open" {
		t.Errorf("%v", l)
	}
}
