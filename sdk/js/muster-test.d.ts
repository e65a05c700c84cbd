// Types of the kit for tests of Muster's hook scripts, for editors and for tsc. Tests
// are files like arena.test.ts beside the scripts; `muster hooks test` runs them.
//
//     import { test, expect, lobby } from "muster/test";
//     import { validateStart } from "./arena.ts";
//
//     test("nobody plays against an empty team", (t) => {
//       const alone = lobby({ teams: { A: ["ann"], B: [] } });
//       expect(() => validateStart(t.ctx, alone)).toRefuse("both teams need a player");
//     });
//
// Each test has a clock, a storage, random numbers and a copy of the scripts of its
// own, and one second.

declare module "muster/test" {
  import type { ErrorCode, GameStorage, Lobby, Player, Point, RpcContext } from "muster";

  /** A test of this name, which is the file's only one of it. It fails when body throws. */
  export function test(name: string, body: (t: Test) => void | Promise<void>): void;

  /** What a test has. */
  export interface Test {
    readonly name: string;
    /** The context to call functions with: game "test", point "rpc", player "ann". */
    readonly ctx: RpcContext;
    /** The storage that ctx has, empty at first. Every account exists. */
    readonly storage: GameStorage;
    readonly clock: Clock;
    /** The requests that ctx.fetch was asked for so far. */
    readonly requests: Request[];
    /** What ctx.notify has sent so far. */
    readonly notices: Notice[];
    /** Begins the random numbers of ctx.random and Math.random anew; or says the next ones, from 0 up to 1. */
    random(seed: number | number[]): void;
    /**
     * Answers requests for an address, or for all that match. Of several answers each
     * request gets the next, and the last one stays. The newest rule that fits counts.
     * A request without an answer fails the test.
     */
    fetch(url: string | RegExp, ...answers: [FetchAnswer, ...FetchAnswer[]]): void;
    /** Erases an account with its storage, as its owner may at any time. */
    eraseAccount(accountId: string): void;
  }

  /** The time of ctx.now and Date. It stands still but for timers: where a script waits for one, it goes on to that. */
  export interface Clock {
    /** Milliseconds since 1970; a test begins on 1 January 2026. */
    now(): number;
    /** Goes on by so many milliseconds. */
    advance(ms: number): void;
  }

  /** What a server answers: a text, or more. */
  export type FetchAnswer = string | FetchReply | { error: Extract<ErrorCode, `fetch_${string}`> };

  export interface FetchReply {
    /** 200 if it is not said. */
    status?: number;
    headers?: Record<string, string>;
    body?: string;
    /** Instead of body: what JSON the body has. */
    json?: unknown;
  }

  /** What a script has asked another server for. */
  export interface Request {
    method: string;
    url: string;
    headers: Record<string, string>;
    body: string;
  }

  /** What an account was told. */
  export interface Notice {
    accountId: string;
    kind: string;
    payload?: any;
  }

  /** A context of the running test like t.ctx, for another point, or with another caller. */
  export function context(of?: { point?: Point; player?: Player }): RpcContext;

  /** A player whose account id and name are id; a bot if that begins with "bot-". */
  export function player(id: string, fields?: Partial<Omit<Player, "identities">> & { identities?: Partial<Player["identities"][number]>[] }): Player;

  /** A lobby: teams in their order with their players, or the ids of those. size is that of each team, 4 if it is not said. */
  export function lobby(of?: Partial<Omit<Lobby, "teams">> & { teams?: Record<string, (string | Player)[]>; size?: number }): Lobby;

  /** Begins an expectation: what was got, which the method that follows compares with what is wanted. */
  export function expect<T>(got: T): Expectations<T> & { /** The opposite. */ not: Expectations<T> };

  /** Of functions that answer later, and of promises, an expectation comes true later: await it. */
  export type Later<T> = T extends Promise<unknown> | ((...args: never) => Promise<unknown>) ? Promise<void> : void;

  export interface Expectations<T> {
    /** The same value, as Object.is compares. */
    toBe(wanted: T): void;
    /** The same content. Fields that are undefined do not count. */
    toEqual(wanted: unknown): void;
    /** At least these fields, with the same content. */
    toMatchObject(wanted: object): void;
    /** A text that has this part, or matches. */
    toMatch(pattern: string | RegExp): void;
    /** A list with an item of this content, or a text with this part. */
    toContain(item: unknown): void;
    toHaveLength(length: number): void;
    toBeUndefined(): void;
    toBeDefined(): void;
    toBeNull(): void;
    toBeTruthy(): void;
    toBeFalsy(): void;
    toBeGreaterThan(least: number): void;
    toBeLessThan(most: number): void;
    /** A number that differs by less than half of the last of so many digits after the point, 2 if it is not said. */
    toBeCloseTo(near: number, digits?: number): void;
    /** A function that throws, or a promise that is rejected; with a message that has this part, or matches. */
    toThrow(message?: string | RegExp): Later<T>;
    /** A function that refuses: by ctx.refuse, or by what it answers; with a reason that has this part, or matches, and these reasons for players. */
    toRefuse(reason?: string | RegExp, playerReasons?: Record<string, string>): Later<T>;
  }
}
