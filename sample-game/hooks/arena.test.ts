// Tests of the rules: "muster hooks test sample-game/hooks" runs them, and so does the
// server before it uses a changed version.

import type { Match, Report, TeamResult } from "muster";
import { expect, lobby, player, test } from "muster/test";
import { assignTeam, balanceTeams, matchResult, rpc, validateStart } from "./arena.ts";

const duel = lobby({ teams: { A: ["ann"], B: ["bob"] } });

const match = (id: string): Match => ({ id, lobby: duel, startedAt: 0 });

const report = (...ranks: number[]): Report => ({
  teams: ranks.map((rank, i): TeamResult => ({ name: "AB"[i], rank })),
  players: [],
  properties: {},
});

test("who joins plays where the fewest people are, bots aside", (t) => {
  const joining = player("cat");
  expect(assignTeam(t.ctx, lobby({ teams: { A: ["ann"], B: ["bot-1", "bot-2"] } }), joining)).toBe("B");
  expect(assignTeam(t.ctx, lobby({ teams: { A: ["ann", "bot-1"], B: ["bob", "dan"] } }), joining)).toBe("A");
  expect(assignTeam(t.ctx, lobby({ teams: { A: ["ann"], B: ["bob"] }, size: 1 }), joining)).toBeUndefined();
});

test("teams of different sizes do not start", (t) => {
  expect(() => validateStart(t.ctx, duel)).not.toRefuse();
  expect(() => validateStart(t.ctx, lobby({ teams: { A: ["ann", "cat"], B: ["bob"] } }))).toRefuse("Teams of 2 and 1 are not fair.");
});

test("fair teams stay as they are", async (t) => {
  expect(await balanceTeams(t.ctx, duel)).toBeUndefined();
});

test("the strong are spread over the teams", async (t) => {
  for (const [id, rating] of [["ann", 1400], ["bob", 1300], ["cat", 1000], ["dan", 900]] as const) {
    await t.storage.account(id).set("standing", { rating });
  }
  const made = await balanceTeams(t.ctx, lobby({ teams: { A: ["ann", "bob"], B: ["cat", "dan"] } }));
  expect(made).toEqual({
    teams: [
      { name: "A", accountIds: ["ann", "dan"] },
      { name: "B", accountIds: ["bob", "cat"] },
    ],
  });
});

test("a win moves the ratings and the table of winners", async (t) => {
  const kept = await matchResult(t.ctx, match("m1"), report(1, 2));
  expect(kept).toMatchObject({ properties: { ratings: { ann: 16, bob: -16 } } });
  expect(await t.storage.account("ann").get("standing")).toMatchObject({ rating: 1016, played: 1, won: 1 });
  expect(await rpc.winners(t.ctx, undefined)).toEqual({ winners: [{ username: "ann", rating: 1016, won: 1, played: 1 }] });
});

test("a result that comes twice counts once", async (t) => {
  await matchResult(t.ctx, match("m1"), report(1, 2));
  await matchResult(t.ctx, match("m1"), report(1, 2));
  expect(await t.storage.account("ann").get("standing")).toMatchObject({ rating: 1016, played: 1 });
});

test("a draw between equals moves nothing", async (t) => {
  await matchResult(t.ctx, match("m1"), report(1, 1));
  expect(await t.storage.account("bob").get("standing")).toMatchObject({ rating: 1000, played: 1, won: 0 });
  expect(await rpc.winners(t.ctx, undefined)).toEqual({ winners: [] });
});

test("who has erased the account during the match is left out", async (t) => {
  await t.storage.account("ann").set("standing", { username: "ann", rating: 1200, played: 9, won: 9, match: "m0", change: 1 });
  t.eraseAccount("ann");
  await matchResult(t.ctx, match("m1"), report(1, 2));
  expect(await rpc.winners(t.ctx, undefined)).toEqual({ winners: [] });
  expect(await t.storage.account("ann").get("standing")).toBeUndefined();
});
