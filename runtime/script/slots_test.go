package script

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestSlotsInTurn holds that hooks which wait get slots in turn, however many calls
// each has waiting, and the calls of one hook in their order.
func TestSlotsInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(1)
		if err := s.take(t.Context(), slotKey{"rpc", "bad"}); err != nil {
			t.Fatal(err)
		}
		var got []string
		wait := func(name string, key slotKey) {
			go func() {
				if err := s.take(t.Context(), key); err != nil {
					t.Error(err)
				}
				got = append(got, name)
				s.give()
			}()
			synctest.Wait()
		}
		for i := range 4 {
			wait(fmt.Sprint("bad ", i), slotKey{"rpc", "bad"})
		}
		wait("good", slotKey{"rpc", "good"})
		wait("start", slotKey{"validate_start", ""})
		s.give()
		synctest.Wait()
		if text := fmt.Sprint(got); text != "[bad 0 good start bad 1 bad 2 bad 3]" {
			t.Error(text)
		}
	})
}

// TestSlotsAreGivenUp holds that who stops waiting leaves nothing behind, also where
// his turn comes at the same time.
func TestSlotsAreGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSlots(2)
		var running, most int
		var mu sync.Mutex
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				key := slotKey{"rpc", fmt.Sprint(i % 7)}
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+rand.N(40))*time.Millisecond)
				defer cancel()
				if err := s.take(ctx, key); err != nil {
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				running++
				most = max(most, running)
				mu.Unlock()
				time.Sleep(time.Millisecond) // of the bubble's clock
				mu.Lock()
				running--
				mu.Unlock()
				s.give()
			})
		}
		all.Wait()
		if most != 2 || s.taken != 0 || len(s.turns) != 0 {
			t.Errorf("%d ran at once; %d slots are taken, %d hooks wait", most, s.taken, len(s.turns))
		}
	})
}
