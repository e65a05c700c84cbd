// Tests of NAME.ts: "muster hooks test" runs them, and so does the server before it
// uses a new version. Each has a storage and a clock of its own.

import { context, expect, lobby, player, test } from "muster/test";
import { assignTeam, rpc, validateStart } from "./NAME.ts";

test("a match needs a player in each team", (t) => {
  expect(() => validateStart(t.ctx, lobby({ teams: { A: ["ann"], B: [] } }))).toRefuse("Team B needs a player.");
  expect(() => validateStart(t.ctx, lobby({ teams: { A: ["ann"], B: ["bob"] } }))).not.toRefuse();
});

test("who joins plays in the smallest team", (t) => {
  expect(assignTeam(t.ctx, lobby({ teams: { A: ["ann"], B: [] } }), player("bob"))).toBe("B");
});

test("visits are counted for each account", async (t) => {
  await rpc.visits(t.ctx);
  expect(await rpc.visits(t.ctx)).toEqual({ visits: 2 });
  expect(await rpc.visits(context({ player: player("bob") }))).toEqual({ visits: 1 });
  expect(await t.storage.account("ann").get("visits")).toBe(2);
});
