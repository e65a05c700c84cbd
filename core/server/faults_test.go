package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/muster-gg/muster/core/allocation"
	"github.com/muster-gg/muster/core/allocation/gameflow/gameflowtest"
	"github.com/muster-gg/muster/core/config"
	"github.com/muster-gg/muster/core/match"
	"github.com/muster-gg/muster/core/server"
	"github.com/muster-gg/muster/core/state"
	statememory "github.com/muster-gg/muster/core/state/memory"
	"github.com/muster-gg/muster/core/store"
	"github.com/muster-gg/muster/core/store/sqlite"
)

const (
	faultyStarts  = 1000
	faultyLobbies = 64
	faultySeed    = 20
	// platformKey is what nobody may see.
	platformKey = "gf-key-that-nobody-may-see"
)

// faultyPlatform answers every fifth call with a fault: all kinds in turn, also one
// that tells the key back, and early on some answers that come too late.
func faultyPlatform(t *testing.T, seed uint64) *gameflowtest.Server {
	faults := append(gameflowtest.Faults(),
		gameflowtest.Behaviour{Name: "key told", Status: 401, Body: []byte(`{"code":16,"message":"bad key ` + platformKey + `"}`)},
		gameflowtest.Behaviour{Name: "key told, lost", Status: 500, Made: true, Body: []byte(`{"code":13,"message":"` + platformKey + `"}`)},
		gameflowtest.Behaviour{Name: "key for a name", Made: true, Body: []byte(`{"server":{"name":"` + platformKey + `","address":"203.0.113.1","port":1}}`)},
	)
	good := []gameflowtest.Behaviour{
		gameflowtest.OK(), gameflowtest.OK(), gameflowtest.SnakeCase(), gameflowtest.Wrapped(),
		gameflowtest.Slow(30 * time.Millisecond), gameflowtest.Boots(60 * time.Millisecond),
	}
	mixed := gameflowtest.Mixed(seed, 0.2, faults, good...)
	platform := gameflowtest.NewServer(gameflowtest.Options{GameID: "g1", APIKey: platformKey,
		Decide: func(n int, c gameflowtest.Call) gameflowtest.Behaviour {
			if n < 60 && n%20 == 7 {
				return gameflowtest.Late()
			}
			return mixed(n, c)
		}})
	t.Cleanup(platform.Close)
	return platform
}

func faultyBlock(url string, fleet bool) string {
	return fmt.Sprintf("  allocate \"gameflow\" {\n    game_id = \"g1\"\n    api_key = %q\n    url = %q\n    timeout = \"3s\"\n    fleet = %v\n    max_concurrent = 256\n  }\n",
		platformKey, url, fleet)
}

func faultyGame(name string, blocks ...string) string {
	return fmt.Sprintf("game %q {\n  lobby {\n    min_players = 2\n    after_match = \"reopen\"\n  }\n%s}\n", name, strings.Join(blocks, ""))
}

// TestThousandStarts starts a thousand matches on platforms of which every fifth
// call goes wrong in one of all known ways. No match has two servers and no server two matches,
// every start ends for every member in one word, and each server that nobody can
// name is written down.
func TestThousandStarts(t *testing.T) {
	t.Parallel()
	platforms := map[string]map[string]*gameflowtest.Server{ // by game and name in its chain
		"one":   {"gameflow": faultyPlatform(t, faultySeed)},
		"fleet": {"gameflow": faultyPlatform(t, faultySeed+1)},
		"two":   {"gameflow": faultyPlatform(t, faultySeed+2), "gameflow-2": faultyPlatform(t, faultySeed+3)},
		"gone":  {"gameflow-2": faultyPlatform(t, faultySeed+4)},
	}
	block := func(game, name string, fleet bool) string { return faultyBlock(platforms[game][name].URL, fleet) }
	dir, said := t.TempDir(), &logBook{}
	path := writeConfig(t, dir,
		faultyGame("one", block("one", "gameflow", false))+
			faultyGame("fleet", block("fleet", "gameflow", true))+
			faultyGame("two", block("two", "gameflow", false), block("two", "gameflow-2", true))+
			faultyGame("gone", faultyBlock("http://127.0.0.1:1/v1", false), block("gone", "gameflow-2", false)))
	cfg, diags := config.Load(path, config.Options{Files: config.RequireFiles})
	must(t, diags.Err())
	log := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), said, zap.DebugLevel))
	node, err := server.Start(t.Context(), server.Options{Config: cfg, Version: "test", Logger: log})
	must(t, err)

	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	games := slices.Sorted(maps.Keys(platforms))
	var mu sync.Mutex
	var starts []outcomeOfStart
	var wg sync.WaitGroup
	for n := range faultyLobbies {
		wg.Go(func() {
			c, err := newFaultyCrew(ctx, node.PublicURL(), games[n%len(games)], n)
			// Each has its own part: where a block rests for a while, starts fail at once.
			for left := (faultyStarts + n) / faultyLobbies; err == nil && left > 0; left-- {
				var o outcomeOfStart
				if o, err = c.start(ctx, platforms[c.game]); err == nil {
					mu.Lock()
					starts = append(starts, o)
					mu.Unlock()
				}
			}
			if err = errors.Join(err, c.leave(ctx)); err != nil {
				t.Errorf("lobby %d of game %s: %v", n, c.game, err)
			}
		})
	}
	wg.Wait()
	must(t, node.Stop(ctx))
	if len(starts) != faultyStarts {
		t.Fatalf("%d of %d starts ended", len(starts), faultyStarts)
	}
	checkStarts(t, filepath.Join(dir, "data"), platforms, starts)
	if said.has(platformKey) {
		t.Error("the key is in the log")
	}
}

// outcomeOfStart is what the members of a lobby were told of a start.
type outcomeOfStart struct {
	game, matchID string
	code          string // empty: it began
	server        gameflowtest.Made
}

// checkStarts holds what players were told against what the platforms made and what
// was written down.
func checkStarts(t *testing.T, data string, platforms map[string]map[string]*gameflowtest.Server, starts []outcomeOfStart) {
	t.Helper()
	records, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(data, "muster.db")})
	must(t, err)
	defer func() { must(t, records.Close()) }()
	type made struct {
		provider string
		gameflowtest.Call
	}
	servers, faults, orphans := map[string][]made{}, map[string]int{}, map[string]store.Orphan{}
	for game, chain := range platforms {
		for name, p := range chain {
			for _, c := range p.Calls() {
				if faults[c.Behaviour.Name]++; c.Server != (gameflowtest.Made{}) {
					servers[c.MatchID] = append(servers[c.MatchID], made{name, c})
				}
			}
			if problems := p.Problems(); len(problems) > 0 {
				t.Errorf("%s of %s complains: %q", name, game, problems)
			}
		}
		list, err := records.Orphans(t.Context(), game, 2*faultyStarts)
		must(t, err)
		for _, o := range list {
			if _, twice := orphans[o.MatchID]; twice || strings.Contains(o.Cause, platformKey) {
				t.Errorf("orphan of match %s: twice %v, cause %s", o.MatchID, twice, o.Cause)
			}
			orphans[o.MatchID] = o
		}
	}
	codes, began, seen := map[string]int{}, map[string]int{}, map[string]bool{}
	for _, s := range starts {
		if codes[s.code]++; s.code == "" {
			began[s.game]++
		}
		mine, orphan := servers[s.matchID], orphans[s.matchID]
		delete(servers, s.matchID)
		delete(orphans, s.matchID)
		if seen[s.matchID] || len(mine) > 1 {
			t.Fatalf("match %s: came before %v, servers %+v", s.matchID, seen[s.matchID], mine)
		}
		seen[s.matchID] = true
		record, err := records.MatchByID(t.Context(), s.game, s.matchID)
		ok := err == nil && record.Code == s.code
		switch s.code {
		case "":
			ok = ok && len(mine) == 1 && s.server == mine[0].Server && record.Provider == mine[0].provider && record.Result != nil && orphan.MatchID == ""
		case allocation.ErrFailed.Code:
			ok = ok && len(mine) == 0 && orphan.MatchID == ""
		case allocation.ErrUnknown.Code:
			ok = ok && orphan.MatchID == s.matchID && (len(mine) == 0 || orphan.Provider == mine[0].provider)
		default:
			ok = false
		}
		if !ok {
			t.Errorf("start %+v: made %+v, orphan %+v, record %+v, %v", s, mine, orphan, record, err)
		}
	}
	if len(servers) > 0 || len(orphans) > 0 {
		t.Errorf("servers %v and orphans %v of no start", servers, orphans)
	}
	for _, b := range append(gameflowtest.Faults(), gameflowtest.Late()) {
		if faults[b.Name] == 0 {
			t.Errorf("fault %q never came", b.Name)
		}
	}
	if codes[""] < faultyStarts/2 || len(began) != len(platforms) || codes[allocation.ErrFailed.Code] == 0 || codes[allocation.ErrUnknown.Code] == 0 {
		t.Errorf("codes %v, began %v", codes, began)
	}
	t.Logf("%d began, %d failed, %d are not known; answers %v", codes[""], codes[allocation.ErrFailed.Code], codes[allocation.ErrUnknown.Code], faults)
	nothingLoose(t, filepath.Join(data, "state.db"), slices.Collect(maps.Keys(platforms)))
}

// nothingLoose holds that no lobby, match or server is waited for any more.
func nothingLoose(t *testing.T, path string, games []string) {
	t.Helper()
	for _, game := range games {
		nothingLeft(t, path, game)
	}
	docs, err := statememory.Open(t.Context(), statememory.Options{Path: path})
	must(t, err)
	for _, game := range games {
		must(t, docs.List(t.Context(), game, match.KindLoose, func(d state.Doc) bool {
			t.Errorf("%s is left over", d.Key)
			return true
		}))
	}
	must(t, docs.Close())
}

// logBook keeps what is logged.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements zapcore.WriteSyncer.
func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// Sync implements zapcore.WriteSyncer.
func (*logBook) Sync() error { return nil }

func (b *logBook) has(text string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Contains(b.text.Bytes(), []byte(text))
}
