// The rules of Arena. Muster calls these functions where a lobby or a match needs
// a decision; save the file and the next call runs the new version.

import type { AssignTeam, BalanceTeams, Lobby, MatchResult, Player, RpcHandlers, ValidateStart } from "muster";
import { fairTeams } from "./balance.ts";
import { newRatings, ratingsOf, saveResult, type Outcome } from "./ratings.ts";
import { addWinners, winners } from "./winners.ts";

const players = (lobby: Lobby): Player[] => lobby.teams.flatMap((team) => team.players);
const humans = (list: Player[]): Player[] => list.filter((player) => !player.bot);

/** Who joins without a wish plays where the fewest humans are. */
export const assignTeam: AssignTeam = (_ctx, lobby) => {
  const open = lobby.teams.filter((team) => humans(team.players).length < team.size);
  open.sort((a, b) => humans(a.players).length - humans(b.players).length);
  return open[0]?.name;
};

/** Teams are evened out by what everybody has won so far; fair ones stay as they are. */
export const balanceTeams: BalanceTeams = async (ctx, lobby) => {
  const ratings = await ratingsOf(ctx, humans(players(lobby)));
  return fairTeams(lobby, ratings);
};

/** A match needs teams of the same size. */
export const validateStart: ValidateStart = (ctx, lobby) => {
  const sizes = lobby.teams.map((team) => team.players.length);
  if (Math.min(...sizes) !== Math.max(...sizes)) {
    ctx.refuse(`Teams of ${sizes.join(" and ")} are not fair. Add bots, or wait for one more player.`);
  }
};

/** Every result moves the ratings of those who played, and the table of winners. */
export const matchResult: MatchResult = async (ctx, match, report) => {
  const teams: Outcome[] = report.teams.map(({ name, rank }) => ({
    rank,
    players: humans(match.lobby?.teams.find((team) => team.name === name)?.players ?? []),
  }));
  const before = await ratingsOf(ctx, teams.flatMap((team) => team.players));
  const news = await saveResult(ctx, match.id, teams, newRatings(teams, before));
  await addWinners(ctx, news);
  const ratings = Object.fromEntries(news.map(({ accountId, change }) => [accountId, change]));
  return { ...report, properties: { ...report.properties, ratings } };
};

/** Functions that the page calls: m.rpc("winners"). */
export const rpc: RpcHandlers = {
  winners: async (ctx) => ({ winners: await winners(ctx) }),
};
