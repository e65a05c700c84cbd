package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	driver "modernc.org/sqlite"

	"github.com/muster-gg/muster/core/store"
)

// hold stops the writer inside an operation until release is called, so that
// what is queued meanwhile becomes one batch.
func hold(t *testing.T, s *Store) (release func()) {
	t.Helper()
	inside, gate, held := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		held <- s.write(context.Background(), func(*txn) error {
			close(inside)
			<-gate
			return nil
		})
	}()
	<-inside
	return sync.OnceFunc(func() {
		close(gate)
		if err := <-held; err != nil {
			t.Errorf("the held operation: %v", err)
		}
	})
}

// queueAll queues operations in order while the writer is held; the returned
// function waits for their answers.
func queueAll(s *Store, ops ...func(*txn) error) (answers func() []error) {
	errs := make([]error, len(ops))
	var wg sync.WaitGroup
	for i, op := range ops {
		want := len(s.writer.queue) + 1
		wg.Go(func() { errs[i] = s.write(context.Background(), op) })
		for len(s.writer.queue) < want {
			yield()
		}
	}
	return func() []error { wg.Wait(); return errs }
}

func add(key string) func(*txn) error {
	return func(t *txn) error { return t.exec(insertAccount, "g", key, "", 0) }
}

func present(t *testing.T, s *Store, keys ...string) {
	t.Helper()
	rows, err := s.readers.Query("SELECT id FROM accounts ORDER BY id")
	got, err := scanStrings(rows, err)
	if err != nil || fmt.Sprint(got) != fmt.Sprint(keys) {
		t.Fatalf("stored %v, %v, want %v", got, err, keys)
	}
}

// In one batch, an operation that fails after it wrote is undone alone.
func TestFailedOperationLeavesItsBatchAlone(t *testing.T) {
	s := openNew(t)
	logical := errors.New("logical")
	release := hold(t, s)
	answers := queueAll(s,
		add("a"),
		func(t *txn) error { return errors.Join(add("b")(t), logical) },
		add("c"),
		func(t *txn) error { return errors.Join(add("d")(t), add("a")(t)) }, // a is there: SQL failure
		func(t *txn) error { return t.exec("NONSENSE") },
		add("e"),
	)
	release()
	errs := answers()
	for i, fails := range []bool{false, true, false, true, true, false} {
		if (errs[i] != nil) != fails {
			t.Errorf("operation %d: %v", i, errs[i])
		}
	}
	if !errors.Is(errs[1], logical) {
		t.Errorf("got %v, want the operation's own error", errs[1])
	}
	present(t, s, "a", "c", "e")
}

// A commit that fails answers every caller with an error, shows nothing, and the
// next batch works.
func TestFailedCommitFailsAll(t *testing.T) {
	s := openNew(t)
	refuse := false
	release := hold(t, s)
	onConnection(t, s, func(c driver.HookRegisterer) {
		c.RegisterCommitHook(func() int32 {
			if refuse {
				return 1
			}
			return 0
		})
	}, release)
	release = hold(t, s)
	answers := queueAll(s, add("a"), add("b"), func(*txn) error { refuse = true; return store.ErrTaken })
	release()
	for i, err := range answers() {
		if err == nil || errors.Is(err, store.ErrTaken) {
			t.Errorf("operation %d: %v, want the commit's failure", i, err)
		}
	}
	present(t, s)
	if err := s.write(t.Context(), func(t *txn) error { refuse = false; return add("c")(t) }); err != nil {
		t.Fatal(err)
	}
	present(t, s, "c")
}

// A COMMIT that fails and leaves its transaction open is cleared away.
func TestFailedCommitThatStaysOpen(t *testing.T) {
	s := openNew(t)
	_, err := s.writer.conn.ExecContext(t.Context(), `PRAGMA foreign_keys = 1; CREATE TABLE parent (id INTEGER PRIMARY KEY);
		CREATE TABLE child (of INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED)`)
	if err != nil {
		t.Fatal(err)
	}
	release := hold(t, s)
	answers := queueAll(s, add("a"), func(t *txn) error { return t.exec("INSERT INTO child VALUES (1)") })
	release()
	for i, err := range answers() {
		if err == nil {
			t.Errorf("operation %d was acknowledged", i)
		}
	}
	present(t, s)
	if err := s.write(t.Context(), add("c")); err != nil {
		t.Fatal(err)
	}
	present(t, s, "c")
}

// onConnection runs f on the writer's connection while the writer is idle.
func onConnection(t *testing.T, s *Store, f func(driver.HookRegisterer), release func()) {
	t.Helper()
	release()
	err := s.writer.conn.Raw(func(c any) error {
		f(c.(driver.HookRegisterer))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// When SQLite itself ends the transaction under way, nobody of the batch is told
// that he was saved.
func TestLostTransactionFailsAll(t *testing.T) {
	for name, op := range map[string]func(*txn) error{
		"by an operation that fails":    func(t *txn) error { return errors.Join(t.exec("ROLLBACK"), errors.New("lost")) },
		"by an operation that succeeds": func(t *txn) error { return t.exec("ROLLBACK") },
	} {
		t.Run(name, func(t *testing.T) {
			s := openNew(t)
			release := hold(t, s)
			answers := queueAll(s, add("a"), op, add("b"))
			release()
			for i, err := range answers() {
				if err == nil {
					t.Errorf("operation %d was acknowledged", i)
				}
			}
			present(t, s)
			if err := s.write(t.Context(), add("c")); err != nil {
				t.Fatal(err)
			}
			present(t, s, "c")
		})
	}
}

func TestFullDisk(t *testing.T) {
	s := openNew(t)
	pages := func(n int) {
		t.Helper()
		if err := s.write(t.Context(), func(t *txn) error { return drain(t.query(fmt.Sprintf("PRAGMA max_page_count = %d", n))) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.write(t.Context(), add("a")); err != nil {
		t.Fatal(err)
	}
	pages(1) // SQLite takes it as "no more than there are"
	big := func(t *txn) error { return t.exec(insertAccount, "g", "big", strings.Repeat("x", 1<<20), 0) }
	if err := s.write(t.Context(), big); err == nil {
		t.Fatal("saved on a full disk")
	}
	present(t, s, "a")
	pages(1 << 20)
	if err := s.write(t.Context(), add("b")); err != nil {
		t.Fatal(err)
	}
	present(t, s, "a", "b")
}

func drain(rows *sql.Rows, err error) error {
	return each(rows, err, func(*sql.Rows) error { return nil })
}

func TestContextEndsWhileQueued(t *testing.T) {
	s := openNew(t)
	release := hold(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan error, 2)
	giveUp := func(key string) {
		want := len(s.writer.queue) + 1
		go func() { got <- s.write(ctx, add(key)) }()
		for len(s.writer.queue) < want {
			yield()
		}
	}
	giveUp("first of its batch")
	answers := queueAll(s, add("a"))
	giveUp("later in its batch")
	cancel()
	for range 2 { // while the writer is still held
		if err := <-got; !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want context.Canceled", err)
		}
	}
	release()
	if err := answers()[0]; err != nil {
		t.Fatal(err)
	}
	present(t, s, "a") // nothing whose caller was told that it did not run
}

func TestContextEndsAfterTaken(t *testing.T) {
	s := openNew(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.write(ctx, func(t *txn) error {
		cancel()
		return add("a")(t)
	})
	if err != nil {
		t.Fatalf("got %v, but it was saved", err)
	}
	present(t, s, "a")
}

// A full queue holds callers back, and their contexts still work.
func TestFullQueue(t *testing.T) {
	s := openNew(t)
	release := hold(t, s)
	var wg sync.WaitGroup
	for range maxQueue {
		wg.Go(func() {
			if err := s.write(t.Context(), func(*txn) error { return nil }); err != nil {
				t.Error(err)
			}
		})
	}
	for len(s.writer.queue) < maxQueue {
		yield()
	}
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan error, 1)
	go func() { got <- s.write(ctx, add("a")) }()
	cancel()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want context.Canceled", err)
	}
	release()
	wg.Wait()
	present(t, s)
}
