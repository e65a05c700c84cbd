// Types of Muster's hook scripts, for editors and for tsc. A script exports
// functions by the names of Hooks; what they return is the answer.
//
//     import type { ValidateStart } from "muster";
//
//     export const validateStart: ValidateStart = (ctx, lobby) => {
//       if (lobby.teams.some((team) => team.players.length === 0)) ctx.refuse("both teams need a player");
//     };
//
// Times are in milliseconds since 1970, durations in milliseconds. Of what a script
// is given, only messages and fields marked with ? may be undefined: a text, number,
// list or map that was not set is "", 0, [] or {}. Of what it answers, every field
// may be left out. No answer (undefined or null) leaves things as they are.

/** Writes lines of the hook's log, at the level of the function's name. */
interface Console {
  debug(...data: any[]): void;
  trace(...data: any[]): void;
  log(...data: any[]): void;
  info(...data: any[]): void;
  warn(...data: any[]): void;
  error(...data: any[]): void;
}

declare var console: Console;

/**
 * Calls a function later in this call, after so many milliseconds, and answers its
 * number. A timer that nobody waits for ends with the call; outside of functions
 * there is none.
 */
declare function setTimeout<A extends unknown[]>(later: (...args: A) => void, ms?: number, ...args: A): number;

/** Forgets a timer by its number. */
declare function clearTimeout(timer: number | undefined): void;

/** Calls a function as soon as what runs now has ended, or waits. */
declare function queueMicrotask(soon: () => void): void;

declare module "muster" {
  /** Any JSON value. */
  export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

  /** An answer, now or later. */
  export type Answer<T> = T | Promise<T>;

  /** No answer: things stay as they are, or the next hook is asked. */
  export type Nothing = undefined | null | void;

  /** A message as a script may answer it: with all of its fields or some, and anything that JSON can hold where it has JSON. */
  export type Partly<M> = M extends string | number | boolean | undefined
    ? M
    : M extends (infer E)[]
      ? Partly<E>[]
      : string extends keyof M
        ? Json extends M[keyof M]
          ? Record<string, unknown>
          : M
        : { [K in keyof M]?: Partly<M[K]> | undefined };

  /** What a call may ask of the platform. It is of no use after the call. */
  export interface Context {
    /** The game that the call is about. */
    readonly game: string;
    /** The point that is called, as `points` of config.hcl names it. */
    readonly point: Point;
    /** The server's log. */
    readonly log: Log;
    /** The game's own data, kept by the server. */
    readonly storage: GameStorage;
    /** The time. In tests and replays it is what they say. */
    now(): number;
    /** A number from 0 up to, but not including, 1. In tests and replays it is what they say. */
    random(): number;
    /** Asks another server, one of `fetch { allow }` in config.hcl. Throws fetch_refused, fetch_failed, fetch_timeout or fetch_too_large. */
    fetch(url: string, init?: FetchInit): Promise<FetchResponse>;
    /** Sends `notify` to an account's sockets; who has none misses it. kind has 1 to 64 characters, payload up to 16 KiB of JSON. Throws invalid_notice. */
    notify(accountId: string, kind: string, payload?: unknown): Promise<void>;
    /** Says no, and ends the call. Players are shown the reason, those of playerReasons (by account id) their own instead. */
    refuse(reason: string, playerReasons?: Record<string, string>): never;
    /** Says that the request itself is malformed, and ends the call: 400 over REST. */
    invalid(reason: string): never;
    /** Says that a service which the hook needs does not answer, and ends the call. The cause is for logs. */
    unreachable(cause: unknown): never;
  }

  /** The context of a function of `rpc`. */
  export interface RpcContext extends Context {
    /** Who calls, with identities. */
    readonly player: Player;
  }

  /** Writes lines of the server's log, with the game and the hook. Fields are added to the line; put no secrets there. */
  export interface Log {
    debug(message: string, fields?: Record<string, unknown>): void;
    info(message: string, fields?: Record<string, unknown>): void;
    warn(message: string, fields?: Record<string, unknown>): void;
    error(message: string, fields?: Record<string, unknown>): void;
  }

  /**
   * A key-value store: the game's, or that of one of its accounts. Keys have 1 to 128
   * bytes, values up to 64 KiB of JSON. What a promise has answered is durable.
   * Methods throw conflict, invalid_key, invalid_value and no_account.
   */
  export interface Storage {
    /** The value of a key, undefined if there is none. */
    get<T = any>(key: string): Promise<T | undefined>;
    /** The values of up to 100 keys; those that do not exist are not in it. */
    getMany<T = any>(keys: string[]): Promise<Record<string, T>>;
    /** The value of a key with its version, undefined if there is none. */
    entry<T = any>(key: string): Promise<Entry<T> | undefined>;
    /** Writes a value and answers its version. With a version, it throws conflict if another one stands; 0 means that there is none yet. */
    set(key: string, value: unknown, when?: When): Promise<number>;
    /** Removes a value; one that is not there is a success, unless a version is named. */
    delete(key: string, when?: When): Promise<void>;
    /** Up to 100 entries in the order of their keys. */
    list<T = any>(page?: Page): Promise<Entry<T>[]>;
    /** Changes a value: change is given the old one and returns the new one. It is called again if somebody else wrote meanwhile. */
    update<T = any>(key: string, change: (old: T | undefined) => T): Promise<T>;
  }

  /** The store of the game itself. */
  export interface GameStorage extends Storage {
    /** The store of an account, which is erased with it. */
    account(accountId: string): Storage;
  }

  /** One stored value. */
  export interface Entry<T = any> {
    key: string;
    value: T;
    /** Grows with every write. */
    version: number;
    updatedAt: number;
  }

  /** Under which version a write is done; without one, under any. */
  export interface When {
    version?: number | undefined;
  }

  /** Which entries to list. */
  export interface Page {
    /** What their keys begin with. */
    prefix?: string | undefined;
    /** The last key of the page before. */
    after?: string | undefined;
    /** 1 to 100, else 100. */
    limit?: number | undefined;
  }

  /** How to ask another server. */
  export interface FetchInit {
    /** GET if it is not said. */
    method?: string | undefined;
    headers?: Record<string, string> | undefined;
    body?: string | undefined;
  }

  /** What another server answered. Its body has been read. */
  export interface FetchResponse {
    readonly status: number;
    /** Whether status is 200 to 299. */
    readonly ok: boolean;
    /** By their names in lower case. */
    readonly headers: Record<string, string>;
    text(): string;
    /** The body read as JSON. Throws SyntaxError. */
    json(): any;
  }

  /** The `code` of an error that a method of the context throws. */
  export type ErrorCode =
    | "conflict"
    | "invalid_key"
    | "invalid_value"
    | "invalid_notice"
    | "no_account"
    | "fetch_refused"
    | "fetch_failed"
    | "fetch_timeout"
    | "fetch_too_large";

  /** An error that a method of the context throws: `catch (e) { if ((e as HookError).code === "conflict") … }`. */
  export interface HookError extends Error {
    code: ErrorCode;
  }
