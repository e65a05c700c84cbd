package gameflowtest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
)

// TestUnsteady: a fault takes the place of the work, or of its answer alone.
func TestUnsteady(t *testing.T) {
	var worked atomic.Int64
	work := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		worked.Add(1)
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte("done"))
	})
	faults := gameflowtest.Faults()
	h := httptest.NewServer(gameflowtest.Unsteady(work, func(n int) gameflowtest.Behaviour {
		if n%2 == 0 {
			return gameflowtest.OK()
		}
		return faults[n/2]
	}))
	defer h.Close()
	// Each call has a connection of its own: a POST that is lost is not sent again.
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	call := func() (int, string) {
		res, err := client.Post(h.URL, "application/json", nil)
		if err != nil {
			return 0, ""
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return 0, ""
		}
		return res.StatusCode, string(body)
	}
	for _, b := range faults {
		before := worked.Load()
		if status, body := call(); status != http.StatusCreated || body != "done" || worked.Load() != before+1 {
			t.Errorf("good: %d %q", status, body)
		}
		status, body := call()
		if status == http.StatusCreated || body == "done" || worked.Load()-before-1 == 1 != b.Made {
			t.Errorf("%s: %d %.60q, worked %d times", b.Name, status, body, worked.Load()-before-1)
		}
	}
}
