package scriptbench_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/runtime/script/scriptbench"
	"github.com/muster-gg/muster/sdk/hook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, source string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rules.ts")
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestRun measures every kind of function, what it is given included.
func TestRun(t *testing.T) {
	results, err := scriptbench.Run(t.Context(), scriptbench.Options{Calls: 20, Timeout: 10 * time.Second, Entry: write(t, `
		const ten = (lobby) => { if (lobby.teams.flatMap((t) => t.players).length !== 10) throw new Error("not ten"); };
		export function assignTeam(ctx, lobby, player) { ten(lobby); return player.username ? "A" : undefined; }
		export function validateStart(ctx, lobby) { ten(lobby); ctx.refuse("no"); }
		export function balanceTeams(ctx, lobby) { for (let i = 0, s = 0; i < 20000; i++) s += i; }
		export async function matchResult(ctx, match, report) { ten(match.lobby); await ctx.storage.set("x", report.teams.length); }
		export function beforeChat() { throw new Error("broken"); }
		export const rpc = { one: async (ctx) => ctx.player.accountId, two() {} };
		export const on = { playerJoined() {} };`)})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]scriptbench.Result{}
	for _, r := range results {
		by[r.Name] = r
		if r.Name == "beforeChat" {
			if r.Err == nil || !strings.Contains(r.Err.Error(), "rules.ts:7") {
				t.Errorf("a function that fails: %+v", r)
			}
			continue
		}
		if r.Err != nil || r.Calls != 20 || r.Median <= 0 || r.P99 < r.Median || r.Empty <= 0 || r.Allocs == 0 || r.Bytes == 0 {
			t.Errorf("%+v", r)
		}
	}
	if len(by) != 7 || by["rpc.one"].Calls == 0 || by["validateStart"].Refused != 20 || by["assignTeam"].Refused != 0 {
		t.Errorf("%+v", by)
	}
	if slow := by["balanceTeams"]; slow.Median < 2*slow.Empty {
		t.Errorf("20000 turns of a loop are as fast as none: %+v", slow)
	} else if len(slow.Places) == 0 || slow.Places[0].Frame.Line != 5 || slow.Places[0].Share < .9 || slow.Places[0].Function != "balanceTeams" {
		t.Errorf("its time is not spent in its loop: %+v", slow.Places)
	}
}

// TestEveryPoint: there is a request for each point that a script can serve.
func TestEveryPoint(t *testing.T) {
	var source strings.Builder
	for _, p := range hook.Points() {
		info, _ := p.Info()
		switch p {
		case hook.PointRpc, hook.PointEvents:
		default:
			source.WriteString("export function " + info.Export + "(ctx, ...asked) { JSON.stringify(asked); }\n")
		}
	}
	results, err := scriptbench.Run(t.Context(), scriptbench.Options{Calls: 2, Timeout: 10 * time.Second, Entry: write(t, source.String())})
	if err != nil || len(results) != len(hook.Points())-2 {
		t.Fatalf("%d results, %v", len(results), err)
	}
	for _, r := range results {
		if r.Err != nil {
			t.Errorf("%s: %v", r.Name, r.Err)
		}
	}
}

// TestNothingToMeasure says so.
func TestNothingToMeasure(t *testing.T) {
	if _, err := scriptbench.Run(t.Context(), scriptbench.Options{Entry: write(t, "export const on = { playerJoined() {} };")}); err == nil || !strings.Contains(err.Error(), "nothing to measure") {
		t.Error(err)
	}
}
