// Who plays with whom.

import type { Assignment, Lobby } from "muster";
import { START } from "./ratings.ts";

/** A team's lead in rating for each of its seats below which nobody has to move. */
const FAIR = 60;

/** Teams of equal size with ratings as equal as a simple rule makes them; undefined if they are fair already. */
export function fairTeams(lobby: Lobby, ratings: Map<string, number>): Assignment | undefined {
  const rating = (id: string) => ratings.get(id) ?? START;
  const now = lobby.teams.map((team) => ({
    name: team.name,
    size: team.size,
    accountIds: team.players.map((player) => player.accountId),
  }));
  if (isFair(now.map((team) => team.accountIds), rating)) return undefined;

  // The best first, each to the weaker of the teams that are short of players.
  const all = now.flatMap((team) => team.accountIds).sort((a, b) => rating(b) - rating(a));
  const made = now.map(({ name, size }) => ({ name, size, accountIds: [] as string[] }));
  for (const id of all) {
    const open = made.filter((team) => team.accountIds.length < team.size);
    open.sort((a, b) => a.accountIds.length - b.accountIds.length || sum(a.accountIds, rating) - sum(b.accountIds, rating));
    open[0].accountIds.push(id);
  }
  return { teams: made.map(({ name, accountIds }) => ({ name, accountIds })) };
}

function isFair(teams: string[][], rating: (id: string) => number): boolean {
  const sizes = teams.map((ids) => ids.length);
  if (Math.max(...sizes) - Math.min(...sizes) > 1) return false;
  const sums = teams.map((ids) => sum(ids, rating));
  return Math.max(...sizes) !== Math.min(...sizes) || Math.max(...sums) - Math.min(...sums) <= FAIR * Math.max(...sizes);
}

const sum = (ids: string[], rating: (id: string) => number) => ids.reduce((total, id) => total + rating(id), 0);
