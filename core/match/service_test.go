package match

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/broadcast"
	"github.com/muster-gg/muster/core/fault"
	"github.com/muster-gg/muster/core/lobby"
	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/state/memory"
	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/core/store/sqlite"
	"github.com/muster-gg/muster/sdk/hook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var server = allocation.Server{Name: "s1", Address: "127.0.0.1", Port: 7777, Provider: "stub"}

// feed keeps the events that members are told, and wakes who waits for one.
type feed struct {
	mu     sync.Mutex
	events []lobby.Event
	states []string
	more   chan struct{}
}

func (f *feed) Publish(_ context.Context, m broadcast.Message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := m.Payload.(*lobby.Update)
	f.events = append(f.events, u.Events...)
	if u.Lobby != nil {
		state := string(u.Lobby.State)
		if u.Lobby.Attempt != nil {
			state += "/" + string(u.Lobby.Attempt.Step)
		}
		f.states = append(f.states, state)
	}
	close(f.more)
	f.more = make(chan struct{})
	return nil
}

// await returns the first event of a kind, waiting for it.
func (f *feed) await(t testing.TB, kind lobby.EventKind) lobby.Event {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		f.mu.Lock()
		more := f.more
		for _, e := range f.events {
			if e.Kind == kind {
				f.mu.Unlock()
				return e
			}
		}
		f.mu.Unlock()
		select {
		case <-more:
		case <-late:
			t.Fatalf("event %d never came, of %+v", kind, f.events)
		}
	}
}

type fixture struct {
	*Service
	lobbies *lobby.Service
	state   state.Store
	records Records
	fleet   *fleet
	feed    *feed
	signer  *Signer
	erased  map[string]bool
	lobbyID string
}

var rules = lobby.Rules{
	Teams: []lobby.TeamRule{{Name: "A", Size: 2}, {Name: "B", Size: 2}}, MinPlayers: 2,
	ReconnectGrace: 30 * time.Second, Reopen: true,
}

func newFixture(t testing.TB, with ...func(*fixture)) fixture {
	t.Helper()
	records, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "muster.db")})
	must(t, err)
	t.Cleanup(func() { must(t, records.Close()) })
	return newFixtureOver(t, records, with...)
}

func newFixtureOver(t testing.TB, records Records, with ...func(*fixture)) fixture {
	t.Helper()
	docs, err := memory.Open(t.Context(), memory.Options{})
	must(t, err)
	f := fixture{state: docs, records: records, fleet: &fleet{}, feed: &feed{more: make(chan struct{})}, erased: map[string]bool{}}
	f.signer = NewSigner("g", bytes.Repeat([]byte("k"), 32), time.Hour)
	for _, change := range with {
		change(&f)
	}
	f.build()
	t.Cleanup(func() {
		ctx := context.Background()
		must(t, errors.Join(f.Close(ctx), f.lobbies.Close(ctx), docs.Close()))
	})
	return f
}

// everybody is the accounts of players who all exist but those named.
type everybody struct{ but map[string]bool }

func (e everybody) Account(_ context.Context, game, id string) (store.Account, error) {
	if e.but[id] {
		return store.Account{}, store.ErrNotFound
	}
	return store.Account{ID: id, Game: game}, nil
}

// build makes the services anew over the same documents, as a restart does.
func (f *fixture) build() {
	var matches *Service
	f.lobbies = lobby.New(lobby.Options{
		Game: "g", Rules: rules, Store: f.state, Hub: f.feed,
		AttemptEnded: func(id string) { matches.AttemptEnded(id) },
	})
	matches = New(Options{
		Game: "g", Lobbies: f.lobbies, State: f.state, Records: f.records, Accounts: everybody{f.erased}, Allocator: f.fleet,
		Providers: []string{"stub"}, Signer: f.signer, MatchTimeout: time.Hour,
		ResultURL: func(id string) string { return "http://muster.test/matches/" + id + "/result" },
	})
	f.Service = matches
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func errOf[T any](_ T, err error) error { return err }

func who(id string) lobby.Who { return lobby.Who{AccountID: id, Username: id} }

// gather makes ann's lobby with bob in it, both ready.
func (f *fixture) gather(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	s, err := f.lobbies.Create(ctx, who("ann"), lobby.Draft{}, nil)
	must(t, err)
	f.lobbyID = s.Lobby.ID
	must(t, errOf(f.lobbies.Join(ctx, who("bob"), lobby.JoinRequest{Code: s.Lobby.Code}, nil)))
	must(t, errOf(f.lobbies.Ready(ctx, who("ann"), true)))
	must(t, errOf(f.lobbies.Ready(ctx, who("bob"), true)))
}

func (f *fixture) start(t testing.TB) string {
	t.Helper()
	res, err := f.Start(t.Context(), who("ann"), "")
	must(t, err)
	return res.Lobby.Attempt.MatchID
}

func (f *fixture) lobbyState(t testing.TB) lobby.State {
	t.Helper()
	s, err := f.lobbies.Get(t.Context(), f.lobbyID)
	must(t, err)
	return s.Lobby.State
}

const goodResult = `{"teams":[{"name":"A","rank":1},{"name":"B","rank":2}],"players":[{"accountId":"ann","score":3.5,"stats":{"kills":7}}]}`

func TestStartToResult(t *testing.T) {
	f := newFixture(t)
	f.gather(t)
	id := f.start(t)
	e := f.feed.await(t, lobby.MatchStarted)
	if e.MatchID != id || e.Match.Server.Port != 7777 || len(e.Match.Teams) != 2 {
		t.Fatalf("%+v", e)
	}
	raw, err := f.fleet.made[0].Payload("http://sidecar/result")
	must(t, err)
	var p launch
	must(t, json.Unmarshal(raw, &p))
	if p.MatchID != id || p.LobbyID != f.lobbyID || p.Game != "g" || fmt.Sprint(p.Players, p.TeamA, p.TeamB) != "[ann bob] [ann] [bob]" ||
		p.ResultURL != "http://sidecar/result" || p.TicketKey == "" || p.ResultToken == "" || p.Properties == nil {
		t.Fatalf("payload %s", raw)
	}
	if f.Ticket(e.Match, "ann") == "" || f.Ticket(e.Match, "mallory") != "" {
		t.Error("tickets go to the roster and to nobody else")
	}

	if _, err := f.Report(t.Context(), id, "wrong", []byte(goodResult)); !errors.Is(err, ErrUnauthorized) {
		t.Error(err)
	}
	if _, err := f.Report(t.Context(), "nope", f.signer.resultToken("nope"), []byte(goodResult)); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	for _, bad := range []string{``, `[]`, `{}`, `{"teams":[{"name":"A","rank":1}]}`,
		`{"teams":[{"name":"A","rank":1},{"name":"A","rank":2}]}`, `{"teams":[{"name":"A","rank":0},{"name":"B","rank":2}]}`,
		`{"teams":[{"name":"A","rank":1},{"name":"B","rank":1}],"players":[{"accountId":"mallory"}]}`,
		`{"teams":[{"name":"A","rank":1},{"name":"B","rank":1}],"players":[{"accountId":"ann"},{"accountId":"ann"}]}`,
		`{"teams":"A"}`, `{"properties":` + string(bytes.Repeat([]byte("["), 100)) + string(bytes.Repeat([]byte("]"), 100)) + `}`,
	} {
		if _, err := f.Report(t.Context(), id, p.ResultToken, []byte(bad)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if f.lobbyState(t) != lobby.InMatch {
		t.Fatal("a bad report changed the lobby")
	}

	var answers sync.Map
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			answer, err := f.Report(t.Context(), id, p.ResultToken, []byte(goodResult))
			if err != nil {
				t.Error(err)
			}
			answers.Store(string(answer), true)
		})
	}
	wg.Wait()
	n := 0
	answers.Range(func(_, _ any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d different answers to one result", n)
	}
	if ended := f.feed.await(t, lobby.MatchEnded); ended.MatchID != id || len(ended.Result) == 0 {
		t.Errorf("%+v", ended)
	}
	if f.lobbyState(t) != lobby.Open {
		t.Errorf("lobby is %s", f.lobbyState(t))
	}
	must(t, f.Close(t.Context()))
	if f.fleet.releases() == 0 {
		t.Error("the server was not released")
	}
	docs, err := f.state.Get(t.Context(), "g", state.Key{Kind: KindMatch, ID: id})
	if err != nil || docs[0].Version != 0 {
		t.Error("the live match is still there")
	}
}

func TestOneServerForFiveStarts(t *testing.T) {
	f := newFixture(t)
	f.gather(t)
	var wg sync.WaitGroup
	refused := make(chan error, 5)
	for range 5 {
		wg.Go(func() { refused <- errOf(f.Start(t.Context(), who("ann"), "")) })
	}
	wg.Wait()
	accepted := 0
	for range 5 {
		switch err := <-refused; {
		case err == nil:
			accepted++
		case !errors.Is(err, lobby.ErrAlreadyStarting) && !errors.Is(err, lobby.ErrInMatch):
			t.Error(err)
		}
	}
	f.feed.await(t, lobby.MatchStarted)
	if accepted != 1 || len(f.fleet.made) != 1 {
		t.Errorf("%d starts accepted, %d servers made", accepted, len(f.fleet.made))
	}
}

func TestFailedStarts(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		code    string
		orphans int
	}{
		"none":    {allocation.ErrFailed.With(errors.New("private")), "allocation_failed", 0},
		"unknown": {allocation.ErrUnknown.With(&allocation.UnknownError{Provider: "stub", Cause: errors.New("cut")}), "allocation_unknown", 1},
		"defect":  {errors.New("private"), "internal", 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.fleet.answer = func(context.Context, allocation.Request) (allocation.Server, error) {
				return allocation.Server{}, c.err
			}
			f.gather(t)
			id := f.start(t)
			e := f.feed.await(t, lobby.StartRefused)
			if e.To != "ann" || e.Fault.Code != c.code || e.Fault.Cause != nil {
				t.Errorf("%+v", e)
			}
			if e := f.feed.await(t, lobby.MatchFailed); e.Except != "ann" || e.Fault.Code != c.code {
				t.Errorf("%+v", e)
			}
			if _, err := f.Report(t.Context(), id, f.signer.resultToken(id), []byte(goodResult)); !errors.Is(err, ErrClosed) {
				t.Errorf("a late result: %v", err)
			}
			must(t, f.Close(t.Context()))
			orphans, err := f.records.Orphans(t.Context(), "g", 10)
			if err != nil || len(orphans) != c.orphans {
				t.Errorf("%d orphans, want %d (%v)", len(orphans), c.orphans, err)
			}
			s, err := f.lobbies.Get(t.Context(), f.lobbyID)
			must(t, err)
			if p, _ := s.Lobby.Member("bob"); s.Lobby.State != lobby.Open || !p.Ready {
				t.Errorf("lobby %s, bob %+v", s.Lobby.State, p)
			}
		})
	}
}

// TestCancelledStartReleasesItsServer lets the server arrive after the cancel.
func TestCancelledStartReleasesItsServer(t *testing.T) {
	f := newFixture(t)
	arrived := make(chan struct{})
	f.fleet.answer = func(ctx context.Context, _ allocation.Request) (allocation.Server, error) {
		close(arrived)
		<-ctx.Done() // the cancel reaches the provider, which has a server all the same
		return server, nil
	}
	f.gather(t)
	id := f.start(t)
	<-arrived
	must(t, f.lobbies.Leave(t.Context(), who("bob"), nil))
	if e := f.feed.await(t, lobby.MatchFailed); e.Fault.Code != "start_cancelled" || e.Except != "" {
		t.Errorf("%+v", e)
	}
	must(t, f.Close(t.Context()))
	if f.fleet.releases() != 1 || f.fleet.released[0] != id {
		t.Errorf("released %v", f.fleet.released)
	}
	if f.lobbyState(t) != lobby.Open {
		t.Error("lobby is not open")
	}
}

// TestEarlyEndsAreHeld has the server report and end before its start has.
func TestEarlyEndsAreHeld(t *testing.T) {
	for _, end := range []allocation.End{allocation.EndedClean, allocation.EndedCrashed} {
		t.Run(end.String(), func(t *testing.T) {
			f := newFixture(t)
			var wg sync.WaitGroup
			called := make(chan string, 1)
			f.fleet.answer = func(_ context.Context, r allocation.Request) (allocation.Server, error) {
				wg.Go(func() {
					f.ServerEnded(context.Background(), "g", r.MatchID, end)
				})
				called <- r.MatchID
				return server, nil
			}
			f.gather(t)
			f.start(t)
			<-called
			f.feed.await(t, lobby.MatchStarted)
			wg.Wait()
			kind := lobby.MatchEnded
			if end == allocation.EndedCrashed {
				kind = lobby.MatchFailed
			}
			e := f.feed.await(t, kind)
			if f.feed.events[0].Kind != lobby.MatchStarted {
				t.Errorf("first event %+v", f.feed.events[0])
			}
			if end == allocation.EndedCrashed && e.Fault.Code != "server_lost" || end == allocation.EndedClean && e.Result != nil {
				t.Errorf("%+v", e)
			}
		})
	}
}

func TestResultOverTheSidecar(t *testing.T) {
	f := newFixture(t)
	f.gather(t)
	id := f.start(t)
	f.feed.await(t, lobby.MatchStarted)
	token := f.signer.resultToken(id)
	for _, c := range []struct {
		bearer, body string
		status       int
	}{
		{"", goodResult, http.StatusUnauthorized}, {token, "{", http.StatusBadRequest},
		{token, goodResult, http.StatusOK}, {token, "{", http.StatusOK},
	} {
		if status, answer := f.Result(t.Context(), "g", id, c.bearer, []byte(c.body)); status != c.status || !json.Valid(answer) {
			t.Errorf("%q: %d %s, want %d", c.body, status, answer, c.status)
		}
	}
	// The match outlives its lobby: a lost server after the result changes nothing.
	f.ServerEnded(t.Context(), "g", id, allocation.EndedCrashed)
	m, err := f.records.MatchByID(t.Context(), "g", id)
	if err != nil || m.Status != "ended" {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestMatchOutlivesItsLobby(t *testing.T) {
	f := newFixture(t)
	f.gather(t)
	id := f.start(t)
	f.feed.await(t, lobby.MatchStarted)
	must(t, f.lobbies.Leave(t.Context(), who("ann"), nil))
	must(t, f.lobbies.Leave(t.Context(), who("bob"), nil))
	if _, err := f.Report(t.Context(), id, f.signer.resultToken(id), []byte(goodResult)); err != nil {
		t.Fatal(err)
	}
}

func TestErasedPlayersAreNotRecorded(t *testing.T) {
	f := newFixture(t)
	f.gather(t)
	id := f.start(t)
	f.feed.await(t, lobby.MatchStarted)
	f.erased["ann"] = true
	must(t, errOf(f.Report(t.Context(), id, f.signer.resultToken(id), []byte(goodResult))))
	m, err := f.records.MatchByID(t.Context(), "g", id)
	must(t, err)
	for _, doc := range [][]byte{m.Roster, m.Result, m.Answer} {
		if bytes.Contains(doc, []byte("ann")) {
			t.Errorf("an erased player is kept: %s", doc)
		}
	}
	if !bytes.Contains(m.Roster, []byte("bob")) {
		t.Errorf("roster %s", m.Roster)
	}
}

func TestRecover(t *testing.T) {
	f := newFixture(t)
	f.fleet.finds = true
	f.gather(t)
	id := f.start(t)
	f.feed.await(t, lobby.MatchStarted)
	must(t, f.Close(t.Context()))
	must(t, f.lobbies.Close(t.Context()))

	f.build()
	interrupted, err := f.lobbies.Recover(t.Context())
	must(t, err)
	must(t, f.Service.Recover(t.Context(), interrupted))
	if e := f.feed.await(t, lobby.MatchFailed); e.MatchID != id || e.Fault.Code != "server_lost" {
		t.Errorf("%+v", e)
	}
	ret, err := f.lobbies.Connect(t.Context(), who("bob"), func(lobby.Return) {})
	must(t, err)
	if len(ret.Notices) != 1 || ret.Notices[0].Code != "server_lost" {
		t.Errorf("bob is told %+v", ret.Notices)
	}
}

// memoryRecords is what the fake-clock tests keep records in: a database file
// does not live in a bubble.
type memoryRecords struct {
	mu      sync.Mutex
	matches map[string]store.Match
	orphans []store.Orphan
	fail    func() error // of FinishMatch
	full    error        // of AddOrphan
}

func newMemoryRecords() *memoryRecords { return &memoryRecords{matches: map[string]store.Match{}} }

func (m *memoryRecords) FinishMatch(_ context.Context, r store.Match) (store.Match, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		if err := m.fail(); err != nil {
			return store.Match{}, false, err
		}
	}
	if old, ok := m.matches[r.ID]; ok {
		return old, false, nil
	}
	m.matches[r.ID] = r
	return r, true, nil
}

func (m *memoryRecords) MatchByID(_ context.Context, _, id string) (store.Match, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r, ok := m.matches[id]; ok {
		return r, nil
	}
	return store.Match{}, store.ErrNotFound
}

func (m *memoryRecords) AddOrphan(_ context.Context, o store.Orphan) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.full == nil {
		m.orphans = append(m.orphans, o)
	}
	return m.full
}

func (m *memoryRecords) DropOrphan(_ context.Context, _, matchID string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := len(m.orphans)
	m.orphans = slices.DeleteFunc(m.orphans, func(o store.Orphan) bool { return o.MatchID == matchID })
	return len(m.orphans) < before, nil
}

func (m *memoryRecords) Orphans(context.Context, string, int) ([]store.Orphan, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	newest := slices.Clone(m.orphans)
	slices.Reverse(newest)
	return newest, nil
}

func TestStepsAreShownWhenTheyLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixtureOver(t, newMemoryRecords())
		f.fleet.answer = func(context.Context, allocation.Request) (allocation.Server, error) {
			time.Sleep(300 * time.Millisecond)
			return server, nil
		}
		f.gather(t)
		f.feed.states = nil
		f.start(t)
		f.feed.await(t, lobby.MatchStarted)
		if want := "[starting/ starting/allocating in_match]"; fmt.Sprint(f.feed.states) != want {
			t.Errorf("told %v, want %s", f.feed.states, want)
		}
	})
}

func TestOverdueMatchFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixtureOver(t, newMemoryRecords())
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _ = f.Run(ctx) })
		defer wg.Wait()
		defer stop()
		f.gather(t)
		id := f.start(t)
		f.feed.await(t, lobby.MatchStarted)
		time.Sleep(time.Hour + time.Second)
		synctest.Wait()
		if e := f.feed.await(t, lobby.MatchFailed); e.Fault.Code != "match_timeout" || e.MatchID != id {
			t.Errorf("%+v", e)
		}
		if _, err := f.Report(ctx, id, f.signer.resultToken(id), []byte(goodResult)); !errors.Is(err, ErrClosed) {
			t.Errorf("a late result: %v", err)
		}
	})
}

func TestDrainFailsTheStartsThatAreLeft(t *testing.T) {
	f := newFixture(t)
	begun := make(chan struct{})
	f.fleet.answer = func(ctx context.Context, _ allocation.Request) (allocation.Server, error) {
		close(begun)
		<-ctx.Done()
		return allocation.Server{}, allocation.ErrFailed.With(ctx.Err())
	}
	f.gather(t)
	f.start(t)
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if e := f.feed.await(t, lobby.StartRefused); e.Fault.Code != fault.Draining.Code {
		t.Errorf("%+v", e)
	}
	if _, err := f.Start(t.Context(), who("ann"), ""); !errors.Is(err, fault.Draining) {
		t.Errorf("a start after Close: %v", err)
	}
}

// TestRecoverTellsAnEndThatWasRecordedOnly is a crash between the record of an
// end and the word of it.
func TestRecoverTellsAnEndThatWasRecordedOnly(t *testing.T) {
	f := newFixture(t)
	f.gather(t)
	id := f.start(t)
	f.feed.await(t, lobby.MatchStarted)
	must(t, f.Close(t.Context()))
	must(t, f.lobbies.Close(t.Context()))
	_, first, err := f.records.FinishMatch(t.Context(), store.Match{
		ID: id, Game: "g", LobbyID: f.lobbyID, Status: "ended", StartedAt: time.Now(), EndedAt: time.Now(),
		Roster: []byte(`[]`), Result: []byte(`{"teams":[]}`), Answer: []byte(`{"matchId":"x"}`),
	})
	if err != nil || !first {
		t.Fatal(first, err)
	}
	f.build()
	interrupted, err := f.lobbies.Recover(t.Context())
	must(t, err)
	must(t, f.Service.Recover(t.Context(), interrupted))
	if e := f.feed.await(t, lobby.MatchEnded); e.MatchID != id || string(e.Result) != `{"teams":[]}` {
		t.Errorf("%+v", e)
	}
	if f.lobbyState(t) != lobby.Open {
		t.Error("lobby is not open")
	}
	answer, err := f.Report(t.Context(), id, f.signer.resultToken(id), []byte(goodResult))
	if err != nil || string(answer) != `{"matchId":"x"}` {
		t.Errorf("a repeated report: %s, %v", answer, err)
	}
}

// TestReportAfterTheRecord is a report that comes when the end is recorded and the
// match is not forgotten yet: it gets the answer that stands, whatever it says, and no
// hook sees it.
func TestReportAfterTheRecord(t *testing.T) {
	f := newFixture(t)
	f.ruledBy(t, (&ruleset{result: func(*hook.Report) { t.Error("a hook saw the result") }}).hook())
	f.gather(t)
	id := f.start(t)
	f.feed.await(t, lobby.MatchStarted)
	_, first, err := f.records.FinishMatch(t.Context(), store.Match{
		ID: id, Game: "g", LobbyID: f.lobbyID, Status: "failed", StartedAt: time.Now(), EndedAt: time.Now(), Roster: []byte(`[]`),
	})
	if err != nil || !first {
		t.Fatal(first, err)
	}
	for _, body := range []string{goodResult, `{}`} {
		if answer, err := f.Report(t.Context(), id, f.signer.resultToken(id), []byte(body)); !errors.Is(err, ErrClosed) {
			t.Errorf("%s: %s, %v", body, answer, err)
		}
	}
}
