package hooks_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/muster-gg/muster/core/hooks"
	"github.com/muster-gg/muster/sdk/hook"
)

// FuzzAnswers hands the bytes of any message to a point as its hook's answer, as
// a plugin process could: what comes through keeps the promises of the Runner.
func FuzzAnswers(f *testing.F) {
	seed := func(m proto.Message) {
		data, err := proto.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	seed(&hook.Assignment{Teams: []*hook.TeamAssignment{{Name: "A", AccountIds: []string{"a1", "b1"}}, {Name: "B", AccountIds: []string{"a2"}}}})
	seed(&hook.Report{Teams: []*hook.TeamResult{{Name: "A", Rank: 1}, {Name: "B", Rank: 2}}, Players: []*hook.PlayerResult{{AccountId: "a1"}}})
	seed(&hook.LobbyDraft{Name: "n", MaxPlayers: new(int32(3)), Properties: values{"k": nested(3)}})
	seed(&hook.Payload{Region: "us-east", Keys: values{"k": text("v")}})
	f.Fuzz(func(t *testing.T, data []byte) {
		var draft hook.LobbyDraft
		var assignment hook.Assignment
		var payload hook.Payload
		var report hook.Report
		for _, m := range []proto.Message{&draft, &assignment, &payload, &report} {
			_ = proto.Unmarshal(data, m) // what is readable is enough
		}
		r := run(t, policy(hookOf("h", rules{
			create:  func(context.Context, *hook.LobbyDraft) (*hook.LobbyDraft, error) { return &draft, nil },
			balance: func(context.Context, *hook.Lobby) (*hook.Assignment, error) { return &assignment, nil },
			payload: func(context.Context, *hook.Lobby, *hook.Payload) (*hook.Payload, error) { return &payload, nil },
			result:  func(context.Context, *hook.Match, *hook.Report) (*hook.Report, error) { return &report, nil },
		}), hook.FailRefuse))
		if d, err := r.BeforeLobbyCreate(t.Context(), &hook.LobbyDraft{}); err == nil {
			if size := encoded(t, d.GetProperties()); size > 4<<10 || utf8.RuneCountInString(d.GetName()) > 64 {
				t.Errorf("properties of %d bytes, name %q", size, d.GetName())
			}
		}
		if a, err := r.BalanceTeams(t.Context(), twoTeams()); err == nil && a != nil {
			checkAssigned(t, twoTeams(), a)
		}
		if p, err := r.MatchPayload(t.Context(), twoTeams(), &hook.Payload{}); err == nil {
			if size := encoded(t, p.GetKeys()); size > 64<<10 {
				t.Errorf("keys of %d bytes", size)
			}
		}
		none := &hook.Report{}
		if got, err := r.MatchResult(t.Context(), &hook.Match{Lobby: twoTeams()}, none); err == nil && got != none {
			if len(got.GetTeams()) != 2 || len(got.GetPlayers()) > 3 {
				t.Errorf("%v", got)
			}
		}
	})
}

// encoded is how many bytes the values have as one JSON object.
func encoded(t *testing.T, m values) int {
	t.Helper()
	raw, err := hook.ValuesToJSON(m)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	return len(data)
}

func checkAssigned(t interface {
	Helper()
	Errorf(string, ...any)
}, l *hook.Lobby, a *hook.Assignment) {
	t.Helper()
	var want, got []string
	sizes := map[string]int{}
	for _, team := range l.GetTeams() {
		sizes[team.GetName()] = int(team.GetSize())
		for _, p := range team.GetPlayers() {
			want = append(want, p.GetAccountId())
		}
	}
	for _, team := range a.GetTeams() {
		got = append(got, team.GetAccountIds()...)
		sizes[team.GetName()] -= len(team.GetAccountIds())
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) || len(sizes) != len(l.GetTeams()) || slices.Min(slices.Collect(maps.Values(sizes))) < 0 {
		t.Errorf("%v of %v", a, l)
	}
}

// TestEveryRightAssignmentPasses shuffles lobbies of random shapes over their
// teams, and then spoils the answer: the first passes, the second never does.
func TestEveryRightAssignmentPasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, ids := &hook.Lobby{}, []string{}
		for i := range rapid.IntRange(1, 4).Draw(t, "teams") {
			team := &hook.Team{Name: string(rune('A' + i)), Size: int32(rapid.IntRange(1, 5).Draw(t, "size"))}
			for range rapid.IntRange(0, int(team.Size)).Draw(t, "players") {
				id := string(rune('a' + len(ids)))
				ids = append(ids, id)
				team.Players = append(team.Players, &hook.Player{AccountId: id})
			}
			l.Teams = append(l.Teams, team)
		}
		right, left := &hook.Assignment{}, rapid.Permutation(ids).Draw(t, "order")
		for _, team := range l.Teams {
			n := min(int(team.Size), len(left))
			right.Teams = append(right.Teams, &hook.TeamAssignment{Name: team.Name, AccountIds: left[:n]})
			left = left[n:]
		}
		ask := func(a *hook.Assignment) (*hook.Assignment, error) {
			h := policy(hookOf("h", rules{balance: func(context.Context, *hook.Lobby) (*hook.Assignment, error) { return a, nil }}), hook.FailRefuse)
			r, err := hooks.New(hooks.Options{Game: "arena", Hooks: []hooks.Hook{h}})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = r.Close(context.Background()) }()
			return r.BalanceTeams(context.Background(), l)
		}
		a, err := ask(right)
		if err != nil {
			t.Fatal(err)
		}
		checkAssigned(t, l, a)
		wrong := proto.CloneOf(right)
		victim := wrong.Teams[rapid.IntRange(0, len(wrong.Teams)-1).Draw(t, "victim")]
		if len(victim.AccountIds) > 0 && rapid.Bool().Draw(t, "drop") {
			victim.AccountIds = victim.AccountIds[1:]
		} else {
			victim.AccountIds = append(victim.AccountIds, rapid.SampledFrom(append([]string{"stranger"}, ids...)).Draw(t, "extra"))
		}
		if _, err := ask(wrong); err == nil {
			t.Fatalf("%v passes for %v", wrong, l)
		}
	})
}

// FuzzReasons refuses with any text: what players see is short, on one line and
// readable.
func FuzzReasons(f *testing.F) {
	for _, s := range []string{"", "no", " a\r\nb\x00 ", "\xff\xfe", "\u202eabc", strings.Repeat("ß", 700)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, reason string) {
		r := run(t, hookOf("h", rules{validate: func(context.Context, *hook.Lobby) error {
			return hook.Refuse(reason, map[string]string{"a1": reason})
		}}))
		err := r.ValidateStart(t.Context(), twoTeams())
		refusal, _ := hook.AsRefusal(err)
		for _, text := range []string{asFault(t, err).Text, refusal.GetPlayerReasons()["a1"]} {
			if !utf8.ValidString(text) || utf8.RuneCountInString(text) > 500 || strings.ContainsFunc(text, unicode.IsControl) || text != strings.TrimSpace(text) {
				t.Errorf("%q became %q", reason, text)
			}
		}
	})
}
