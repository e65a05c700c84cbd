package scripttest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/muster-gg/muster/runtime/script/scripttest"
)

func TestMain(m *testing.M) {
	// The clock by which patterns end goes on for a while after the last of them.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}

// folder writes files into a new folder.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const imports = "import { test, expect, context, lobby, player } from \"muster/test\";\n"

// run runs one file of tests, which may import arena.ts.
func run(t testing.TB, source string, options ...func(*scripttest.Options)) (scripttest.File, string) {
	t.Helper()
	o := scripttest.Options{Dir: folder(t, map[string]string{"arena.ts": arena, "arena.test.ts": imports + source})}
	for _, option := range options {
		option(&o)
	}
	report, err := scripttest.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := report.Write(&b, true); err != nil {
		t.Fatal(err)
	}
	if len(report.Files) != 1 {
		t.Fatalf("%d files", len(report.Files))
	}
	return report.Files[0], b.String()
}

// arena is the script that the tests are about.
const arena = `import type { Context, Lobby, RpcContext } from "muster";

export function validateStart(ctx: Context, lobby: Lobby) {
  if (lobby.teams.some((team) => team.players.length === 0)) {
    ctx.refuse("both teams need a player", { ann: "you are alone" });
  }
}

export async function skill(ctx: Context): Promise<number> {
  const response = await ctx.fetch("https://api.example.com/skill", { method: "POST", headers: { "x-game": ctx.game }, body: "ann" });
  return response.json().skill;
}

export async function later(ctx: Context) {
  await new Promise((resolve) => setTimeout(resolve, 60_000));
  await ctx.notify("ann", "late", { at: ctx.now() });
}

let calls = 0;
export const rpc = {
  count: async (ctx: RpcContext) => {
    calls++;
    const stored = await ctx.storage.update<number>("count", (old) => (old ?? 0) + 1);
    return { who: ctx.player.accountId, point: ctx.point, calls, stored, roll: ctx.random() };
  },
};
`
