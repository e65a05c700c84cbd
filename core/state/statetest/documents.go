package statetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/muster-gg/muster/core/state"
)

func absent(t *testing.T, s state.Store) {
	is(t, s, game, key("none"), 0, "")
	apply(t, s, game, put(key("one"), 0, "x"))
	is(t, s, game, key("none"), 0, "")
	is(t, s, "other game", key("none"), 0, "")
	docs, err := s.Get(context.Background(), game, key("none"), key("one"), state.Key{Kind: "none", ID: "one"})
	if err != nil || len(docs) != 3 {
		t.Fatalf("Get: %v, %v", docs, err)
	}
	same(t, docs[0], key("none"), 0, "")
	same(t, docs[1], key("one"), docs[1].Version, "x")
	same(t, docs[2], state.Key{Kind: "none", ID: "one"}, 0, "")
	if docs, err := s.Get(context.Background(), game); err != nil || len(docs) != 0 {
		t.Fatalf("Get without keys: %v, %v", docs, err)
	}
}

func lifeOfADocument(t *testing.T, s state.Store) {
	k := key("a")
	first := apply(t, s, game, put(k, 0, "one"))
	if first == 0 {
		t.Fatal("the first revision is 0")
	}
	is(t, s, game, k, first, "one")
	same(t, refuse(t, s, game, put(k, 0, "again"))[0], k, first, "one")
	second := apply(t, s, game, state.Write{Key: k, Expect: first, Value: state.Raw("two"), Deadline: after(5)})
	is(t, s, game, k, second, "two")
	if d := get(t, s, game, k); !d.Deadline.Equal(after(5)) {
		t.Fatalf("deadline %v, want %v", d.Deadline, after(5))
	}
	refuse(t, s, game, put(k, first, "late"))
	refuse(t, s, game, state.Write{Key: k, Expect: first})
	is(t, s, game, k, second, "two")
	apply(t, s, game, state.Write{Key: k, Expect: second})
	is(t, s, game, k, 0, "")
	refuse(t, s, game, put(k, second, "after its end"))
	third := apply(t, s, game, put(k, 0, "back"))
	is(t, s, game, k, third, "back")
	if d := get(t, s, game, k); !d.Deadline.IsZero() {
		t.Fatalf("the deadline %v outlived its document", d.Deadline)
	}
}

type counted struct {
	body  string
	calls *int
}

func (c *counted) AppendState(dst []byte) ([]byte, error) {
	*c.calls++
	return append(dst, c.body...), nil
}

// ownValues: a value is encoded at most once, and reading does not encode.
func ownValues(t *testing.T, s state.Store) {
	calls := 0
	v := &counted{"body", &calls}
	rev := apply(t, s, game, state.Write{Key: key("a"), Value: v})
	get(t, s, game, key("a"))
	d := get(t, s, game, key("a"))
	refuse(t, s, game, put(key("a"), 0, "x"))
	if calls > 1 {
		t.Fatalf("one version was encoded %d times", calls)
	}
	same(t, d, key("a"), rev, "body")
}

func conflictShowsDocuments(t *testing.T, s state.Store) {
	a, b, c := key("a"), key("b"), state.Key{Kind: "seat", ID: "c"}
	ra := apply(t, s, game, put(a, 0, "A"))
	rb := apply(t, s, game, put(b, 0, "B"))
	docs := refuse(t, s, game, put(c, 0, "new"), put(b, rb, "B2"), put(a, rb, "wrong version"))
	same(t, docs[0], c, 0, "")
	same(t, docs[1], b, rb, "B")
	same(t, docs[2], a, ra, "A")
	docs = refuse(t, s, game, state.Write{Key: a, Expect: ra, CheckOnly: true}, put(c, 7, "not there"))
	same(t, docs[0], a, ra, "A")
	same(t, docs[1], c, 0, "")
}

func allOrNothing(t *testing.T, s state.Store) {
	a, b, c := key("a"), key("b"), state.Key{Kind: "seat", ID: "c"}
	rev := apply(t, s, game, put(a, 0, "A"), put(b, 0, "B"))
	is(t, s, game, a, rev, "A")
	is(t, s, game, b, rev, "B")
	for _, at := range []int{0, 1, 2} { // the wrong comparison first, in the middle, last
		writes := []state.Write{put(a, rev, "A2"), {Key: b, Expect: rev}, put(c, 0, "C")}
		writes[at].Expect += 3
		refuse(t, s, game, writes...)
		is(t, s, game, a, rev, "A")
		is(t, s, game, b, rev, "B")
		is(t, s, game, c, 0, "")
	}
	next := apply(t, s, game, put(a, rev, "A2"), state.Write{Key: b, Expect: rev}, put(c, 0, "C"))
	is(t, s, game, a, next, "A2")
	is(t, s, game, b, 0, "")
	is(t, s, game, c, next, "C")
	var many []state.Write
	for i := range 100 {
		many = append(many, put(key(fmt.Sprint("many", i)), 0, fmt.Sprint(i)))
	}
	last := apply(t, s, game, many...)
	for i := range many {
		is(t, s, game, many[i].Key, last, fmt.Sprint(i))
	}
}

func checkOnly(t *testing.T, s state.Store) {
	a, b := key("a"), key("b")
	rev := apply(t, s, game, state.Write{Key: a, Value: state.Raw("A"), Deadline: after(1)})
	check := state.Write{Key: a, Expect: rev, CheckOnly: true, Value: state.Raw("ignored"), Deadline: after(9)}
	apply(t, s, game, check)
	is(t, s, game, a, rev, "A")
	if d := get(t, s, game, a); !d.Deadline.Equal(after(1)) {
		t.Fatalf("a comparison moved the deadline to %v", d.Deadline)
	}
	next := apply(t, s, game, check, state.Write{Key: key("none"), CheckOnly: true}, put(b, 0, "B"))
	is(t, s, game, a, rev, "A")
	is(t, s, game, b, next, "B")
	check.Expect++
	refuse(t, s, game, check, put(b, next, "B2"))
	is(t, s, game, b, next, "B")
	refuse(t, s, game, state.Write{Key: a, CheckOnly: true})
	apply(t, s, game)
}

func deleteAbsent(t *testing.T, s state.Store) {
	apply(t, s, game, state.Write{Key: key("a")})
	is(t, s, game, key("a"), 0, "")
	refuse(t, s, game, state.Write{Key: key("a"), Expect: 1})
	rev := apply(t, s, game, put(key("b"), 0, "B"))
	apply(t, s, game, state.Write{Key: key("b"), Expect: rev}, state.Write{Key: key("a")})
	is(t, s, game, key("b"), 0, "")
}

func twiceInOne(t *testing.T, s state.Store) {
	for _, n := range []int{2, 40} {
		var writes []state.Write
		for i := range n {
			writes = append(writes, put(key(fmt.Sprint(i)), 0, "x"))
		}
		writes = append(writes, put(key("a"), 0, "1"), put(key("a"), 0, "2"))
		_, err := s.Apply(context.Background(), state.Tx{Game: game, Writes: writes})
		var c *state.Conflict
		if err == nil || errors.As(err, &c) {
			t.Fatalf("a key twice: %v; want an error that is no conflict", err)
		}
		is(t, s, game, key("a"), 0, "")
	}
}

func revisionsGrow(t *testing.T, s state.Store) {
	var last uint64
	var versions [3]uint64
	for i := range 60 {
		k := i % 3
		w := put(key(fmt.Sprint(k)), versions[k], "x")
		gone := i%5 == 4
		if gone {
			w.Value = nil
		}
		rev := apply(t, s, game, w)
		if rev <= last {
			t.Fatalf("revision %d after %d", rev, last)
		}
		last, versions[k] = rev, rev
		if gone {
			versions[k] = 0
		}
	}
}

func gamesApart(t *testing.T, s state.Store) {
	ra := apply(t, s, "a", put(key("x"), 0, "A"))
	rb := apply(t, s, "b", put(key("x"), 0, "B"))
	rb = apply(t, s, "b", put(key("x"), rb, "B2"))
	is(t, s, "a", key("x"), ra, "A")
	is(t, s, "b", key("x"), rb, "B2")
	apply(t, s, "a", state.Write{Key: key("x"), Expect: ra})
	is(t, s, "a", key("x"), 0, "")
	is(t, s, "b", key("x"), rb, "B2")
	for _, g := range []string{"a:b", "a/b", "", "A", "{a}"} {
		is(t, s, g, key("x"), 0, "")
		rev := apply(t, s, g, put(key("x"), 0, "in "+g))
		is(t, s, g, key("x"), rev, "in "+g)
	}
	is(t, s, "b", key("x"), rb, "B2")
}

type broken struct{}

func (broken) AppendState([]byte) ([]byte, error) { return nil, errors.New("cannot be encoded") }

// notEncodable: a backend that encodes refuses the transaction as a whole; one
// that does not may keep the value.
func notEncodable(t *testing.T, s state.Store) {
	_, err := s.Apply(context.Background(), state.Tx{Game: game, Writes: []state.Write{put(key("a"), 0, "A"), {Key: key("b"), Value: broken{}}}})
	a, b := get(t, s, game, key("a")), get(t, s, game, key("b"))
	if (err == nil) != (a.Version != 0) || a.Version != b.Version {
		t.Fatalf("error %v, versions %d and %d", err, a.Version, b.Version)
	}
	rev := apply(t, s, game, put(key("c"), 0, "C"))
	is(t, s, game, key("c"), rev, "C")
}

func oddKeys(t *testing.T, s state.Store) {
	odd := []string{
		"", " ", ":", "/", "a:b", "a/b", "{a}", "*", "?", "%", "'", `"`, "`", `\`, "\n", "\x00", "a\x00b", "a\x00c",
		"ü", "u\u0308", "Ü", "\U0001F600", "\xff\xfe", "NULL", "0", "-1", "1e3", strings.Repeat("k", 2000), "A", "a",
	}
	revs := make(map[state.Key]uint64)
	for _, kind := range []string{"lobby", "", "a:b", "\x00"} {
		for _, id := range odd {
			k := state.Key{Kind: kind, ID: id}
			revs[k] = apply(t, s, game, put(k, 0, kind+"|"+id))
		}
	}
	for k, rev := range revs {
		is(t, s, game, k, rev, k.Kind+"|"+k.ID)
	}
	n := 0
	if err := s.List(context.Background(), game, "a:b", func(d state.Doc) bool {
		same(t, d, d.Key, revs[d.Key], "a:b|"+d.Key.ID)
		n++
		return true
	}); err != nil || n != len(odd) {
		t.Fatalf("List: %d documents, %v; want %d", n, err, len(odd))
	}
}

func valueSizes(t *testing.T, s state.Store) {
	for i, size := range []int{0, 1, 4095, 4096, 70_000, 1 << 20} {
		k := key(fmt.Sprint(i))
		body := strings.Repeat("\x00aé\xff", size/4+1)[:size]
		rev := apply(t, s, game, put(k, 0, body))
		is(t, s, game, k, rev, body)
		rev = apply(t, s, game, put(k, rev, body+"!"))
		is(t, s, game, k, rev, body+"!")
	}
}
