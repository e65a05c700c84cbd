package memory

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/muster-gg/muster/core/state"
)

// writer runs f with the writer's connection while no batch uses it.
func writer(s *Store, f func(c *connection)) {
	j := s.commits.journal
	j.mu.Lock()
	defer j.mu.Unlock()
	f(j.conn)
}

func execOn(t testing.TB, c driver.Conn, sql string) {
	t.Helper()
	if _, err := c.(driver.ExecerContext).ExecContext(context.Background(), sql, nil); err != nil {
		t.Fatal(err)
	}
}

// A full disk: nothing of the batch is seen, now and after reopening, and the
// store goes on when there is room again.
func TestFullDisk(t *testing.T) {
	path := journalPath(t)
	s := openAt(t, path)
	rev := mustApply(t, s, write("a", 0, "A"))
	writer(s, func(c *connection) { execOn(t, c.conn, "PRAGMA max_page_count = 8") })
	_, err := s.Apply(context.Background(), state.Tx{Game: "arena", Writes: []state.Write{
		write("a", rev, "A2"), write("big", 0, strings.Repeat("x", 1<<20)),
	}})
	if err == nil || !strings.Contains(err.Error(), path) {
		t.Fatalf("Apply on a full disk: %v", err)
	}
	var conflict *state.Conflict
	if errors.As(err, &conflict) {
		t.Fatalf("Apply on a full disk: %v", err)
	}
	check := func(s *Store) {
		t.Helper()
		if a, big := read(t, s, "a"), read(t, s, "big"); a.Version != rev || big.Version != 0 {
			t.Fatalf("versions %d and %d, want %d and 0", a.Version, big.Version, rev)
		}
	}
	check(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openAt(t, path)
	check(s)
	mustApply(t, s, write("a", rev, "A2"), write("big", 0, strings.Repeat("x", 1<<20)))
}

// Somebody else holds the file: those who wait get an error each, later calls succeed.
func TestFileHeldByAnother(t *testing.T) {
	path := journalPath(t)
	s := openAt(t, path)
	rev := mustApply(t, s, write("a", 0, "A"))
	writer(s, func(c *connection) { execOn(t, c.conn, "PRAGMA busy_timeout = 0") })
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Apply(context.Background(), state.Tx{Game: "arena", Writes: []state.Write{write("a", rev, "A2")}}); err == nil {
		t.Fatal("Apply succeeded on a locked file")
	}
	if d := read(t, s, "a"); d.Version != rev {
		t.Fatalf("version %d, want %d", d.Version, rev)
	}
	if _, err := db.Exec("ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if next := mustApply(t, s, write("a", rev, "A2")); next <= rev {
		t.Fatalf("revision %d after %d", next, rev)
	}
}

// lyingCommit commits and says that it did not.
type lyingCommit struct{ driver.Stmt }

func (l lyingCommit) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if _, err := l.Stmt.(driver.StmtExecContext).ExecContext(ctx, args); err != nil {
		return nil, err
	}
	return nil, io.ErrUnexpectedEOF
}

// A commit that fails so late that the file has the batch: callers were told that
// nothing happened, so the next batch must leave the file as if nothing had.
func TestCommitThatMayHaveHappened(t *testing.T) {
	for _, then := range []string{"write", "close"} {
		t.Run(then, func(t *testing.T) {
			path := journalPath(t)
			s := openAt(t, path)
			rev := mustApply(t, s, write("a", 0, "A"), write("b", 0, "B"), write("c", 0, "C"))
			writer(s, func(c *connection) { c.commit = lyingCommit{c.commit} })
			_, err := s.Apply(context.Background(), state.Tx{Game: "arena", Writes: []state.Write{
				write("a", rev, "wrong"), {Key: lobby("b"), Expect: rev}, write("new", 0, "wrong"),
			}})
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("Apply: %v", err)
			}
			if then == "write" {
				mustApply(t, s, write("c", rev, "C2"))
				if got := inFile(t, path); got != "a=A b=B c=C2" {
					t.Errorf("after the next batch the file has %s", got)
				}
			} else if got := inFile(t, path); got != "a=wrong c=C new=wrong" {
				t.Fatalf("the commit did not happen: the file has %s", got)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = openAt(t, path)
			for id, want := range map[string]string{"a": "A", "b": "B"} {
				d := read(t, s, id)
				if raw, _ := d.Value.(state.Raw); string(raw) != want || d.Version != rev {
					t.Errorf("%s: version %d %q, want %d %q", id, d.Version, raw, rev, want)
				}
			}
			if d := read(t, s, "new"); d.Version != 0 {
				t.Errorf("a document of the failed batch is there: %+v", d)
			}
		})
	}
}

// inFile reads the documents past the store.
func inFile(t *testing.T, path string) (docs string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT group_concat(id || '=' || CAST(value AS TEXT), ' ' ORDER BY id) FROM doc").Scan(&docs); err != nil {
		t.Fatal(err)
	}
	return docs
}

// gate holds the committer up while it encodes.
type gate struct{ entered, open chan struct{} }

func newGate() *gate { return &gate{make(chan struct{}), make(chan struct{})} }

func (g *gate) AppendState(dst []byte) ([]byte, error) {
	close(g.entered)
	<-g.open
	return append(dst, "gate"...), nil
}

// All callers of a failed batch get its error; their own conflicts do not hide it,
// since they may have lost to what was never saved.
func TestFailureReachesTheWholeBatch(t *testing.T) {
	s := openAt(t, journalPath(t))
	rev := mustApply(t, s, write("a", 0, "A"))
	g := newGate()
	errs := make(chan error, 21)
	apply := func(w state.Write) {
		_, err := s.Apply(context.Background(), state.Tx{Game: "arena", Writes: []state.Write{w}})
		errs <- err
	}
	go apply(state.Write{Key: lobby("gate"), Value: g})
	<-g.entered
	for i := range 20 {
		go apply(write("a", rev+uint64(i%3)*1000, "B"))
	}
	for len(s.commits.queue) < 20 {
		runtime.Gosched()
	}
	writer(s, func(c *connection) { c.commit = lyingCommit{c.commit} })
	close(g.open)
	for range 21 {
		if err := <-errs; !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("Apply in a failed batch: %v", err)
		}
	}
	if d := read(t, s, "a"); d.Version != rev {
		t.Errorf("version %d, want %d", d.Version, rev)
	}
}

func TestEndedContextInTheQueue(t *testing.T) {
	s := openAt(t, journalPath(t))
	g := newGate()
	ctx, cancel := context.WithCancel(context.Background())
	type result struct {
		rev uint64
		err error
	}
	taken := make(chan result, 1)
	go func() {
		rev, err := s.Apply(ctx, state.Tx{Game: "arena", Writes: []state.Write{{Key: lobby("taken"), Value: g}}})
		taken <- result{rev, err}
	}()
	<-g.entered
	waits := make(chan error, 1)
	go func() {
		_, err := s.Apply(ctx, state.Tx{Game: "arena", Writes: []state.Write{write("waits", 0, "x")}})
		waits <- err
	}()
	for len(s.commits.queue) == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-waits; !errors.Is(err, context.Canceled) {
		t.Errorf("in the queue when the context ended: %v", err)
	}
	close(g.open)
	r := <-taken
	if r.err != nil {
		t.Errorf("taken up before the context ended: %v", r.err)
	}
	mustApply(t, s, write("after", 0, "x"))
	if d := read(t, s, "waits"); d.Version != 0 {
		t.Errorf("given up and applied nonetheless: %+v", d)
	}
	if d := read(t, s, "taken"); d.Version != r.rev {
		t.Errorf("version %d, acknowledged %d", d.Version, r.rev)
	}
}

// Rows that somebody else removed are noticed, not silently lost.
func TestRowRemovedByAnother(t *testing.T) {
	path := journalPath(t)
	s := openAt(t, path)
	rev := mustApply(t, s, write("a", 0, "A"))
	writer(s, func(c *connection) { execOn(t, c.conn, "DELETE FROM doc") })
	_, err := s.Apply(context.Background(), state.Tx{Game: "arena", Writes: []state.Write{write("a", rev, "A2"), write("b", 0, "B")}})
	if err == nil || !strings.Contains(err.Error(), "lobby/a") {
		t.Fatalf("Apply: %v", err)
	}
	if a, b := read(t, s, "a"), read(t, s, "b"); a.Version != rev || b.Version != 0 {
		t.Fatalf("versions %d and %d, want %d and 0", a.Version, b.Version, rev)
	}
}

// A full queue: who does not get in gives up with its context, and the rest too.
func TestFullQueue(t *testing.T) {
	s := openAt(t, journalPath(t))
	g := newGate()
	var gated sync.WaitGroup
	gated.Go(func() { mustApply(t, s, state.Write{Key: lobby("gate"), Value: g}) })
	<-g.entered
	ctx, cancel := context.WithCancel(context.Background())
	const callers = queueSize + 50
	errs := make(chan error, callers)
	for i := range callers {
		go func() {
			_, err := s.Apply(ctx, state.Tx{Game: "arena", Writes: []state.Write{write(fmt.Sprint(i), 0, "x")}})
			errs <- err
		}()
	}
	for len(s.commits.queue) < queueSize {
		runtime.Gosched()
	}
	cancel()
	for range callers {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Fatalf("Apply: %v", err)
		}
	}
	close(g.open)
	gated.Wait()
	mustApply(t, s, write("after", 0, "x"))
	n := 0
	if err := s.List(context.Background(), "arena", "lobby", func(state.Doc) bool { n++; return true }); err != nil || n != 2 {
		t.Fatalf("%d documents, %v; want 2", n, err)
	}
}

// The revision in the file stays far ahead of those given away, so that a power
// cut that loses the newest note of it does not bring old ones back.
func TestRevisionInTheFileIsAhead(t *testing.T) {
	path := journalPath(t)
	s := openAt(t, path)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	table := s.tables.open("arena")
	for range 20 {
		rev := mustApply(t, s, state.Write{Key: lobby("none")})
		var noted uint64
		if err := db.QueryRow("SELECT revision FROM game WHERE name = 'arena'").Scan(&noted); err != nil {
			t.Fatal(err)
		}
		if noted < rev+revisionsAhead/2 || noted > rev+revisionsAhead {
			t.Fatalf("revision %d is given away, the file says %d", rev, noted)
		}
		table.mu.Lock()
		table.revision += revisionsAhead / 7 // as if as many had been given away
		table.mu.Unlock()
	}
}
