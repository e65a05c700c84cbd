// Types of muster.js, the client for browsers and Node. Times are milliseconds since 1970.

export interface Account {
  id: string;
  username: string;
  discord?: { id: string; username: string; avatar: string | null };
  identities?: { provider: string; username: string; linkedAt: number }[];
  createdAt?: number;
}

/** Everything that is stored of an account. */
export interface AccountExport {
  game: string;
  exportedAt: number;
  account: { id: string; username: string; createdAt: number };
  identities: { provider: string; subject: string; username: string; avatarUrl?: string; vars?: Record<string, string>; linkedAt: number }[];
  signIns: { id: string; createdAt: number; expiresAt: number; endedAt?: number }[];
  matches: { id: string; lobbyId?: string; status: string; code?: string; startedAt: number; endedAt: number; provider?: string; region?: string; server?: string; teams?: unknown; result?: MatchResult }[];
  /** What the game's rules keep of the account. */
  storage: { key: string; value: unknown; version: number; updatedAt: number }[];
}

export interface LobbyPlayer {
  accountId: string;
  username: string;
  ready: boolean;
  bot: boolean;
  connected: boolean;
}

export interface LobbyTeam {
  name: string;
  size: number;
  players: LobbyPlayer[];
}

export interface Lobby {
  id: string;
  /** Six digits; absent in lists for private lobbies. */
  code?: string;
  isPrivate: boolean;
  ownerId: string;
  /** Grows with every change. */
  version: number;
  name: string;
  state: "open" | "starting" | "in_match";
  /** Only while a start takes long. */
  step?: "balancing" | "validating" | "payload" | "allocating";
  hasPassword: boolean;
  maxPlayers: number;
  properties: Record<string, unknown>;
  createdAt: number;
  teams: LobbyTeam[];
}

export interface MatchData {
  matchId: string;
  /** Absent in a match that matchmaking made without a lobby. */
  lobbyId?: string;
  teams: { name: string; players: { accountId: string; username: string }[] }[];
  startedAt: number;
  server: { address: string; port: number; serverName: string };
  region?: string;
  /** Proves to the game server who one is; made for this player alone. */
  ticket?: string;
}

export interface MatchResult {
  teams: { name: string; rank: number }[];
  players?: { accountId: string; score?: number; stats?: Record<string, unknown> }[];
  properties?: Record<string, unknown>;
}

export type Status = "connecting" | "open" | "reconnecting" | "closed";

export interface Events {
  /** The newest version of one's lobby, null when one has none. */
  lobby: Lobby | null;
  /** A match begins, or is found running when a new page connects. */
  matchStarted: MatchData;
  /** A start or a running match failed, for its starter too. */
  matchFailed: { code: string; message: string; lobbyId?: string; matchId?: string };
  /** `result` is null if the game server sent none. */
  matchEnded: { matchId: string; result: MatchResult | null };
  /** There is no match. Without a message: cancelled, on another socket or since one's lobby starts. */
  searchEnded: { message?: string };
  kicked: { lobbyId: string; reason?: string };
  lobbyDeleted: { lobbyId: string; reason?: string };
  chat: { lobbyId: string; accountId: string; username: string; text: string; at: number };
  /** Something that the game's rules tell this account. */
  notify: { kind: string; payload: unknown; at: number };
  status: Status;
  /** What no call is waiting for; the reason when the socket ended for good. */
  error: MusterError;
  /** The server is about to restart; the client reconnects by itself. */
  draining: { reconnectAfterMs: number };
}

/** Codes of the client itself: matchmaking_failed, search_cancelled, unreachable, timeout, not_connected, connection_lost, closed, banned, replaced, unauthorized. */
export class MusterError extends Error {
  constructor(code: string, message: string, more?: Partial<MusterError>);
  readonly code: string;
  readonly status?: number;
  readonly retryAfterMs?: number;
  readonly requestId?: string;
}

export interface Options {
  /** The server's address; in a browser the page's own by default. */
  url?: string;
  /** The server's default game if absent. */
  game?: string;
  /** Where sign-in and device id are kept: localStorage by default, sessionStorage for one player per window. */
  storage?: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  fetch?: typeof fetch;
  /** Needed where there is no global WebSocket (Node 20). */
  WebSocket?: new (url: string, protocols?: string[]) => unknown;
  /** How long one request may take: 10,000. */
  timeoutMs?: number;
  /** How long silence may last before it is asked about: 25,000. */
  keepAliveMs?: number;
  /** The first and the longest wait before a reconnect: 500 and 15,000. */
  minBackoffMs?: number;
  maxBackoffMs?: number;
}

export interface LobbyOptions {
  isPrivate?: boolean;
  name?: string;
  maxPlayers?: number;
  password?: string;
  properties?: Record<string, unknown>;
}

/** A reply of the server; `ack` has the version of the lobby that the request made or found. */
export interface Reply {
  type: string;
  replyTo: string;
  version?: number;
  [field: string]: unknown;
}

export class Muster {
  constructor(options?: Options);

  readonly account: Account | null;
  readonly lobby: Lobby | null;
  readonly match: MatchData | null;
  readonly status: Status;

  on<E extends keyof Events>(event: E, fn: (data: Events[E]) => void): () => void;

  signIn(fields: { provider?: string; username?: string; deviceId?: string; [field: string]: unknown }): Promise<Account>;
  resume(): Promise<Account | null>;
  me(): Promise<Account>;
  rename(username: string): Promise<Account>;
  /** "identity_taken" if it belongs to another account. */
  link(provider: string, fields?: { [field: string]: unknown }): Promise<Account>;
  /** "last_identity" if the account has no other. */
  unlink(provider: string): Promise<Account>;
  exportData(): Promise<AccountExport>;
  deleteAccount(): Promise<void>;
  logout(options?: { everywhere?: boolean }): Promise<void>;
  listLobbies(options?: { limit?: number; cursor?: string }): Promise<Lobby[] & { next?: string }>;

  /** Over the socket while it is open, else by a request. */
  rpc<T = unknown>(name: string, payload?: unknown): Promise<T>;

  connect(options?: { timeoutMs?: number }): Promise<void>;
  close(): void;

  createLobby(options?: LobbyOptions): Promise<Lobby>;
  joinLobby(where: { code?: string; lobbyId?: string; team?: string; password?: string }): Promise<Lobby>;
  leave(): Promise<Reply>;
  ready(ready?: boolean): Promise<Reply>;
  start(options?: { region?: string }): Promise<Reply>;
  cancelStart(): Promise<Reply>;
  fillBots(options?: { perTeam?: number }): Promise<Reply>;
  setTeam(team: string): Promise<Reply>;
  /** `password: null` clears; a property that is null is deleted, the others are merged. */
  updateLobby(changes: Omit<LobbyOptions, "password"> & { password?: string | null }): Promise<Reply>;
  kick(accountId: string): Promise<Reply>;
  promote(accountId: string): Promise<Reply>;
  chat(text: string): Promise<Reply>;
  /** In the game's first queue by default. Resolves when the search is entered. */
  findMatch(options?: { queue?: string; properties?: Record<string, unknown> }): Promise<{ ticketId: string }>;
  cancelSearch(): Promise<Reply>;
  /** They count for an hour, when the region of a match is chosen. */
  reportLatency(regions: Record<string, number | null>): Promise<Reply>;
  ping(): Promise<number>;
  request(type: string, fields?: Record<string, unknown>, options?: { timeoutMs?: number }): Promise<Reply>;
}
