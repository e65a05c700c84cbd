import assert from "node:assert/strict";
import { test } from "node:test";
import { Muster } from "../muster.js";
import { MemoryStorage, Server, settled, signedIn, until } from "./fakes.mjs";

function client(options = {}) {
  const server = new Server();
  const m = new Muster({
    url: "https://h", game: "arena", fetch: server.fetch, WebSocket: server.WebSocket,
    storage: signedIn(new MemoryStorage(), "arena"), minBackoffMs: 1, maxBackoffMs: 4, ...options,
  });
  const seen = [];
  for (const event of ["lobby", "matchStarted", "matchFailed", "matchEnded", "searchEnded", "kicked", "lobbyDeleted", "chat", "notify", "status", "error", "draining"]) {
    m.on(event, (data) => seen.push([event, data]));
  }
  return { server, m, seen };
}

async function connected(t, options) {
  const c = client(options);
  t.after(() => c.m.close());
  await c.m.connect();
  c.seen.length = 0;
  return c;
}

const lobby = (id, version, more) => ({ type: "lobby:updated", lobby: { id, version, code: "123456", teams: [], ...more } });
const codes = (seen, event) => seen.filter(([name]) => name === event).map(([, data]) => data?.code ?? data);

test("connects at level 2 with the token out of the address", async (t) => {
  const { server, m, seen } = client();
  t.after(() => m.close());
  server.greeting = { ...server.greeting, username: "Ada II", lobby: { id: "l-1", version: 3 }, matchData: { matchId: "m-1" } };
  await Promise.all([m.connect(), m.connect()]);
  await m.connect();
  assert.equal(server.sockets.length, 1);
  assert.equal(server.socket.url, "wss://h/games/arena/_ws?v=2");
  assert.deepEqual(server.socket.protocols, ["bearer", "at-1"]);
  assert.deepEqual(seen, [
    ["status", "connecting"], ["status", "open"], ["lobby", { id: "l-1", version: 3 }], ["matchStarted", { matchId: "m-1" }],
  ]);
  assert.equal(m.account.username, "Ada II");
  assert.equal(m.lobby.version, 3);
  assert.equal(m.match.matchId, "m-1");
});

test("requests find their replies in any order", async (t) => {
  const { server, m } = await connected(t);
  const ready = m.ready(), chat = m.chat("hi"), create = m.createLobby({ name: "x", type: "ignored" }), ping = m.ping();
  assert.deepEqual(server.socket.sent.map(({ id, ...rest }) => rest), [
    { type: "lobby:ready", ready: true }, { type: "lobby:chat", text: "hi" }, { type: "lobby:create", name: "x" }, { type: "ping" },
  ]);
  const { socket } = server;
  socket.say({ type: "pong", replyTo: socket.id("ping") });
  socket.say({ type: "lobby:created", lobby: { id: "l-1", version: 1 }, replyTo: socket.id("lobby:create") });
  socket.say({ type: "error", code: "not_in_lobby", message: "Not in a lobby", retryAfterMs: 5, replyTo: socket.id("lobby:chat") });
  socket.say({ type: "ack", version: 2, replyTo: socket.id("lobby:ready") });
  assert.equal((await ready).version, 2);
  await assert.rejects(chat, { name: "MusterError", code: "not_in_lobby", message: "Not in a lobby", retryAfterMs: 5 });
  assert.equal((await create).id, "l-1");
  assert.ok((await ping) >= 0);
  assert.equal(m.lobby.id, "l-1");
});

test("every helper says what the protocol asks for", async (t) => {
  const { server, m } = await connected(t);
  const calls = [
    [m.leave(), { type: "lobby:leave" }], [m.ready(false), { type: "lobby:ready", ready: false }],
    [m.start(), { type: "lobby:start" }], [m.start({ region: "eu" }), { type: "lobby:start", region: "eu" }],
    [m.cancelStart(), { type: "lobby:cancel-start" }], [m.fillBots(), { type: "lobby:fill-bots" }],
    [m.fillBots({ perTeam: 2 }), { type: "lobby:fill-bots", perTeam: 2 }], [m.setTeam("B"), { type: "lobby:team", team: "B" }],
    [m.updateLobby({ password: null, properties: { a: null } }), { type: "lobby:update", password: null, properties: { a: null } }],
    [m.kick("a-2"), { type: "lobby:kick", accountId: "a-2" }], [m.promote("a-2"), { type: "lobby:promote", accountId: "a-2" }],
  ];
  assert.deepEqual(server.socket.sent.map(({ id, ...rest }) => rest), calls.map(([, sent]) => sent));
  for (const { id } of server.socket.sent) server.socket.say({ type: "ack", replyTo: id });
  await Promise.all(calls.map(([call]) => call));
});

test("joinLobby resolves with the lobby, told before or after the ack", async (t) => {
  const { server, m } = await connected(t);
  const { socket } = server;
  socket.say(lobby("old", 50, { code: "999999" }));
  let join = m.joinLobby({ code: "123456", team: "A" });
  socket.say({ type: "ack", version: 2, replyTo: socket.id("lobby:join") });
  await settled();
  socket.say(lobby("l-1", 2));
  assert.equal((await join).id, "l-1");
  join = m.joinLobby({ lobbyId: "l-2" });
  socket.say(lobby("l-2", 9));
  socket.say({ type: "ack", version: 9, replyTo: socket.id("lobby:join") });
  assert.equal((await join).id, "l-2");
  join = m.joinLobby({ lobbyId: "l-3" });
  socket.say({ type: "ack", version: 9, replyTo: socket.id("lobby:join") });
  await settled();
  socket.end(1006);
  await assert.rejects(join, { code: "connection_lost" });
});

test("older versions of the lobby are dropped, other lobbies are not", async (t) => {
  const { server, m, seen } = await connected(t);
  for (const [id, v] of [["l-1", 5], ["l-1", 4], ["l-1", 5], ["l-1", 9], ["l-1", 8], ["l-2", 1]]) server.socket.say(lobby(id, v));
  assert.deepEqual(seen.map(([, l]) => l.id + l.version), ["l-15", "l-15", "l-19", "l-21"]);
  assert.equal(m.lobby.id, "l-2");
});

test("events and what one has", async (t) => {
  const { server, m, seen } = await connected(t);
  const { socket } = server;
  const say = (message) => {
    seen.length = 0;
    socket.say(message);
    return seen;
  };
  socket.say(lobby("l-1", 1));
  assert.deepEqual(say({ type: "lobby:kicked", lobbyId: "other" }), [["kicked", { lobbyId: "other" }]]);
  assert.equal(m.lobby.id, "l-1");
  assert.deepEqual(say({ type: "lobby:kicked", lobbyId: "l-1", reason: "r" }), [["lobby", null], ["kicked", { lobbyId: "l-1", reason: "r" }]]);
  socket.say(lobby("l-1", 1));
  assert.deepEqual(say({ type: "lobby:deleted", lobbyId: "l-1" }), [["lobby", null], ["lobbyDeleted", { lobbyId: "l-1" }]]);
  socket.say(lobby("l-1", 1));
  assert.deepEqual(say({ type: "lobby:left" }), [["lobby", null]]);
  const line = { lobbyId: "l-1", accountId: "a", username: "A", text: "hi", at: 5 };
  assert.deepEqual(say({ type: "lobby:chat", ...line }), [["chat", line]]);
  assert.deepEqual(say({ type: "match:started", matchData: { matchId: "m-1" } }), [["matchStarted", { matchId: "m-1" }]]);
  assert.deepEqual(say({ type: "match:ended", matchId: "m-0", result: null }), [["matchEnded", { matchId: "m-0", result: null }]]);
  assert.equal(m.match.matchId, "m-1");
  say({ type: "match:ended", matchId: "m-1", result: null });
  assert.equal(m.match, null);
  assert.deepEqual(say({ type: "match:ended", matchId: "m-1", result: null }), []); // a server that died told it again
  const failure = { lobbyId: "l-1", matchId: "m-2", code: "server_lost", message: "Lost" };
  assert.deepEqual(say({ type: "match:failed", ...failure }), [["matchFailed", failure]]);
  const own = { ...failure, matchId: "m-3" };
  assert.deepEqual(say({ type: "error", ...own }), [["matchFailed", own]]); // the starter's own
  assert.deepEqual(say({ type: "match:failed", ...own }), []);
  assert.deepEqual(codes(say({ type: "error", code: "unknown_type", message: "?" }), "error"), ["unknown_type"]);
  for (const junk of ["", "{", "null", "5", '"x"', '{"type":"new:thing"}', '{"type":"error","replyTo":"gone"}']) assert.deepEqual(say(junk), []);
});

test("on returns what ends it, and a handler's fault is its own", async (t) => {
  const { server, m } = await connected(t);
  const got = [], thrown = [];
  t.mock.method(globalThis, "queueMicrotask", (fn) => thrown.push(fn));
  m.on("lobby", () => { throw new Error("mine"); });
  const off = m.on("lobby", (l) => got.push(l.version));
  server.socket.say(lobby("l-1", 1));
  off();
  server.socket.say(lobby("l-1", 2));
  assert.deepEqual(got, [1]);
  assert.throws(thrown[0], { message: "mine" });
});

for (const code of [1001, 1006, 1009, 4408, 4413, 4429]) {
  test(`reconnects after ${code}`, async (t) => {
    const { server, m, seen } = await connected(t);
    server.socket.say(lobby("l-1", 9));
    const lost = m.leave();
    server.greeting = { ...server.greeting, lobby: { id: "l-1", version: 7 } };
    server.socket.end(code);
    await assert.rejects(lost, { code: "connection_lost" });
    await assert.rejects(m.leave(), { code: "not_connected" });
    await until(() => m.status === "open");
    assert.deepEqual(seen.filter(([name]) => name === "status"), [["status", "reconnecting"], ["status", "open"]]);
    assert.equal(m.lobby.version, 7); // what the server says on return counts
    assert.equal(server.sockets.length, 2);
  });
}

test("a match that goes on over a reconnect is not started again", async (t) => {
  const { server, m, seen } = await connected(t);
  server.socket.say({ type: "match:started", matchData: { matchId: "m-1", ticket: "old" } });
  seen.length = 0;
  server.greeting = { ...server.greeting, matchData: { matchId: "m-1", ticket: "new" } };
  server.socket.end(1006);
  await until(() => m.status === "open");
  assert.deepEqual(seen.map(([name]) => name), ["status", "status", "lobby"]);
  assert.equal(m.match.ticket, "new");
});

for (const [code, want] of [[4403, "banned"], [4409, "replaced"]]) {
  test(`${code} ends the connection`, async (t) => {
    const { server, m, seen } = await connected(t);
    server.socket.end(code);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(m.status, "closed");
    assert.deepEqual(codes(seen, "error"), [want]);
    assert.equal(server.sockets.length, 1);
    await m.connect(); // on the player's own wish
    assert.equal(m.status, "open");
  });
}

test("a refused token is renewed once", async (t) => {
  const { server, m } = await connected(t);
  server.answers["POST /games/arena/auth/refresh"] = () => [200, { accessToken: "at-2", refreshToken: "rt-2", expiresAt: 9, account: { id: "a-1", username: "Ada" } }];
  server.socket.say({ type: "error", code: "invalid_token", message: "Invalid token" });
  server.socket.end(4401);
  await until(() => m.status === "open");
  assert.deepEqual(server.socket.protocols, ["bearer", "at-2"]);
  server.socket.end(4401); // it expired again later: renewed again
  await until(() => server.sockets.length === 3 && m.status === "open");
});

test("a token that is refused again ends it", async (t) => {
  const { server, m, seen } = client();
  t.after(() => m.close());
  server.greeting = null;
  server.answers["POST /games/arena/auth/refresh"] = () => [200, { accessToken: "at-2", refreshToken: "rt-2", expiresAt: 9, account: { id: "a-1", username: "Ada" } }];
  const connect = m.connect();
  server.socket.say({ type: "error", code: "invalid_token", message: "Invalid token" });
  server.socket.end(4401);
  await until(() => server.sockets.length === 2);
  server.socket.end(4401);
  await assert.rejects(connect, { code: "invalid_token" });
  assert.deepEqual(seen, [["status", "connecting"], ["status", "closed"]]);
});

test("a token whose sign-in is dead ends it with the reason", async (t) => {
  const { server, m, seen } = await connected(t);
  for (const path of ["refresh", "anonymous"]) server.answers[`POST /games/arena/auth/${path}`] = () => [401, { error: "Invalid token", code: "invalid_token" }];
  server.socket.end(4401);
  await until(() => m.status === "closed");
  assert.deepEqual(codes(seen, "error"), ["invalid_token"]);
});

test("a server that cannot renew now is asked again", async (t) => {
  const { server, m } = await connected(t);
  let away = 2;
  server.answers["POST /games/arena/auth/refresh"] = () => {
    if (away-- > 0) throw new TypeError("failed");
    return [200, { accessToken: "at-2", refreshToken: "rt-2", expiresAt: 9, account: { id: "a-1", username: "Ada" } }];
  };
  const greeting = server.greeting;
  server.greeting = null;
  server.socket.end(4401);
  await until(() => server.sockets.length === 2);
  server.socket.end(4401);
  await until(() => server.sockets.length === 3);
  server.greeting = greeting;
  server.socket.end(4401);
  await until(() => m.status === "open");
  assert.deepEqual(server.socket.protocols, ["bearer", "at-2"]);
});

test("a draining server is given its time", async (t) => {
  const { server, m, seen } = await connected(t, { minBackoffMs: 1e6 });
  server.socket.say({ type: "server:draining", reconnectAfterMs: 1 });
  assert.deepEqual(seen, [["draining", { reconnectAfterMs: 1 }]]);
  server.socket.end(1001);
  await until(() => m.status === "open"); // and not after the back-off
});

test("connect gives up when nobody answers", async () => {
  const { server, m } = client();
  server.greeting = null;
  const connect = m.connect({ timeoutMs: 30 });
  server.socket.end(1006);
  await until(() => server.sockets.length > 1);
  await assert.rejects(connect, { code: "unreachable" });
  assert.equal(m.status, "closed");
  const tries = server.sockets.length;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(server.sockets.length, tries);
});

test("a socket that opens and says nothing is left", async (t) => {
  const { server, m } = client({ timeoutMs: 5 });
  t.after(() => m.close());
  const greeting = server.greeting;
  server.greeting = null;
  const connect = m.connect();
  server.greeting = greeting;
  await connect;
  assert.equal(server.sockets.length, 2);
});

test("silence is asked about, and then it is a loss", async (t) => {
  const { server, m } = await connected(t, { keepAliveMs: 5 });
  const [first] = server.sockets;
  for (let i = 1; i <= 3; i++) {
    await until(() => first.sent.length === i);
    assert.deepEqual(first.sent.at(-1), { type: "ping" });
    first.say({ type: "pong" });
  }
  await until(() => server.sockets.length === 2); // it said nothing more
  await until(() => m.status === "open");
  assert.equal(first.readyState, 3);
});

test("a request without an answer times out", async (t) => {
  const { server, m } = await connected(t, { timeoutMs: 5 });
  await assert.rejects(m.leave(), { code: "timeout" });
  server.socket.say({ type: "lobby:left", replyTo: server.socket.id("lobby:leave") }); // too late, and no harm
  assert.equal(m.status, "open");
});

test("close fails what waits and stays closed", async () => {
  const { server, m, seen } = await connected({ after() {} });
  const waits = m.leave();
  m.close();
  m.close();
  await assert.rejects(waits, { code: "closed" });
  assert.equal(server.socket.readyState, 3);
  server.socket.end(1006);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(server.sockets.length, 1);
  assert.deepEqual(seen, [["status", "closed"]]);
});

test("closing while the token is renewed leaves no socket behind", async () => {
  const { server, m } = await connected({ after() {} });
  server.answers["POST /games/arena/auth/refresh"] = async () => {
    m.close();
    return [200, { accessToken: "at-2", refreshToken: "rt-2", expiresAt: 9, account: { id: "a-1", username: "Ada" } }];
  };
  server.socket.end(4401);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(server.sockets.length, 1);
  assert.equal(m.status, "closed");
});

test("a handler may close, and open again", async () => {
  const { server, m } = await connected({ after() {} });
  const off = m.on("status", (status) => status === "reconnecting" && m.close());
  server.socket.end(1006);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(server.sockets.length, 1);
  off();
  await m.connect();
  assert.equal(m.status, "open");
  m.close();
});

test("an address or a platform without sockets is said at once", async () => {
  const { m, server } = client();
  server.WebSocket = class { constructor() { throw new SyntaxError("bad address"); } };
  await assert.rejects(client({ WebSocket: server.WebSocket }).m.connect(), { code: "unreachable" });
  await assert.rejects(client({ WebSocket: undefined }).m.connect(), TypeError);
  assert.equal(m.status, "closed");
});

test("calls the game's rules over the socket while it is open", async (t) => {
  const { server, m } = await connected(t);
  const { socket } = server;
  const call = m.rpc("winners", { limit: 3 });
  assert.deepEqual(socket.sent.at(-1), { type: "rpc", id: socket.id("rpc"), name: "winners", payload: { limit: 3 } });
  socket.say({ type: "rpc", name: "winners", payload: [{ name: "Ada" }], replyTo: socket.id("rpc") });
  assert.deepEqual(await call, [{ name: "Ada" }]);
  const bare = m.rpc("no");
  assert.equal("payload" in socket.sent.at(-1), false);
  socket.say({ type: "error", code: "refused_by_hook", message: "not today", replyTo: socket.id("rpc") });
  await assert.rejects(bare, { code: "refused_by_hook", message: "not today" });
  assert.equal(server.requests.length, 0);
});

test("tells what the game's rules tell", async (t) => {
  const { server, seen } = await connected(t);
  server.socket.say({ type: "notify", kind: "gift", payload: { coins: 5 }, at: 7 });
  server.socket.say({ type: "notify", kind: "bye", payload: null, at: 8 });
  assert.deepEqual(seen, [["notify", { kind: "gift", payload: { coins: 5 }, at: 7 }], ["notify", { kind: "bye", payload: null, at: 8 }]]);
});

test("searches are entered, cancelled and ended", async (t) => {
  const { server, m, seen } = await connected(t);
  const reply = (message, type = "matchmaking:find") => server.socket.say({ ...message, replyTo: server.socket.id(type) });
  let found = m.findMatch({ queue: "ranked" });
  assert.equal(server.socket.sent.at(-1).queue, "ranked");
  reply({ type: "matchmaking:searching", ticketId: "t-1" });
  assert.deepEqual(await found, { ticketId: "t-1" });
  found = m.findMatch();
  reply({ type: "matchmaking:error", message: "Failed to enter matchmaking" });
  await assert.rejects(found, { code: "matchmaking_failed", message: "Failed to enter matchmaking" });
  found = m.findMatch();
  reply({ type: "matchmaking:cancelled" });
  await assert.rejects(found, { code: "search_cancelled" });
  const cancelled = m.cancelSearch();
  reply({ type: "matchmaking:cancelled" }, "matchmaking:cancel");
  await cancelled;
  assert.deepEqual(seen, []);
  server.socket.say({ type: "matchmaking:error", message: "Matchmaking failed" });
  server.socket.say({ type: "matchmaking:cancelled" });
  assert.deepEqual(seen, [["searchEnded", { message: "Matchmaking failed" }], ["searchEnded", {}]]);
  const told = m.reportLatency({ "us-east": 31, far: null });
  assert.deepEqual(server.socket.sent.at(-1).regions, { "us-east": 31, far: null });
  reply({ type: "ack" }, "latency");
  await told;
});
