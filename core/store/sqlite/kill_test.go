package sqlite

import (
	"bufio"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/store"
)

// killPath is set in the process that is killed: the file that it fills.
const killPath = "MUSTER_TEST_KILL_PATH"

// signInUntilKilled makes accounts without end and prints each one's key after
// it was acknowledged.
func signInUntilKilled(path string) {
	ctx := context.Background()
	s, err := Open(ctx, Options{Path: path})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var out sync.Mutex
	var wg sync.WaitGroup
	for caller := range 32 {
		wg.Go(func() {
			for n := 0; ; n++ {
				key := fmt.Sprintf("%d-%d-%d", os.Getpid(), caller, n)
				if _, _, err := signInKey(ctx, s, key); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				if _, err := s.SetEntry(ctx, entryOf(key), store.NoVersion); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				if _, _, err := s.FinishRatedMatch(ctx, matchOf(key)); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				out.Lock()
				fmt.Println(key)
				out.Unlock()
			}
		})
	}
	wg.Wait()
}

// entryOf is what the account a<key> stores.
func entryOf(key string) store.Entry {
	return store.Entry{Game: "g", Scope: "a" + key, Key: "k", Value: []byte(`"` + key + `"`), UpdatedAt: time.Now()}
}

// matchOf is a match that the account a<key> won.
func matchOf(key string) store.Match {
	return store.Match{ID: "m" + key, Game: "g", StartedAt: time.Now(), EndedAt: time.Now(), Result: []byte(`{"players":[{"accountId":"a` + key + `"}]}`)}
}

// signInKey makes the account a<key> with its sign-in c<key>.
func signInKey(ctx context.Context, s *Store, key string) (store.Account, bool, error) {
	return signInAs(ctx, s, key, key)
}

func signInAs(ctx context.Context, s *Store, key, sid string) (store.Account, bool, error) {
	now := time.Now()
	return s.SignIn(ctx,
		store.Account{ID: "a" + key, Game: "g", Username: "U" + key, CreatedAt: now},
		store.Identity{Provider: "p", Subject: "s" + key, Username: "U" + key, LinkedAt: now}, "",
		store.SignIn{ID: "c" + sid, Game: "g", RefreshHash: sha256.Sum256([]byte(key)), CreatedAt: now, ExpiresAt: now.Add(time.Hour)})
}

// A process killed in the middle of its work loses nothing that it acknowledged,
// and what was under way is there as a whole or not at all.
func TestKilledProcessLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "muster.db")
	var acknowledged []string
	for _, lines := range []int{1, 150, 1500} {
		acknowledged = append(acknowledged, killAfter(t, path, lines)...)
		s := openAt(t, path)
		for _, key := range acknowledged {
			a, err := s.Account(t.Context(), "g", "a"+key)
			if err != nil || len(a.Identities) != 1 || a.Username != "U"+key {
				t.Fatalf("acknowledged account %s: %+v, %v", key, a, err)
			}
			c, err := s.SignInByID(t.Context(), "g", "c"+key)
			if err != nil || c.AccountID != a.ID || c.RefreshHash != sha256.Sum256([]byte(key)) {
				t.Fatalf("acknowledged sign-in %s: %+v, %v", key, c, err)
			}
			e, err := s.Entries(t.Context(), "g", "a"+key, []string{"k"})
			if err != nil || len(e) != 1 || string(e[0].Value) != `"`+key+`"` {
				t.Fatalf("acknowledged entry %s: %+v, %v", key, e, err)
			}
		}
		var accounts, whole int
		var check string
		err := s.readers.QueryRow(`SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM accounts a
			JOIN identities i ON i.game = a.game AND i.account_id = a.id
			JOIN sign_ins c ON c.game = a.game AND c.account_id = a.id)`).Scan(&accounts, &whole)
		if err == nil {
			err = s.readers.QueryRow("PRAGMA integrity_check").Scan(&check)
		}
		if err != nil || check != "ok" || accounts != whole || accounts < len(acknowledged) {
			t.Fatalf("%d accounts, %d whole, %d acknowledged, file %q: %v", accounts, whole, len(acknowledged), check, err)
		}
		var matches, owed int
		err = s.readers.QueryRow(`SELECT (SELECT count(*) FROM matches), (SELECT count(*) FROM matches m
			JOIN reports r ON r.game = m.game AND r.match_id = m.id)`).Scan(&matches, &owed)
		if err != nil || matches != owed || matches < len(acknowledged) {
			t.Fatalf("%d matches, %d of them owed, %d acknowledged: %v", matches, owed, len(acknowledged), err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killAfter runs the process until it has printed some lines, kills it, and
// returns all that it printed.
func killAfter(t *testing.T, path string, lines int) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), killPath+"="+path)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var keys []string
	in := bufio.NewReader(stdout)
	for {
		line, err := in.ReadString('\n')
		if err != nil { // a last line without its end was not printed whole
			break
		}
		if keys = append(keys, strings.TrimSpace(line)); len(keys) == lines {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); len(keys) < lines {
		t.Fatalf("the process ended by itself: %v %s", err, stderr.String())
	}
	return keys
}
