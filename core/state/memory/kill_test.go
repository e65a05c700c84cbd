package memory

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/muster-gg/muster/core/state"
)

// childJournal names the journal that this binary fills when it is run as the
// process to be killed.
const childJournal = "MUSTER_TEST_CHILD_JOURNAL"

const counters = 6

// child counts in several documents at once and says each number that was
// acknowledged. It is killed while it does so. Number n of a counter is held by
// its documents "c/left" and "c/right"; every tenth deletes and makes "c/extra".
func child(path string) int {
	s, err := Open(context.Background(), Options{Path: path})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var wg sync.WaitGroup
	for c := range counters {
		wg.Go(func() {
			id := func(part string) string { return fmt.Sprint(c, "/", part) }
			docs, err := s.Get(context.Background(), "arena", lobby(id("left")), lobby(id("right")), lobby(id("extra")))
			for n := 1; err == nil; n++ {
				if docs[0].Value != nil {
					b, _ := docs[0].Value.AppendState(nil)
					have, _ := strconv.Atoi(string(b))
					n = have + 1
				}
				body := fmt.Sprint(n)
				writes := []state.Write{write(id("left"), docs[0].Version, body), write(id("right"), docs[1].Version, body)}
				if n%10 == 0 {
					w := write(id("extra"), docs[2].Version, body)
					if docs[2].Version != 0 {
						w.Value = nil
					}
					writes = append(writes, w)
				}
				var rev uint64
				if rev, err = s.Apply(context.Background(), state.Tx{Game: "arena", Writes: writes}); err != nil {
					break
				}
				// One write call for each line: a kill never splits an acknowledgement.
				os.Stdout.WriteString(fmt.Sprintf("%d %d %d\n", c, n, rev))
				for i := range writes {
					docs[i] = state.Doc{Key: writes[i].Key, Version: rev, Value: writes[i].Value}
					if writes[i].Value == nil {
						docs[i].Version = 0
					}
				}
			}
			fmt.Fprintln(os.Stderr, err)
		})
	}
	wg.Wait()
	return 1
}

func TestKilledProcessLosesNothing(t *testing.T) {
	rounds := 8
	if testing.Short() {
		rounds = 3
	}
	path := journalPath(t)
	var acknowledged [counters]int
	var newest uint64
	for round := range rounds {
		kill(t, path, 20+rand.IntN(2000), &acknowledged, &newest)
		s := openAt(t, path)
		for c, n := range acknowledged {
			left, right := body(t, s, c, "left"), body(t, s, c, "right")
			if left != right || left < n {
				t.Errorf("round %d: counter %d is %d and %d, %d was acknowledged", round, c, left, right, n)
			}
			if extra := body(t, s, c, "extra"); (extra != 0) != (left/10%2 == 1) {
				t.Errorf("round %d: counter %d is %d, its extra document %d", round, c, left, extra)
			}
		}
		rev := mustApply(t, s, state.Write{Key: lobby("none")})
		if rev <= newest {
			t.Errorf("round %d: revision %d after %d", round, rev, newest)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// kill runs a child until it has acknowledged a number of transactions, kills it
// and notes all that it had acknowledged.
func kill(t *testing.T, path string, after int, acknowledged *[counters]int, newest *uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childJournal+"="+path)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	seen := 0
	for lines.Scan() {
		var c, n int
		var rev uint64
		if _, err := fmt.Sscan(lines.Text(), &c, &n, &rev); err != nil {
			t.Fatalf("the child says %q", lines.Text())
		}
		acknowledged[c], *newest = max(acknowledged[c], n), max(*newest, rev)
		if seen++; seen == after {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); seen < after || !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("the child ended by itself after %d of %d: %v\n%s", seen, after, err, stderr.String())
	}
}

func body(t *testing.T, s *Store, counter int, part string) int {
	t.Helper()
	d := read(t, s, fmt.Sprint(counter, "/", part))
	if d.Value == nil {
		return 0
	}
	n, err := strconv.Atoi(string(d.Value.(state.Raw)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
