// The table of winners: who is in it stands in the game's storage, the names and
// numbers in that of the accounts.

import type { Context } from "muster";
import { type Rated, standingOf } from "./ratings.ts";

interface Line {
  accountId: string;
  won: number;
  rating: number;
}

/** A line of the table as the page shows it. */
export interface Winner {
  username: string;
  rating: number;
  won: number;
  played: number;
}

const LINES = 20;

/** The table, the best first. */
export async function winners(ctx: Context): Promise<Winner[]> {
  const lines = (await ctx.storage.get<Line[]>("winners")) ?? [];
  const standings = await Promise.all(lines.map((line) => standingOf(ctx, line.accountId)));
  return standings.filter((standing) => standing !== undefined).map(({ username, rating, won, played }) => ({ username, rating, won, played }));
}

/** Puts the newest standings into the table. */
export async function addWinners(ctx: Context, news: Rated[]): Promise<void> {
  const fresh = new Set(news.map((line) => line.accountId));
  await ctx.storage.update<Line[]>("winners", (old) =>
    [...(old ?? []).filter((line) => !fresh.has(line.accountId)), ...news]
      .filter((line) => line.won > 0)
      .sort((a, b) => b.won - a.won || b.rating - a.rating)
      .slice(0, LINES)
      .map(({ accountId, won, rating }) => ({ accountId, won, rating })),
  );
}
