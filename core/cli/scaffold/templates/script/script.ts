// Rules of a game. Muster calls these functions where a lobby or a match needs a
// decision; save the file and the next call runs the new version. Take out what you do
// not need: a function that is not there is not asked.

import type { AssignTeam, RpcHandlers, ValidateStart } from "muster";

/** Says no to a start, with a reason that the players are shown. No answer is a yes. */
export const validateStart: ValidateStart = (ctx, lobby) => {
  const empty = lobby.teams.find((team) => team.players.length === 0);
  if (empty) ctx.refuse(`Team ${empty.name} needs a player.`);
};

/** Where who joins without a wish plays. No answer leaves it to the built-in rule: the smallest team. */
export const assignTeam: AssignTeam = (_ctx, lobby) => {
  const open = lobby.teams.filter((team) => team.players.length < team.size);
  open.sort((a, b) => a.players.length - b.players.length);
  return open[0]?.name;
};

/** What the game's clients may call: POST /rpc/visits, or m.rpc("visits"). Check what they send. */
export const rpc = {
  visits: async (ctx) => {
    const visits = await ctx.storage.account(ctx.player.accountId).update<number>("visits", (old) => (old ?? 0) + 1);
    return { visits };
  },
} satisfies RpcHandlers;
