//go:build linux

package local

import (
	"strconv"
	"strings"
	"sync"
	"testing"
)

func TestResult(t *testing.T) {
	f, obs := startFleet(t, options(t, "serve"))
	s := allocate(t, f, "m")
	_, body := order(t, s, "GET", "/sidecar/gameserver", "")
	if !strings.Contains(body, `\"resultUrl\":\"http://127.0.0.1:`) || !strings.Contains(body, `"state":"Allocated"`) {
		t.Errorf("the server sees %s", body)
	}
	status, answer := order(t, s, "POST", "/sidecar/result", `{"teams":[]}`)
	if status != 200 || answer != `{"accepted":true}` {
		t.Errorf("answer is %d %s", status, answer)
	}
	if got := <-obs.results; got != `arena m token-of-the-match {"teams":[]}` {
		t.Errorf("told %q", got)
	}
}

// TestResultBeforeEnd: who posts a result and exits without waiting for the
// answer has delivered it, and the end is told after it.
func TestResultBeforeEnd(t *testing.T) {
	f, obs := startFleet(t, options(t, "serve"))
	for i := range 10 {
		s := allocate(t, f, "m-"+strconv.Itoa(i))
		order(t, s, "GET", "/deliver", "")
		obs.wantEnd(t, s.Name[:5]+" "+s.Name[6:]+" clean")
		obs.mu.Lock()
		if obs.resultsBefore != i+1 {
			t.Errorf("%d results before end %d", obs.resultsBefore, i)
		}
		obs.mu.Unlock()
	}
}

// TestSlowResult: an end waits for the observer to be done with a result.
func TestSlowResult(t *testing.T) {
	f, obs := startFleet(t, options(t, "serve"))
	s := allocate(t, f, "m")
	arrived, goOn := make(chan struct{}), make(chan struct{})
	obs.mu.Lock()
	obs.answer = func() (int, []byte) {
		close(arrived)
		<-goOn
		return 200, nil
	}
	obs.mu.Unlock()
	var wg sync.WaitGroup
	wg.Go(func() { order(t, s, "POST", "/sidecar/result", `{}`) })
	<-arrived
	order(t, s, "GET", "/exit/0", "")
	pid := pidOf(f, "m")
	eventually(t, "the process has ended", func() bool { return dead(pid) })
	obs.wantNoEnd(t)
	close(goOn)
	obs.wantEnd(t, "arena m clean")
	if len(obs.results) != 1 {
		t.Error("the result is lost")
	}
	wg.Wait()
}
