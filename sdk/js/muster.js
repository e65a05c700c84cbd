// The Muster client for browsers and Node: sign-in, one socket that reconnects by
// itself, requests that are promises, and the newest lobby. No dependencies.
//
//   const m = new Muster({ url: location.origin, game: "arena" });
//   m.on("lobby", (lobby) => draw(lobby));
//   (await m.resume()) ?? (await m.signIn({ username: "Ada" }));
//   await m.connect();
//   await m.createLobby({ name: "Friday" });

/** Every method that fails rejects with this; `code` is stable, `message` may be shown. */
export class MusterError extends Error {
  constructor(code, message, more = {}) {
    super(message);
    this.name = "MusterError";
    this.code = code;
    Object.assign(this, more); // status, retryAfterMs, requestId
  }
}

// Close codes after which another try would end the same way.
const ENDS = {
  4403: ["banned", "This account may not connect"],
  4409: ["replaced", "Connected from another window"],
};

export class Muster {
  account = null; // who is signed in
  lobby = null; // the newest version of one's lobby
  match = null; // match data while in a match
  status = "closed"; // "connecting" | "open" | "reconnecting" | "closed"

  #o;
  #base;
  #key;
  #device = null; // the device's secret, if the storage cannot keep it
  #session = null; // { accessToken, refreshToken, expiresAt, provider, account }
  #renewing = null;
  #handlers = new Map();
  #pending = new Map();
  #lastId = 0;
  #socket = null;
  #opening = null; // { promise, resolve, reject, timer } of connect()
  #timers = {};
  #attempt = 0;
  #renewed = false; // a refused token is renewed once, until a socket opens
  #drainMs = 0;
  #ended; // the match of which it was last told that it is over
  #pinged = false; // a keep-alive is unanswered
  #turn = 0; // counts the sockets that were let go

  constructor(options = {}) {
    this.#o = {
      url: globalThis.location?.origin,
      storage: defaultStorage(),
      fetch: globalThis.fetch?.bind(globalThis),
      WebSocket: globalThis.WebSocket,
      timeoutMs: 10000, // of one request
      keepAliveMs: 25000,
      minBackoffMs: 500,
      maxBackoffMs: 15000,
      ...options,
    };
    const { url, game } = this.#o;
    if (!url) throw new TypeError("Muster needs the server's url");
    this.#base = url.replace(/\/+$/, "") + (game ? "/games/" + encodeURIComponent(game) : "");
    this.#key = "muster:" + (game ?? "");
    this.#use(this.#stored());
  }

  /** Calls fn at every such event; returns a function that ends that. */
  on(event, fn) {
    if (!this.#handlers.has(event)) this.#handlers.set(event, new Set());
    this.#handlers.get(event).add(fn);
    return () => this.#handlers.get(event).delete(fn);
  }

  // ---- accounts ----

  /** Signs in; the anonymous provider (default) gives this storage the same account every time. */
  async signIn({ provider = "anonymous", ...fields } = {}) {
    if (provider === "anonymous") fields.deviceId ??= this.#deviceId();
    const answer = await this.#send("POST", "/auth/" + encodeURIComponent(provider), fields);
    this.#keep(answer, provider);
    return this.account;
  }

  /** The account of the stored sign-in if it is still good, else null. */
  async resume() {
    if (!this.#session) return null;
    try {
      return await this.me();
    } catch (error) {
      if (error.status === 401 || error.status === 404) return this.#forget(), null;
      throw error;
    }
  }

  async me() {
    return this.#know(await this.#rest("GET", "/accounts/me"));
  }

  async rename(username) {
    return this.#know(await this.#rest("PATCH", "/accounts/me", { username }));
  }

  /** Adds a way to sign in to the account, with the fields of signIn(); "anonymous" adds this device. */
  async link(provider, fields = {}) {
    if (provider === "anonymous") fields = { deviceId: this.#deviceId(), ...fields };
    return this.#know(await this.#rest("POST", "/accounts/me/identities/" + encodeURIComponent(provider), fields));
  }

  /** Takes a way to sign in off the account, unless it is the last. */
  async unlink(provider) {
    const account = await this.#rest("DELETE", "/accounts/me/identities/" + encodeURIComponent(provider));
    // Signing in anew with it would make another account.
    if (this.#session?.provider === provider) this.#session.provider = null;
    return this.#know(account);
  }

  /** Everything that is stored of the account. */
  exportData() {
    return this.#rest("GET", "/accounts/me/export");
  }

  /** Erases the account and what is stored of it. */
  async deleteAccount() {
    await this.#rest("DELETE", "/accounts/me");
    this.#device = null;
    this.#put("device", null);
    this.#forget();
  }

  async logout({ everywhere = false } = {}) {
    try {
      if (this.#session) await this.#rest("POST", "/auth/logout", { everywhere });
    } catch (error) {
      if (error.status !== 401) throw error; // it had ended already
    }
    this.#forget();
  }

  /** The lobbies that can be joined. The array's `next` is the cursor of the next page, if any. */
  async listLobbies({ limit, cursor } = {}) {
    const query = new URLSearchParams({ v: "2" });
    if (limit) query.set("limit", limit);
    if (cursor) query.set("cursor", cursor);
    return this.#rest("GET", "/lobbies?" + query);
  }

  /** Calls a function of the game's own rules; resolves with what it answers. */
  async rpc(name, payload) {
    if (this.status === "open") return (await this.request("rpc", { name, payload })).payload;
    return this.#rest("POST", "/rpc/" + encodeURIComponent(name), payload);
  }

  // ---- the lobby ----

  async createLobby(options = {}) {
    return (await this.request("lobby:create", options)).lobby;
  }

  /** Joins by { code } or { lobbyId }, with team and password if wanted; resolves with the lobby. */
  async joinLobby({ code, lobbyId, team, password } = {}) {
    const here = () => this.lobby && (code ? this.lobby.code === code : this.lobby.id === lobbyId);
    await this.request("lobby:join", { code, lobbyId, team, password });
    if (here()) return this.lobby;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => finish(reject, new MusterError("timeout", "No answer")), this.#o.timeoutMs);
      const off = [
        this.on("lobby", () => here() && finish(resolve, this.lobby)),
        this.on("status", () => finish(reject, new MusterError("connection_lost", "Connection lost"))),
      ];
      const finish = (settle, value) => (clearTimeout(timer), off.forEach((end) => end()), settle(value));
    });
  }

  leave() { return this.request("lobby:leave"); }
  ready(ready = true) { return this.request("lobby:ready", { ready }); }
  start({ region } = {}) { return this.request("lobby:start", { region }); }
  cancelStart() { return this.request("lobby:cancel-start"); }
  fillBots({ perTeam } = {}) { return this.request("lobby:fill-bots", { perTeam }); }
  setTeam(team) { return this.request("lobby:team", { team }); }
  updateLobby(changes) { return this.request("lobby:update", changes); }
  kick(accountId) { return this.request("lobby:kick", { accountId }); }
  promote(accountId) { return this.request("lobby:promote", { accountId }); }
  chat(text) { return this.request("lobby:chat", { text }); }

  // ---- matchmaking ----

  /** Searches for a match; resolves with { ticketId } when the search is entered. "matchStarted" follows, or "searchEnded". */
  async findMatch({ queue, properties } = {}) {
    const reply = await this.request("matchmaking:find", { queue, properties }, { timeoutMs: 2 * 60_000 });
    if (reply.type === "matchmaking:cancelled") throw new MusterError("search_cancelled", "The search was cancelled");
    return { ticketId: reply.ticketId };
  }

  cancelSearch() { return this.request("matchmaking:cancel"); }

  /** Tells the round trips to regions, in milliseconds; null where one cannot be reached. */
  reportLatency(regions) { return this.request("latency", { regions }); }

  /** The time to the server and back, in milliseconds. */
  async ping() {
    const sent = performance.now();
    await this.request("ping");
    return performance.now() - sent;
  }

  /** Sends any message; resolves with its reply, rejects with its error. */
  request(type, fields, { timeoutMs = this.#o.timeoutMs } = {}) {
    if (this.status !== "open") return Promise.reject(new MusterError("not_connected", "Not connected"));
    const id = String(++this.#lastId);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new MusterError("timeout", "No answer"));
      }, timeoutMs);
      this.#pending.set(id, { resolve, reject, timer });
      this.#socket.send(JSON.stringify({ ...fields, type, id }));
    });
  }

  // ---- the socket ----

  /** Resolves when the socket is open; from then on it reconnects by itself until close(). */
  async connect({ timeoutMs = 15000 } = {}) {
    if (this.status === "open") return;
    if (!this.#session) throw new MusterError("unauthorized", "Not signed in");
    if (!this.#o.WebSocket) throw new TypeError("There is no global WebSocket: pass a class as an option");
    if (this.#opening) return this.#opening.promise;
    const opening = (this.#opening = {});
    opening.promise = new Promise((resolve, reject) => Object.assign(opening, { resolve, reject }));
    opening.timer = setTimeout(() => this.#end(new MusterError("unreachable", "Server not reachable")), timeoutMs);
    if (this.status === "closed") {
      this.#attempt = 0;
      this.#setStatus("connecting");
      this.#dial();
    }
    return opening.promise;
  }

  /** Closes the socket for good; connect() opens it again. */
  close() {
    this.#end(new MusterError("closed", "Closed"), true);
  }

  #dial() {
    // The token goes in a header, as addresses end up in logs.
    const url = this.#base.replace(/^http/, "ws") + "/_ws?v=2";
    let socket;
    try {
      socket = this.#socket = new this.#o.WebSocket(url, ["bearer", this.#session.accessToken]);
    } catch (cause) {
      return this.#end(new MusterError("unreachable", "The address cannot be connected to", { cause }));
    }
    this.#timer("wait", () => this.#drop(1006), this.#o.timeoutMs);
    socket.onmessage = (event) => socket === this.#socket && this.#receive(event.data);
    socket.onclose = (event) => socket === this.#socket && this.#drop(event.code);
    socket.onerror = () => {}; // onclose follows
  }

  // drop takes leave of the socket, whoever closed it, and decides what comes next.
  async #drop(code) {
    this.#hangUp(new MusterError("connection_lost", "Connection lost"));
    if (ENDS[code]) return this.#end(new MusterError(...ENDS[code]));
    const turn = this.#turn;
    if (this.status === "open") this.#setStatus("reconnecting");
    if (turn !== this.#turn) return; // a handler closed it
    if (code === 4401) {
      if (this.#renewed) return this.#end(new MusterError("invalid_token", "Invalid token"));
      this.#renewed = true;
      try {
        await this.#renew();
        return turn === this.#turn && this.#dial();
      } catch (error) {
        if (turn !== this.#turn) return; // closed meanwhile, perhaps opened again
        if (error.status >= 400 && error.status < 500 && error.status !== 429) return this.#end(error);
        this.#renewed = false; // the server was not asked: the next refusal may try again
      }
    }
    const { minBackoffMs, maxBackoffMs } = this.#o;
    const backoff = Math.min(maxBackoffMs, minBackoffMs * 2 ** this.#attempt++) * (0.5 + Math.random() / 2);
    const wait = this.#drainMs ? this.#drainMs * (1 + Math.random() / 2) : backoff;
    this.#drainMs = 0;
    this.#timer("wait", () => this.#dial(), wait);
  }

  #hangUp(error) {
    const socket = this.#socket;
    this.#socket = null;
    this.#turn++;
    for (const name in this.#timers) clearTimeout(this.#timers[name]);
    for (const { reject, timer } of this.#pending.values()) clearTimeout(timer), reject(error);
    this.#pending.clear();
    if (socket) socket.onmessage = socket.onclose = null;
    if (socket && socket.readyState < 2) socket.close();
  }

  #end(error, asked) {
    if (this.status === "closed") return;
    this.#hangUp(error);
    this.lobby = this.match = null;
    const opening = this.#opening;
    this.#opening = null;
    this.#renewed = false;
    this.#drainMs = 0;
    this.#setStatus("closed");
    if (opening) clearTimeout(opening.timer), opening.reject(error);
    else if (!asked) this.#emit("error", error);
  }

  #timer(name, fn, ms) {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = setTimeout(fn, ms);
  }

  // Any message proves that the server is there; silence is asked about once.
  #keepAlive() {
    this.#timer("alive", () => {
      if (this.#pinged) return this.#drop(1006);
      this.#pinged = true;
      this.#socket.send('{"type":"ping"}');
      this.#keepAlive();
    }, this.#o.keepAliveMs);
  }

  #receive(data) {
    let m;
    try {
      m = JSON.parse(data);
    } catch {
      return;
    }
    if (!m || typeof m !== "object") return;
    this.#pinged = false;
    const request = m.replyTo !== undefined && this.#pending.get(m.replyTo);
    this.#apply(m);
    if (!request) return;
    this.#pending.delete(m.replyTo);
    clearTimeout(request.timer);
    if (m.type === "error" || m.type === "matchmaking:error") request.reject(errorOf(m));
    else request.resolve(m);
  }

  #apply(m) {
    const { type, replyTo, ...fields } = m;
    switch (type) {
      case "connected": {
        const again = this.match?.matchId === m.matchData?.matchId;
        this.#attempt = 0;
        this.#renewed = false;
        clearTimeout(this.#timers.wait);
        this.#keepAlive();
        this.#know({ ...this.account, id: m.accountId, username: m.username });
        this.lobby = m.lobby ?? null;
        this.match = m.matchData ?? null;
        const opening = this.#opening;
        this.#opening = null;
        this.#setStatus("open");
        this.#emit("lobby", this.lobby);
        if (this.match && !again) this.#emit("matchStarted", this.match);
        if (opening) clearTimeout(opening.timer), opening.resolve();
        return;
      }
      case "lobby:created":
      case "lobby:updated":
        if (this.lobby?.id === m.lobby.id && m.lobby.version < this.lobby.version) return;
        return this.#setLobby(m.lobby);
      case "lobby:left":
        return this.#setLobby(null);
      case "lobby:deleted":
      case "lobby:kicked":
        if (this.lobby?.id === m.lobbyId) this.#setLobby(null);
        return this.#emit(type === "lobby:kicked" ? "kicked" : "lobbyDeleted", fields);
      case "lobby:chat":
        return this.#emit("chat", fields);
      case "notify":
        return this.#emit("notify", fields);
      case "match:started":
        this.match = m.matchData;
        return this.#emit("matchStarted", m.matchData);
      case "match:ended":
      case "match:failed":
        if (this.#again(m.matchId)) return;
        if (this.match?.matchId === m.matchId) this.match = null;
        return this.#emit(type === "match:ended" ? "matchEnded" : "matchFailed", fields);
      case "matchmaking:error":
      case "matchmaking:cancelled":
        return replyTo === undefined ? this.#emit("searchEnded", fields) : undefined;
      case "server:draining":
        this.#drainMs = m.reconnectAfterMs;
        return this.#emit("draining", fields);
      case "error":
        // Before `connected` the close code says it better; a reply goes to its caller.
        if (this.status !== "open" || replyTo !== undefined) return;
        if (m.lobbyId && this.#again(m.matchId)) return;
        return m.lobbyId ? this.#emit("matchFailed", fields) : this.#emit("error", errorOf(m));
    }
  }

  // A server that died in the middle of telling that a match is over tells it again.
  #again(matchId) {
    const again = matchId !== undefined && this.#ended === matchId;
    this.#ended = matchId;
    return again;
  }

  #setLobby(lobby) {
    this.lobby = lobby;
    this.#emit("lobby", lobby);
  }

  #setStatus(status) {
    if (this.status === status) return;
    this.status = status;
    this.#emit("status", status);
  }

  #emit(event, data) {
    for (const fn of [...(this.#handlers.get(event) ?? [])]) {
      try {
        fn(data);
      } catch (error) {
        queueMicrotask(() => { throw error; }); // the page's fault, and the page's to see
      }
    }
  }

  // ---- REST ----

  // rest sends with the access token, which is renewed once if it is refused.
  async #rest(method, path, body) {
    if (!this.#session) throw new MusterError("unauthorized", "Not signed in");
    const token = this.#session.accessToken;
    try {
      return await this.#send(method, path, body, token);
    } catch (error) {
      // A provider that says no to link() does not speak of the token.
      if (error.status !== 401 || error.code === "provider_refused") throw error;
      if (this.#session?.accessToken === token) await this.#renew();
      return this.#send(method, path, body, this.#session?.accessToken);
    }
  }

  async #send(method, path, body, token) {
    let response, answer;
    try {
      response = await this.#o.fetch(this.#base + path, {
        method,
        headers: token ? { Authorization: "Bearer " + token } : {},
        body: JSON.stringify(body), // undefined stays undefined
        signal: AbortSignal.timeout(this.#o.timeoutMs),
      });
      answer = await response.text();
    } catch (cause) {
      throw new MusterError("unreachable", "Server not reachable", { cause });
    }
    try {
      answer = answer ? JSON.parse(answer) : null;
    } catch {
      answer = null;
    }
    const { ok, status, headers } = response;
    if (!ok) {
      const retryAfterMs = Number(headers.get("Retry-After")) * 1000 || undefined;
      const { error = "Server error", code = "internal", requestId } = answer ?? {};
      throw new MusterError(code, error, { status, retryAfterMs, requestId });
    }
    const next = /[?&]cursor=([^&>]+)[^>]*>;\s*rel="?next/.exec(headers.get("Link") ?? "");
    if (next) answer.next = decodeURIComponent(next[1]);
    return answer;
  }

  // renew replaces a refused access token: once at a time, in all windows that
  // share the storage, since a refresh token that is used twice ends the sign-in.
  #renew() {
    const locks = globalThis.navigator?.locks;
    const work = () => this.#refresh();
    this.#renewing ??= Promise.resolve(locks ? locks.request(this.#key, work) : work())
      .finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  async #refresh() {
    const mine = this.#session;
    if (!mine) throw new MusterError("unauthorized", "Not signed in", { status: 401 });
    const stored = this.#stored();
    if (stored && stored.accessToken !== mine.accessToken && stored.account.id === mine.account.id) {
      return this.#use(stored); // another window was faster
    }
    let answer;
    try {
      answer = await this.#send("POST", "/auth/refresh", { refreshToken: mine.refreshToken });
    } catch (error) {
      if (error.status !== 401 || mine.provider !== "anonymous") throw error;
      const fields = { username: this.account.username, deviceId: this.#deviceId() };
      answer = await this.#send("POST", "/auth/anonymous", fields);
    }
    if (this.#session === mine) this.#keep(answer, mine.provider); // else signed out meanwhile
  }

  // ---- what is kept ----

  #keep(answer, provider) {
    const { accessToken, refreshToken, expiresAt, account } = answer;
    this.#session = { accessToken, refreshToken, expiresAt, provider };
    this.#know(account);
  }

  #know(account) {
    this.account = account;
    Object.assign(this.#session, { account });
    this.#put("session", JSON.stringify(this.#session));
    return account;
  }

  #use(session) {
    this.#session = session;
    this.account = session?.account ?? null;
  }

  #forget() {
    this.#use(null);
    this.#put("session", null);
    this.close();
  }

  #stored() {
    try {
      const session = JSON.parse(this.#o.storage.getItem(this.#key + ":session"));
      return session?.accessToken && session.account ? session : null;
    } catch {
      return null;
    }
  }

  #put(name, value) {
    try {
      if (value === null) this.#o.storage.removeItem(this.#key + ":" + name);
      else this.#o.storage.setItem(this.#key + ":" + name, value);
    } catch {
      // A full or forbidden storage only means that a reload signs in anew.
    }
  }

  #deviceId() {
    const kept = safely(() => this.#o.storage.getItem(this.#key + ":device")) ?? this.#device;
    if (kept) return kept;
    const bytes = crypto.getRandomValues(new Uint8Array(24));
    this.#device = Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
    this.#put("device", this.#device);
    return this.#device;
  }
}

const errorOf = (m) => new MusterError(m.code ?? (m.type === "matchmaking:error" ? "matchmaking_failed" : "internal"), m.message, { retryAfterMs: m.retryAfterMs });

function safely(fn) {
  try {
    return fn();
  } catch {
    return undefined;
  }
}

function defaultStorage() {
  const kept = new Map();
  return safely(() => globalThis.localStorage) ?? {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
}
