import type { Context, EventHandlers, RpcHandlers } from "muster";
import { moodLater } from "./mood";
import { runSteps } from "./storage";

const tell = (kind: string) => (ctx: Context, event: unknown, at: number) => ctx.notify("watcher", `${kind} at ${at}`, event);

export const on: EventHandlers = {
  lobbyCreated: tell("lobbyCreated"),
  playerJoined: tell("playerJoined"),
  playerLeft: tell("playerLeft"),
  matchStarted: tell("matchStarted"),
  serverReady: tell("serverReady"),
  playerConnected: tell("playerConnected"),
  matchEnded: tell("matchEnded"),
  accountCreated: tell("accountCreated"),
  async sessionOpened(ctx, event, at) {
    await moodLater(ctx, event.username);
    await tell("sessionOpened")(ctx, event, at);
  },
  // Nobody waits for this promise here; the call does.
  sessionClosed(ctx, event, at) {
    void tell("sessionClosed")(ctx, event, at);
  },
};

export const rpc: RpcHandlers = {
  echo: (_ctx, payload) => payload,
  async later(ctx, payload) {
    await ctx.storage.get("none");
    return payload;
  },
  größe: (_ctx, payload) => (typeof payload === "string" ? [...payload].length : 0),
  whoami: (ctx) => ({ game: ctx.game, point: ctx.point, player: ctx.player }),
  async mood(ctx, word) {
    await moodLater(ctx, typeof word === "string" ? word : "");
    return "calm";
  },
  count: (ctx) => ctx.storage.update<number>("count", (n) => (n ?? 0) + 1),
  storage: (ctx, steps) => runSteps(ctx, steps as any),
  null: () => null,
  nothing() {},
};
