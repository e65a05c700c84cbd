package lobby

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/core/broadcast"
	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/state/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// told keeps what was published, by lobby.
type told struct {
	mu  sync.Mutex
	all map[string][]broadcast.Message
}

func (t *told) Publish(_ context.Context, m broadcast.Message) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = map[string][]broadcast.Message{}
	}
	t.all[m.Topic.ID] = append(t.all[m.Topic.ID], m)
	return nil
}

func (t *told) events(id string) (out []Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, m := range t.all[id] {
		out = append(out, m.Payload.(*Update).Events...)
	}
	return out
}

type fixture struct {
	*Service
	store state.Store
	told  *told
}

func newFixture(t testing.TB, rules Rules) fixture {
	t.Helper()
	store, err := memory.Open(t.Context(), memory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := fixture{store: store, told: &told{}}
	f.Service = New(Options{Game: "g", Rules: rules, Store: store, Hub: f.told})
	t.Cleanup(func() {
		if err := errors.Join(f.Close(context.Background()), store.Close()); err != nil {
			t.Error(err)
		}
	})
	return f
}

func who(id string) Who { return Who{id, id} }

func (f fixture) mustCreate(t testing.TB, id string) Snapshot {
	t.Helper()
	s, err := f.Create(t.Context(), who(id), Draft{}, func(Snapshot) {})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// consistent holds all documents of the game against each other.
func (f fixture) consistent(t testing.TB) (lobbies int) {
	t.Helper()
	ctx := context.Background()
	sits := map[string]string{}
	codes := map[string]string{}
	must(t, f.store.List(ctx, "g", KindLobby, func(d state.Doc) bool {
		lobbies++
		l, err := decodeLobby(d)
		if err == nil {
			err = broken(l, &f.rules)
		}
		if err != nil {
			t.Errorf("%s: %v", d.Key, err)
			return false
		}
		codes[l.Code] = l.ID
		for _, p := range l.All {
			if p.Bot {
				continue
			}
			if other := sits[p.AccountID]; other != "" {
				t.Errorf("%s sits in %s and %s", p.AccountID, other, l.ID)
			}
			sits[p.AccountID] = l.ID
		}
		return true
	}))
	must(t, f.store.List(ctx, "g", KindSeat, func(d state.Doc) bool {
		s, err := decodeSeat(d)
		if err != nil || s.LobbyID != sits[d.Key.ID] {
			t.Errorf("seat of %s says %q, he sits in %q (%v)", d.Key.ID, s.LobbyID, sits[d.Key.ID], err)
		}
		delete(sits, d.Key.ID)
		return true
	}))
	for account, id := range sits {
		t.Errorf("%s sits in %s without a seat document", account, id)
	}
	must(t, f.store.List(ctx, "g", KindCode, func(d state.Doc) bool {
		id, _ := decodeCode(d)
		if codes[d.Key.ID] != id {
			t.Errorf("code %s leads to %s, should be %q", d.Key.ID, id, codes[d.Key.ID])
		}
		delete(codes, d.Key.ID)
		return true
	}))
	if len(codes) > 0 {
		t.Errorf("lobbies without a code document: %v", codes)
	}
	if n := f.list.count(); n != lobbies {
		t.Errorf("the directory counts %d lobbies, there are %d", n, lobbies)
	}
	return lobbies
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestMovingLeavesTheOldLobbyInTheSameStep(t *testing.T) {
	f := newFixture(t, *fourByFour())
	a := f.mustCreate(t, "ann")
	b := f.mustCreate(t, "bob")
	commits := 0
	res, err := f.Join(t.Context(), who("bob"), JoinRequest{Code: a.Lobby.Code}, func(s Snapshot) {
		commits++
		if _, ok := s.Lobby.Member("bob"); !ok {
			t.Error("commit came before the seat")
		}
	})
	must(t, err)
	if commits != 1 || res.Version <= b.Version || !res.Changed {
		t.Fatalf("%d commits, %+v", commits, res)
	}
	if _, err := f.Get(t.Context(), b.Lobby.ID); !errors.Is(err, ErrNotFound) {
		t.Fatal("the empty lobby is still there:", err)
	}
	if n := f.consistent(t); n != 1 {
		t.Fatalf("%d lobbies", n)
	}
	// Refused: the old seat stays.
	c := f.mustCreate(t, "cid")
	must(t, errOf(f.Kick(t.Context(), who("ann"), "bob")))
	must(t, errOf(f.Join(t.Context(), who("bob"), JoinRequest{LobbyID: c.Lobby.ID}, nil)))
	if _, err := f.Join(t.Context(), who("bob"), JoinRequest{Code: a.Lobby.Code}, nil); !errors.Is(err, ErrKicked) {
		t.Fatal(err)
	}
	seat, err := f.SeatOf(t.Context(), "bob")
	must(t, err)
	if seat.LobbyID != c.Lobby.ID {
		t.Fatalf("bob sits in %q", seat.LobbyID)
	}
	f.consistent(t)
}

func errOf[T any](_ T, err error) error { return err }

// TestStorm lets players do what they like from many goroutines at once, movers
// between lobbies above all, and holds every document against every other.
func TestStorm(t *testing.T) {
	rules := *fourByFour()
	rules.Teams = []TeamRule{{"A", 2}, {"B", 2}}
	rules.MinPlayers = 1
	f := newFixture(t, rules)
	const players, rounds = 24, 400
	var codes sync.Map
	var starts sync.Map // match id → committed
	var wg sync.WaitGroup
	for p := range players {
		wg.Add(1)
		go func() {
			defer wg.Done()
			me := who(fmt.Sprint("p", p))
			rng := rand.New(rand.NewPCG(uint64(p), 7))
			var last uint64
			for round := range rounds {
				var res Result
				var err error
				switch rng.IntN(14) {
				case 0:
					var s Snapshot
					if s, err = f.Create(t.Context(), me, Draft{}, func(Snapshot) {}); err == nil {
						codes.Store(rng.IntN(6), s.Lobby.Code)
						res.Snapshot = s
					}
				case 1, 2, 3:
					if code, ok := codes.Load(rng.IntN(6)); ok {
						res, err = f.Join(t.Context(), me, JoinRequest{Code: code.(string)}, nil)
					}
				case 4:
					err = f.Leave(t.Context(), me, nil)
				case 5, 6:
					res, err = f.Ready(t.Context(), me, rng.IntN(3) > 0)
				case 7:
					res, err = f.Team(t.Context(), me, "B")
				case 8:
					res, err = f.FillBots(t.Context(), me, nil)
				case 9:
					res, err = f.Kick(t.Context(), me, fmt.Sprint("p", rng.IntN(players)))
				case 10:
					err = f.Disconnect(t.Context(), me)
				case 11:
					_, err = f.Connect(t.Context(), me, func(Return) {})
				case 12:
					match := fmt.Sprintf("m%d-%d", p, round)
					res, err = f.BeginStart(t.Context(), me, match, "", time.Now().Add(time.Minute))
					if err != nil {
						break
					}
					id := res.Lobby.ID
					if rng.IntN(2) == 0 {
						_, err = f.FailStart(id, match, fault.New("allocation_failed", "Failed to allocate game server"))
					} else if _, err = f.CommitStart(id, Match{ID: match}, func(m Match) []state.Write {
						return []state.Write{{Key: state.Key{Kind: "match", ID: m.ID}, Value: state.Raw(m.ID)}}
					}); err == nil {
						starts.Store(match, true)
						err = f.EndMatch(id, match, nil, nil)
					}
				case 13:
					f.sweep(t.Context())
				}
				var refused *fault.Error
				switch {
				case err != nil && !errors.As(err, &refused):
					t.Errorf("error without a code: %v", err)
				case refused != nil && (refused.Code == "internal" || refused.Code == "try_again"):
					t.Errorf("refused with %v", refused)
				}
				if res.Version != 0 && err == nil {
					if res.Version < last && res.Changed {
						t.Errorf("an acknowledged change got revision %d after %d", res.Version, last)
					}
					last = max(last, res.Version)
				}
			}
		}()
	}
	wg.Wait()
	f.consistent(t)
	starts.Range(func(match, _ any) bool {
		docs, err := f.store.Get(t.Context(), "g", state.Key{Kind: "match", ID: match.(string)})
		if err != nil || docs[0].Version == 0 {
			t.Errorf("match %v was committed without its record", match)
		}
		return true
	})
	// One lobby tells the events of every version once. The bare snapshot may come
	// again for new followers (see catchUp).
	for id, messages := range f.told.all {
		seen := map[uint64]bool{}
		for _, m := range messages {
			if len(m.Payload.(*Update).Events) == 0 || m.Version == 0 {
				continue
			}
			if seen[m.Version] {
				t.Errorf("lobby %s told the events of version %d twice", id, m.Version)
			}
			seen[m.Version] = true
		}
	}
}

// TestNoAcknowledgedChangeIsLost has sixteen members change one lobby at once.
func TestNoAcknowledgedChangeIsLost(t *testing.T) {
	rules := Rules{Teams: []TeamRule{{"A", 8}, {"B", 8}}, MinPlayers: 1, ReconnectGrace: time.Minute}
	f := newFixture(t, rules)
	snap := f.mustCreate(t, "p0")
	for i := 1; i < 16; i++ {
		must(t, errOf(f.Join(t.Context(), who(fmt.Sprint("p", i)), JoinRequest{Code: snap.Lobby.Code}, nil)))
	}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for n := range 200 {
				want := n%2 == 0
				res, err := f.Ready(t.Context(), who(fmt.Sprint("p", i)), want)
				if err != nil {
					t.Error(err)
					return
				}
				if p, _ := res.Lobby.Member(fmt.Sprint("p", i)); p.Ready != want {
					t.Errorf("p%d: acknowledged ready %v is not in the answer", i, want)
				}
			}
		})
	}
	wg.Wait()
	for i := range 16 { // a change of properties clears every ready, so it comes after
		wg.Go(func() {
			key := fmt.Sprint("k", i)
			if _, err := f.Update(t.Context(), who("p0"), Change{Properties: Properties{key: json.RawMessage(`1`)}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := f.Get(t.Context(), snap.Lobby.ID)
	must(t, err)
	if len(got.Lobby.Properties) != 16 {
		t.Errorf("%d of 16 properties are left", len(got.Lobby.Properties))
	}
}

func TestLobbyLimitAndCodes(t *testing.T) {
	rules := *fourByFour()
	rules.MaxLobbies = 2
	f := newFixture(t, rules)
	a, b := f.mustCreate(t, "ann"), f.mustCreate(t, "bob")
	if a.Lobby.Code == b.Lobby.Code || len(a.Lobby.Code) != 6 {
		t.Fatalf("codes %q, %q", a.Lobby.Code, b.Lobby.Code)
	}
	if _, err := f.Create(t.Context(), who("cid"), Draft{}, nil); !errors.Is(err, ErrLobbyLimit) {
		t.Fatal(err)
	}
	must(t, f.Leave(t.Context(), who("ann"), nil))
	if _, err := f.Join(t.Context(), who("cid"), JoinRequest{Code: a.Lobby.Code}, nil); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	f.mustCreate(t, "cid")
}

func TestPasswordsAndPrivacy(t *testing.T) {
	f := newFixture(t, *fourByFour())
	s, err := f.Create(t.Context(), who("ann"), Draft{IsPrivate: true, Password: "sesame"}, nil)
	must(t, err)
	for _, c := range []struct {
		req  JoinRequest
		want error
	}{
		{JoinRequest{}, ErrLobbyRequired},
		{JoinRequest{LobbyID: "nope"}, ErrNotFound},
		{JoinRequest{LobbyID: s.Lobby.ID, Password: "sesame"}, ErrPrivate},
		{JoinRequest{Code: s.Lobby.Code}, ErrWrongPassword},
		{JoinRequest{Code: s.Lobby.Code, Password: "wrong"}, ErrWrongPassword},
		{JoinRequest{Code: s.Lobby.Code, Password: "sesame"}, nil},
		{JoinRequest{Code: s.Lobby.Code, Password: "sesame"}, ErrAlreadyInLobby},
	} {
		if _, err := f.Join(t.Context(), who("bob"), c.req, nil); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%+v: %v, want %v", c.req, err, c.want)
		}
	}
	if list, _, _ := f.Listed(t.Context()); len(list) != 0 {
		t.Error("a private lobby is listed")
	}
	off := ""
	public := false
	must(t, errOf(f.Update(t.Context(), who("ann"), Change{Password: &off, IsPrivate: &public})))
	must(t, errOf(f.Join(t.Context(), who("cid"), JoinRequest{LobbyID: s.Lobby.ID}, nil)))
	if list, _, _ := f.Listed(t.Context()); len(list) != 1 || list[0].Lobby.ID != s.Lobby.ID {
		t.Errorf("list %+v", list)
	}
}

// TestGraceAndReturn runs on a fake clock.
func TestGraceAndReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, *fourByFour())
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _ = f.Run(ctx) })
		defer wg.Wait()
		defer stop()

		s := f.mustCreate(t, "ann")
		must(t, errOf(f.Join(ctx, who("bob"), JoinRequest{Code: s.Lobby.Code}, nil)))
		must(t, errOf(f.Ready(ctx, who("bob"), true)))
		must(t, f.Disconnect(ctx, who("bob")))
		time.Sleep(29 * time.Second)
		ret, err := f.Connect(ctx, who("bob"), func(Return) {})
		must(t, err)
		if p, ok := ret.Lobby.Member("bob"); !ok || !p.Connected || p.Ready {
			t.Fatalf("bob is back as %+v", p)
		}
		must(t, f.Disconnect(ctx, who("bob")))
		must(t, f.Disconnect(ctx, who("ann")))
		if list, _, _ := f.Listed(ctx); len(list) != 0 {
			t.Error("a lobby without a connected human is listed")
		}
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if n := f.consistent(t); n != 0 {
			t.Errorf("%d lobbies are left", n)
		}
	})
}

func TestRecoverTellsWhoWasInterrupted(t *testing.T) {
	f := newFixture(t, *fourByFour())
	ctx := t.Context()
	s := f.mustCreate(t, "ann")
	must(t, errOf(f.Join(ctx, who("bob"), JoinRequest{Code: s.Lobby.Code}, nil)))
	must(t, errOf(f.Ready(ctx, who("ann"), true)))
	must(t, errOf(f.Ready(ctx, who("bob"), true)))
	must(t, errOf(f.BeginStart(ctx, who("ann"), "m1", "", time.Now().Add(time.Hour))))

	again := New(Options{Game: "g", Rules: f.rules, Store: f.store, Hub: f.told})
	defer again.Close(ctx)
	interrupted, err := again.Recover(ctx)
	must(t, err)
	if len(interrupted) != 1 || interrupted[0].MatchID != "m1" || interrupted[0].LobbyID != s.Lobby.ID {
		t.Fatal(interrupted)
	}
	for _, name := range []string{"ann", "bob"} {
		ret, err := again.Connect(ctx, who(name), func(Return) {})
		must(t, err)
		if len(ret.Notices) != 1 || ret.Notices[0].Code != "allocation_unknown" || ret.Notices[0].MatchID != "m1" {
			t.Errorf("%s is told %+v", name, ret.Notices)
		}
		if ret.Lobby.State != Open {
			t.Errorf("state %s", ret.Lobby.State)
		}
		if ret, err = again.Connect(ctx, who(name), func(Return) {}); err != nil || len(ret.Notices) != 0 {
			t.Errorf("%s is told again: %+v, %v", name, ret.Notices, err)
		}
	}
}

func TestNoticesOutliveTheLobby(t *testing.T) {
	rules := *fourByFour()
	rules.Reopen = false
	f := newFixture(t, rules)
	ctx := t.Context()
	s := f.mustCreate(t, "ann")
	must(t, errOf(f.FillBots(ctx, who("ann"), nil)))
	must(t, errOf(f.Ready(ctx, who("ann"), true)))
	must(t, errOf(f.BeginStart(ctx, who("ann"), "m1", "", time.Now().Add(time.Hour))))
	must(t, errOf(f.CommitStart(s.Lobby.ID, Match{ID: "m1"}, func(m Match) []state.Write {
		return []state.Write{{Key: state.Key{Kind: "match", ID: m.ID}, Value: state.Raw("{}")}}
	})))
	must(t, f.Disconnect(ctx, who("ann")))
	must(t, f.EndMatch(s.Lobby.ID, "m1", json.RawMessage(`{"teams":[]}`), nil))
	if n := f.consistent(t); n != 0 {
		t.Fatalf("%d lobbies", n)
	}
	ret, err := f.Connect(ctx, who("ann"), func(Return) {})
	must(t, err)
	if ret.Lobby != nil || len(ret.Notices) != 1 || ret.Notices[0].Code != "" || string(ret.Notices[0].Result) != `{"teams":[]}` {
		t.Fatalf("%+v", ret)
	}
	kinds := []EventKind{}
	for _, e := range f.told.events(s.Lobby.ID) {
		kinds = append(kinds, e.Kind)
	}
	if want := []EventKind{MatchStarted, MatchEnded, Deleted}; fmt.Sprint(kinds) != fmt.Sprint(want) {
		t.Errorf("events %v, want %v", kinds, want)
	}
}

// TestCommitComesBeforeTheWord holds that a socket can subscribe before anybody
// is told of the version that gave it the seat.
func TestCommitComesBeforeTheWord(t *testing.T) {
	f := newFixture(t, *fourByFour())
	told := func(id string, version uint64) bool {
		f.told.mu.Lock()
		defer f.told.mu.Unlock()
		for _, m := range f.told.all[id] {
			if m.Version >= version {
				return true
			}
		}
		return false
	}
	early := func(s Snapshot) {
		if told(s.Lobby.ID, s.Version) {
			t.Errorf("version %d was told before its commit", s.Version)
		}
		if docs, err := f.store.Get(context.Background(), "g", state.Key{Kind: KindLobby, ID: s.Lobby.ID}); err != nil || docs[0].Version != s.Version {
			t.Errorf("commit of version %d while %d is saved", s.Version, docs[0].Version)
		}
	}
	s, err := f.Create(t.Context(), who("ann"), Draft{}, early)
	must(t, err)
	res, err := f.Join(t.Context(), who("bob"), JoinRequest{Code: s.Lobby.Code}, early)
	must(t, err)
	if !told(s.Lobby.ID, res.Version) {
		t.Error("the command was answered before it was told")
	}
	must(t, f.Disconnect(t.Context(), who("bob")))
	must(t, errOf(f.Connect(t.Context(), who("bob"), func(r Return) { early(r.Snapshot) })))
}

func TestListGenerationFollowsTheList(t *testing.T) {
	f := newFixture(t, *fourByFour())
	generation := func() uint64 {
		_, g, err := f.Listed(t.Context())
		must(t, err)
		return g
	}
	empty := generation()
	f.mustCreate(t, "ann")
	one := generation()
	if one == empty || generation() != one {
		t.Errorf("generations %d, %d, %d", empty, one, generation())
	}
	if _, err := f.Create(t.Context(), who("bob"), Draft{IsPrivate: true}, nil); err != nil {
		t.Fatal(err)
	}
	if generation() != one {
		t.Error("a private lobby changed the list's generation")
	}
	must(t, errOf(f.Ready(t.Context(), who("ann"), true)))
	if generation() == one {
		t.Error("a change of a listed lobby did not")
	}
}

// TestRecoverClosesWhatItCannotRead leaves a broken document behind.
func TestRecoverClosesWhatItCannotRead(t *testing.T) {
	f := newFixture(t, *fourByFour())
	ctx := t.Context()
	whole := f.mustCreate(t, "ann")
	broken := f.mustCreate(t, "bob")
	must(t, errOf(f.store.Apply(ctx, state.Tx{Game: "g", Writes: []state.Write{{
		Key: state.Key{Kind: KindLobby, ID: broken.Lobby.ID}, Expect: broken.Version, Value: state.Raw(`{"teams":7`),
	}}})))
	again := New(Options{Game: "g", Rules: f.rules, Store: f.store, Hub: f.told})
	defer again.Close(ctx)
	must(t, errOf(again.Recover(ctx)))
	ret, err := again.Connect(ctx, who("ann"), func(Return) {})
	if err != nil || ret.Lobby == nil || ret.Lobby.ID != whole.Lobby.ID {
		t.Errorf("ann finds %+v, %v", ret, err)
	}
	if ret, err = again.Connect(ctx, who("bob"), func(Return) {}); err != nil || ret.Lobby != nil {
		t.Errorf("bob finds %+v, %v", ret, err)
	}
	must(t, errOf(again.Create(ctx, who("bob"), Draft{}, nil)))
	must(t, errOf(again.Join(ctx, who("bob"), JoinRequest{Code: whole.Lobby.Code}, nil)))
}
