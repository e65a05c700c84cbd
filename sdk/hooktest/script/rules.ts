// The rules of package hooktest as a script: what Rules does in Go.

import type {
  Allocate, AssignTeam, Authenticate, BalanceTeams, BeforeChat, BeforeLobbyCreate, BeforeLobbyJoin, MakeMatches, MatchPayload,
  MatchResult, Release, Team, TeamAssignment, ValidateStart,
} from "muster";
import { mood, moodLater } from "./lib/mood.ts";

export { on, rpc } from "./lib/named";

const text = (value: unknown): string => (typeof value === "string" ? value : "");

export const authenticate: Authenticate = async (ctx, request) => {
  const { do: what, token, username, avatar } = request.fields;
  await moodLater(ctx, text(what));
  if (what === "nothing") return null;
  if (typeof token !== "string") return ctx.invalid("a token is needed");
  if (what === "only") return { subject: token };
  const vars = { game: request.game, address: request.remoteAddress, fields: String(Object.keys(request.fields).length) };
  return { provider: request.provider, subject: token, username: text(username), avatarUrl: text(avatar), vars };
};

export const beforeLobbyCreate: BeforeLobbyCreate = async (ctx, draft) => {
  await moodLater(ctx, draft.name);
  switch (draft.name) {
    case "nothing":
      return;
    case "empty":
      return {};
    case "whole":
      return draft;
    case "only":
      return { name: "ö" };
    case "zero":
      return { maxPlayers: 0 };
  }
  return {
    name: `${draft.name}!`,
    properties: { ...draft.properties, private: draft.isPrivate, owner: draft.owner?.username ?? null },
    maxPlayers: draft.maxPlayers === undefined ? undefined : draft.maxPlayers + 1,
  };
};

export const beforeLobbyJoin: BeforeLobbyJoin = async (ctx, lobby, player) => {
  await moodLater(ctx, lobby.name);
  if (player.properties.banned === true) ctx.refuse("no", { [player.accountId]: "you are banned" });
  switch (lobby.name) {
    case "nothing":
      return undefined;
    case "whole":
      return { ...player };
    case "change":
      lobby.name = player.username = "changed";
      player.ready = true;
      player.bot = false;
      player.properties.team = "A";
      delete player.properties.old;
      player.identities.push({ provider: "p", subject: "", username: "" });
      return player;
  }
  const seats = lobby.teams.reduce((sum, team) => sum + team.size, 0);
  const linked = player.identities.map((i) => `${i.provider}:${i.subject}:${i.username}`);
  return { properties: { ...player.properties, seats, linked } };
};

export const assignTeam: AssignTeam = (ctx, lobby, player) => {
  mood(ctx, lobby.name);
  if (lobby.name === "nothing") return;
  if (lobby.name === "empty") return "";
  if (lobby.name === "mine") return text(player.properties.team);
  let best: Team | undefined;
  for (const team of lobby.teams) {
    if (team.players.length < team.size && (!best || team.players.length < best.players.length)) best = team;
  }
  return best?.name;
};

export const beforeChat: BeforeChat = (ctx, lobby, { text, username, accountId }) => {
  mood(ctx, text);
  if (text === "nothing") return null;
  return { text: `${[...text].length} [${lobby.name}/${lobby.teams.length}] ${username}: ${text} (${accountId})` };
};

export function balanceTeams(...[ctx, lobby]: Parameters<BalanceTeams>): ReturnType<BalanceTeams> {
  mood(ctx, lobby.name);
  if (lobby.name === "nothing") return;
  if (lobby.name === "empty") return { teams: [] };
  const teams: TeamAssignment[] = lobby.teams.map(({ name }) => ({ name, accountIds: [] }));
  lobby.teams.flatMap((team) => team.players).forEach(({ accountId }, i) => teams[i % teams.length].accountIds.push(accountId));
  return { teams };
}

export const validateStart: ValidateStart = async (ctx, lobby) => {
  await moodLater(ctx, lobby.name);
  switch (lobby.name) {
    case "yes":
      return true;
    case "no":
      return false;
    case "nothing":
      return;
    case "decide yes":
      return { allow: true, reason: "not shown" };
    case "decide no":
      return { reason: "decided", playerReasons: { [lobby.ownerId]: "by you" } };
  }
  const empty = lobby.teams.find((team) => team.players.length === 0);
  if (empty) ctx.refuse(`team ${empty.name} is empty`, { [lobby.ownerId]: "wait" });
};

export const matchPayload: MatchPayload = async (ctx, lobby, payload) => {
  await moodLater(ctx, payload.region);
  if (payload.region === "nothing") return;
  if (payload.region === "only") return { region: "eu-central" };
  return { keys: { ...payload.keys, lobby }, region: `${payload.region}-1`, provider: payload.provider };
};

export const matchResult: MatchResult = async (ctx, match, report) => {
  await moodLater(ctx, match.id);
  if (match.id === "nothing") return;
  if (match.id === "whole") return report;
  const players = report.players.map((p) => ({
    ...p,
    score: p.score === undefined ? undefined : p.score + 1,
    stats: { ...p.stats, stats: Object.keys(p.stats).length },
  }));
  const server = match.server ? `${match.server.name} ${match.server.address}:${match.server.port}` : null;
  return { ...report, players, properties: { ...report.properties, server, startedAt: match.startedAt } };
};

export const makeMatches: MakeMatches = async (ctx, queue) => {
  await moodLater(ctx, queue.mode);
  if (queue.mode === "nothing") return;
  const proposals = [];
  for (let i = 0; queue.mode !== "empty" && i + 1 < queue.tickets.length; i += 2) {
    const pair = queue.tickets.slice(i, i + 2);
    const teams = pair.map((ticket, n) => ({ name: queue.teams[n]?.name, accountIds: ticket.players.map((p) => p.accountId) }));
    const near = Object.entries(pair[0].latencies).sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1));
    proposals.push({ ticketIds: pair.map((ticket) => ticket.id), teams: queue.teams.length >= 2 ? { teams } : undefined, region: near[0]?.[0] });
  }
  return { proposals };
};

export const allocate: Allocate = async (ctx, request) => {
  await moodLater(ctx, request.region);
  if (request.region === "nothing") return;
  const { address, port } = JSON.parse(request.payload);
  return { name: `${request.game}/${request.matchId}/${request.timeout}`, address, port };
};

export const release: Release = async (ctx, request) => {
  await moodLater(ctx, request.matchId);
  await ctx.notify("watcher", "release", request);
};
