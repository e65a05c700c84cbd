package statetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/state"
)

func putDue(id string, expect uint64, at time.Time) state.Write {
	return state.Write{Key: key(id), Expect: expect, Value: state.Raw(id), Deadline: at}
}

// dueIDs asks and returns the ids; documents out of order fail the test.
func dueIDs(t fataler, s state.Store, game, kind string, now time.Time, limit int) []string {
	t.Helper()
	docs, err := s.Due(context.Background(), game, kind, now, limit)
	if err != nil {
		t.Fatalf("Due: %v", err)
	}
	var ids []string
	for i, d := range docs {
		if i > 0 && d.Deadline.Before(docs[i-1].Deadline) {
			t.Fatalf("%v is due before %v but comes later", d.Deadline, docs[i-1].Deadline)
		}
		if d.Version == 0 || text(t, d) != d.Key.ID {
			t.Fatalf("due document %+v", d)
		}
		ids = append(ids, d.Key.ID)
	}
	return ids
}

func due(t *testing.T, s state.Store) {
	check := func(now time.Time, limit int, want ...string) {
		t.Helper()
		if got := dueIDs(t, s, game, "lobby", now, limit); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("due at %d (limit %d): %v, want %v", now.Sub(epoch).Milliseconds(), limit, got, want)
		}
	}
	check(after(0), 10)
	versions := make(map[string]uint64)
	for _, i := range []int{5, 3, 9, 1, 7, 2, 8, 4, 6} {
		id := fmt.Sprint(i)
		versions[id] = apply(t, s, game, putDue(id, 0, after(10*i)))
	}
	versions["never"] = apply(t, s, game, putDue("never", 0, time.Time{}))
	versions["long ago"] = apply(t, s, game, putDue("long ago", 0, time.UnixMilli(0)))
	check(after(9), 10, "long ago")
	check(after(10), 10, "long ago", "1") // not after now: at now itself
	check(after(10).Add(-time.Nanosecond), 10, "long ago")
	check(after(35), 10, "long ago", "1", "2", "3")
	check(after(35), 2, "long ago", "1")
	check(after(35), 0)
	check(after(35), -1)
	check(after(1000), 100, "long ago", "1", "2", "3", "4", "5", "6", "7", "8", "9")
	check(time.UnixMilli(-1), 10)

	versions["1"] = apply(t, s, game, putDue("1", versions["1"], after(55))) // later
	versions["9"] = apply(t, s, game, putDue("9", versions["9"], after(15))) // earlier
	apply(t, s, game, putDue("2", versions["2"], time.Time{}))               // never
	versions["never"] = apply(t, s, game, putDue("never", versions["never"], after(16)))
	apply(t, s, game, state.Write{Key: key("3"), Expect: versions["3"]})                  // gone
	versions["4"] = apply(t, s, game, putDue("4", versions["4"], after(40)))              // as it was
	apply(t, s, game, state.Write{Key: key("long ago"), Expect: versions["long ago"]})    // gone
	apply(t, s, game, putDue("long ago", 0, after(17)))                                   // and back
	refuse(t, s, game, putDue("5", versions["4"], after(1)))                              // lost
	apply(t, s, game, state.Write{Key: key("6"), Expect: versions["6"], CheckOnly: true}) // compared
	check(after(1000), 100, "9", "never", "long ago", "4", "5", "1", "6", "7", "8")
	check(after(1000), 3, "9", "never", "long ago")

	// Milliseconds count, what is below them does not.
	apply(t, s, game, state.Write{Key: state.Key{Kind: "ms", ID: "a"}, Value: state.Raw("a"), Deadline: after(3).Add(900 * time.Microsecond)})
	if got := dueIDs(t, s, game, "ms", after(3), 1); len(got) != 1 {
		t.Fatalf("due within the same millisecond: %v", got)
	}
	if d := get(t, s, game, state.Key{Kind: "ms", ID: "a"}); d.Deadline.UnixMilli() != after(3).UnixMilli() {
		t.Fatalf("deadline %v, want %v", d.Deadline, after(3))
	}
}

func dueApart(t *testing.T, s state.Store) {
	k := state.Key{Kind: "match", ID: "m"}
	apply(t, s, game, state.Write{Key: k, Value: state.Raw("m"), Deadline: after(1)})
	apply(t, s, game, putDue("l", 0, after(2)))
	apply(t, s, "other", putDue("o", 0, after(3)))
	for _, c := range []struct{ game, kind, want string }{
		{game, "match", "[m]"}, {game, "lobby", "[l]"}, {"other", "lobby", "[o]"},
		{"other", "match", "[]"}, {game, "none", "[]"}, {"none", "lobby", "[]"},
	} {
		if got := fmt.Sprint(dueIDs(t, s, c.game, c.kind, after(9), 10)); got != c.want {
			t.Errorf("due in %s/%s: %s, want %s", c.game, c.kind, got, c.want)
		}
	}
}

func list(t *testing.T, s state.Store) {
	ctx := context.Background()
	all := func(game, kind string) map[string]uint64 {
		t.Helper()
		seen := make(map[string]uint64)
		err := s.List(ctx, game, kind, func(d state.Doc) bool {
			if _, twice := seen[d.Key.ID]; twice || d.Key.Kind != kind || text(t, d) != d.Key.ID {
				t.Fatalf("listed %+v (twice: %v)", d, twice)
			}
			seen[d.Key.ID] = d.Version
			return true
		})
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		return seen
	}
	if got := all(game, "lobby"); len(got) != 0 {
		t.Fatalf("an empty store lists %v", got)
	}
	want := make(map[string]uint64)
	for i := range 1000 {
		id := fmt.Sprint(i)
		want[id] = apply(t, s, game, put(key(id), 0, id))
	}
	for i := 0; i < 1000; i += 3 {
		id := fmt.Sprint(i)
		apply(t, s, game, state.Write{Key: key(id), Expect: want[id]})
		delete(want, id)
	}
	for i := 1000; i < 1100; i++ {
		id := fmt.Sprint(i)
		want[id] = apply(t, s, game, put(key(id), 0, id))
	}
	apply(t, s, game, put(state.Key{Kind: "seat", ID: "s"}, 0, "s"))
	apply(t, s, "other", put(key("o"), 0, "o"))
	if got := all(game, "lobby"); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("List: %d documents, want %d", len(got), len(want))
	}
	if got := all("other", "lobby"); len(got) != 1 || got["o"] == 0 {
		t.Fatalf("the other game lists %v", got)
	}
	if got := all("none", "lobby"); len(got) != 0 {
		t.Fatalf("a game without documents lists %v", got)
	}
	n := 0
	if err := s.List(ctx, game, "lobby", func(state.Doc) bool { n++; return n < 7 }); err != nil || n != 7 {
		t.Fatalf("List went on for %d documents after false: %v", n, err)
	}
}
