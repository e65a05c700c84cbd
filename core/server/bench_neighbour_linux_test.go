package server_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/sdk/client"
)

// noisyRules burn processor time up to their deadline, or over it.
const noisyRules = `
const burn = (ms: number) => { for (const end = Date.now() + ms; Date.now() < end; ) ; };
export const rpc = {
  almost: () => burn(40),
  over: () => { for (;;) ; },
};
`

// neighbourRules are those of the game beside it.
const neighbourRules = `
export function validateStart(ctx: any, lobby: any) {
  if (lobby.teams.some((t: any) => t.players.length === 0)) return ctx.refuse("both teams need a player");
}
`

// BenchmarkNoisyNeighbour is start → every member told in one game, undisturbed, and
// while eight callers keep another game's script at its deadline. The server has both
// processors here, and shares them with the load.
func BenchmarkNoisyNeighbour(b *testing.B) {
	for _, isolation := range []string{"embedded", "process"} {
		for _, what := range []string{"almost", "over"} {
			b.Run(isolation+"/"+what, func(b *testing.B) { noisy(b, isolation, what) })
		}
	}
}

func noisy(b *testing.B, isolation, what string) {
	dir := benchDir(b)
	writeFile(b, filepath.Join(dir, "good.ts"), neighbourRules)
	writeFile(b, filepath.Join(dir, "bad.ts"), noisyRules)
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: "key", Forget: true})
	b.Cleanup(platform.Close)
	game := func(name string) string {
		block := fmt.Sprintf("\n  hooks \"script\" {\n    entry     = %q\n    isolation = %q\n  }\n}\n", filepath.Join(dir, name+".ts"), isolation)
		return strings.TrimSuffix(strings.TrimSpace(stubGame(name, platform.URL, "")), "}") + block
	}
	writeConfig(b, dir, game("good")+game("bad"))
	s := &subject{node: runNode(b, dir), platform: platform}
	root := s.url
	s.url = root + "/games/good"
	crews := s.crews(b, 4, 4)
	mallory, err := client.New(client.Config{URL: root, Game: "bad"}).SignIn(b.Context(), "mallory", "")
	must(b, err)

	quiet := s.neighbour(b, crews)
	ctx, stop := context.WithCancel(b.Context())
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			// As often as calls end at their deadline, also where they fail at once.
			pace := time.NewTicker(50 * time.Millisecond)
			defer pace.Stop()
			for ; ctx.Err() == nil; <-pace.C {
				req, _ := http.NewRequestWithContext(ctx, http.MethodPost, root+"/games/bad/rpc/"+what, nil)
				req.Header.Set("Authorization", "Bearer "+mallory.AccessToken)
				_ = do(req) // it fails, or not
			}
		})
	}
	loud := s.neighbour(b, crews)
	stop()
	callers.Wait()
	for name, times := range map[string][]time.Duration{"quiet": quiet, "loud": loud} {
		b.ReportMetric(ms(times, .5), name+"-p50-ms")
		b.ReportMetric(ms(times, .99), name+"-p99-ms")
	}
	b.ReportMetric(ms(loud, .99)/ms(quiet, .99), "p99-ratio")
}

// neighbour has four lobbies start b.N times each, a start every twenty milliseconds.
func (s *subject) neighbour(b *testing.B, crews []*mates) []time.Duration {
	b.Helper()
	var mu sync.Mutex
	var all []time.Duration
	var done sync.WaitGroup
	for _, crew := range crews {
		done.Go(func() {
			pace := time.NewTicker(80 * time.Millisecond)
			defer pace.Stop()
			for range b.N {
				err := crew.gather(b.Context())
				var took time.Duration
				if err == nil {
					took, err = crew.start(b.Context())
				}
				if err != nil {
					b.Error(err)
					return
				}
				mu.Lock()
				all = append(all, took)
				mu.Unlock()
				<-pace.C
			}
		})
	}
	done.Wait()
	slices.Sort(all)
	return all
}

// ms is a quantile of sorted times.
func ms(times []time.Duration, q float64) float64 {
	return float64(times[min(len(times)-1, int(q*float64(len(times))))].Microseconds()) / 1000
}
