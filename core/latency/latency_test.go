package latency

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/core/state"
	"github.com/muster-gg/muster/core/state/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type regions = map[string]int

func TestBest(t *testing.T) {
	for name, c := range map[string]struct {
		all  []regions
		want string
	}{
		"nobody":               {nil, ""},
		"one":                  {[]regions{{"us": 90, "eu": 30, "ap": 200}}, "eu"},
		"the farthest counts":  {[]regions{{"us": 10, "eu": 90}, {"us": 150, "eu": 80}}, "eu"},
		"what all have":        {[]regions{{"us": 10, "eu": 90}, {"eu": 80, "ap": 5}}, "eu"},
		"nothing in common":    {[]regions{{"us": 10}, {"eu": 80}}, ""},
		"then the sum":         {[]regions{{"us": 50, "eu": 20}, {"us": 50, "eu": 50}}, "eu"},
		"then the name":        {[]regions{{"us": 50, "eu": 50}, {"us": 50, "eu": 50}}, "eu"},
		"zero is a round trip": {[]regions{{"us": 0, "eu": 1}}, "us"},
	} {
		for range 20 { // maps have no order
			if got := best(c.all); got != c.want {
				t.Errorf("%s: %q, want %q", name, got, c.want)
			}
		}
	}
}

func open(t *testing.T, path string) (*Service, *memory.Store) {
	t.Helper()
	docs, err := memory.Open(context.Background(), memory.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = docs.Close() })
	return New("arena", docs, nil), docs
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func version(t *testing.T, docs *memory.Store, account string) uint64 {
	t.Helper()
	d, err := docs.Get(context.Background(), "arena", key(account))
	must(t, err)
	return d[0].Version
}

// TestMeasurementsAge: an hour after the last report a measurement counts no more, and
// is deleted. A report that says nothing new is not written, unless it keeps one alive.
func TestMeasurementsAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, docs := open(t, "")
		run, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); _ = s.Run(run) }()
		ctx := t.Context()
		must(t, s.Report(ctx, "ann", regions{"eu": 30, "us": 90}))
		first := version(t, docs, "ann")
		time.Sleep(20 * time.Minute)
		must(t, s.Report(ctx, "ann", regions{"us": 90, "eu": 30}))
		if version(t, docs, "ann") != first {
			t.Error("nothing new was written")
		}
		time.Sleep(20 * time.Minute)
		must(t, s.Report(ctx, "ann", regions{"us": 90, "eu": 30}))
		if version(t, docs, "ann") == first {
			t.Error("a measurement that ages was not written")
		}
		time.Sleep(59 * time.Minute)
		if got := s.Best(ctx, "ann", "nobody"); got != "eu" {
			t.Errorf("best is %q", got)
		}
		time.Sleep(time.Minute)
		if got := s.Best(ctx, "ann"); got != "" {
			t.Errorf("best is %q after an hour", got)
		}
		time.Sleep(2 * time.Minute)
		if version(t, docs, "ann") != 0 {
			t.Error("an old measurement is kept")
		}
		stop()
		<-ended
	})
}

// TestOldMeasurementsHaveNoSay also where nobody has deleted them yet.
func TestOldMeasurementsHaveNoSay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := open(t, "")
		must(t, s.Report(t.Context(), "ann", regions{"eu": 30}))
		time.Sleep(time.Hour)
		must(t, s.Report(t.Context(), "bob", regions{"us": 30}))
		if got := s.Best(t.Context(), "ann", "bob"); got != "us" {
			t.Errorf("best is %q", got)
		}
	})
}

func TestForget(t *testing.T) {
	s, docs := open(t, "")
	ctx := t.Context()
	must(t, s.Report(ctx, "ann", regions{"eu": 30}))
	must(t, s.Report(ctx, "ann", regions{"us": 30}))
	if got := s.Best(ctx, "ann"); got != "us" {
		t.Errorf("best is %q", got)
	}
	must(t, s.Report(ctx, "ann", regions{}))
	if s.Best(ctx, "ann") != "" || version(t, docs, "ann") != 0 {
		t.Error("an empty report changes nothing")
	}
	must(t, s.Forget(ctx, "ann"))
	must(t, s.Report(ctx, "bob", regions{"eu": 30}))
	must(t, s.Forget(ctx, "bob"))
	if version(t, docs, "bob") != 0 {
		t.Error("bob is remembered")
	}
}

// TestReportsAtOnce come from several sockets of one account: one of them stands.
func TestReportsAtOnce(t *testing.T) {
	s, _ := open(t, "")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 20 {
				_ = s.Report(t.Context(), "ann", regions{fmt.Sprint("r", i): i})
			}
		})
	}
	wg.Wait()
	if s.Best(t.Context(), "ann") == "" {
		t.Error("nothing stands")
	}
}

// TestRestart reads what an earlier run has written, and something that it has not.
func TestRestart(t *testing.T) {
	path := t.TempDir() + "/state.db"
	s, docs := open(t, path)
	ctx := t.Context()
	must(t, s.Report(ctx, "ann", regions{"eu": 30, "us": 31}))
	_, err := docs.Apply(ctx, state.Tx{Game: "arena", Writes: []state.Write{
		{Key: key("bad"), Value: state.Raw("{"), Deadline: time.Now().Add(time.Hour)},
	}})
	must(t, err)
	must(t, docs.Close())
	s, _ = open(t, path)
	if got := s.Best(ctx, "ann", "bad"); got != "eu" {
		t.Errorf("best is %q", got)
	}
	must(t, s.Report(ctx, "bad", regions{"us": 1}))
	if got := s.Best(ctx, "ann", "bad"); got != "us" {
		t.Errorf("best is %q", got)
	}
}
