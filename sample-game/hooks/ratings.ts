// Ratings, kept in the storage of each account: an Elo number for teams.

import type { Context, Player } from "muster";

/** What everybody begins with, bots for ever. */
export const START = 1000;
/** The most that one match can move a rating. */
const STEP = 32;

/** One team of a match that is over; rank 1 won. */
export interface Outcome {
  rank: number;
  players: Player[];
}

/** What is stored of an account; it is erased with the account. */
export interface Standing {
  username: string;
  rating: number;
  played: number;
  won: number;
  /** The last match counted, so that a result which comes twice counts once. */
  match: string;
  /** What that match did to the rating. */
  change: number;
}

/** An account with its standing. */
export type Rated = Standing & { accountId: string };

/** The ratings of players by account id. */
export async function ratingsOf(ctx: Context, players: Player[]): Promise<Map<string, number>> {
  const standings = await Promise.all(players.map((player) => standingOf(ctx, player.accountId)));
  return new Map(players.map((player, i) => [player.accountId, standings[i]?.rating ?? START]));
}

/** The standing of an account, undefined before its first match. */
export function standingOf(ctx: Context, accountId: string): Promise<Standing | undefined> {
  return ctx.storage.account(accountId).get<Standing>("standing");
}

/** The ratings after a match: each team against the mean of the others. */
export function newRatings(teams: Outcome[], before: Map<string, number>): Map<string, number> {
  const rating = (player: Player) => before.get(player.accountId) ?? START;
  const mean = (team: Outcome) => (team.players.length ? team.players.reduce((sum, p) => sum + rating(p), 0) / team.players.length : START);
  const after = new Map<string, number>();
  for (const team of teams) {
    const others = teams.filter((other) => other !== team);
    let gain = 0;
    for (const other of others) {
      const expected = 1 / (1 + 10 ** ((mean(other) - mean(team)) / 400));
      const score = team.rank < other.rank ? 1 : team.rank > other.rank ? 0 : 0.5;
      gain += (STEP * (score - expected)) / others.length;
    }
    for (const player of team.players) after.set(player.accountId, Math.round(rating(player) + gain));
  }
  return after;
}

/** Stores what a match changed and answers who stands where now. */
export async function saveResult(ctx: Context, match: string, teams: Outcome[], ratings: Map<string, number>): Promise<Rated[]> {
  const best = Math.min(...teams.map((team) => team.rank));
  const draw = teams.filter((team) => team.rank === best).length > 1;
  const saved = teams.flatMap((team) => {
    const won = team.rank === best && !draw;
    return team.players.map((player) => saveStanding(ctx, match, player, won, ratings.get(player.accountId) ?? START));
  });
  return (await Promise.all(saved)).filter((line) => line !== undefined);
}

async function saveStanding(ctx: Context, match: string, player: Player, won: boolean, rating: number): Promise<Rated | undefined> {
  const { accountId, username } = player;
  try {
    const standing = await ctx.storage.account(accountId).update<Standing>("standing", (old) => {
      if (old?.match === match) return old;
      return { username, rating, played: (old?.played ?? 0) + 1, won: (old?.won ?? 0) + (won ? 1 : 0), match, change: rating - (old?.rating ?? START) };
    });
    return { accountId, ...standing };
  } catch (error) {
    if ((error as { code?: string }).code === "no_account") return undefined; // erased during the match
    throw error;
  }
}
