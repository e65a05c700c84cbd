import assert from "node:assert/strict";
import { test } from "node:test";
import { Muster, MusterError } from "../muster.js";
import { MemoryStorage, Server, signedIn } from "./fakes.mjs";

const session = (n, account = { id: "a-1", username: "Ada" }) =>
  [200, { accessToken: `at-${n}`, refreshToken: `rt-${n}`, expiresAt: 9, account }];
const refused = [401, { error: "Invalid token", code: "invalid_token", requestId: "r-1" }];

function client(options = {}) {
  const server = new Server();
  const storage = options.storage ?? new MemoryStorage();
  const make = () => new Muster({ url: "http://h/base/", fetch: server.fetch, WebSocket: server.WebSocket, ...options, storage });
  return { server, storage, make, m: make() };
}

test("the same storage signs in with the same device, another with another", async () => {
  const devices = [];
  const storage = new MemoryStorage();
  for (const kept of [storage, storage, new MemoryStorage()]) {
    const { server, m } = client({ storage: kept, game: "are na" });
    server.answers["POST /base/games/are%20na/auth/anonymous"] = (r) => (devices.push(r.body.deviceId), session(1));
    assert.equal((await m.signIn({ username: "Ada" })).id, "a-1");
    assert.equal(m.account.username, "Ada");
  }
  assert.match(devices[0], /^[0-9a-f]{48}$/);
  assert.equal(devices[0], devices[1]);
  assert.notEqual(devices[0], devices[2]);
});

test("a storage that refuses costs a new sign-in at most", async () => {
  const broken = { getItem() { throw new Error("no"); }, setItem() { throw new Error("no"); }, removeItem() { throw new Error("no"); } };
  const { server, m } = client({ storage: broken });
  const devices = [];
  server.answers["POST /base/auth/anonymous"] = (r) => (devices.push(r.body.deviceId), session(1));
  await m.signIn({ username: "Ada" });
  await m.signIn({ username: "Ada" });
  assert.equal(devices[0], devices[1]);
  assert.equal(m.account.id, "a-1");
});

test("other providers get their own fields and no device", async () => {
  const { server, m } = client();
  server.answers["POST /base/auth/discord"] = () => session(1);
  await m.signIn({ provider: "discord", discordToken: "d" });
  assert.deepEqual(server.requests[0].body, { discordToken: "d" });
});

test("a reload resumes what was stored", async () => {
  const { server, storage, m, make } = client();
  server.answers["POST /base/auth/anonymous"] = () => session(1);
  server.answers["GET /base/accounts/me"] = () => [200, { id: "a-1", username: "Ada", createdAt: 5 }];
  assert.equal(await m.resume(), null);
  await m.signIn({ username: "Ada" });
  const again = make();
  assert.equal(again.account.username, "Ada");
  assert.equal((await again.resume()).createdAt, 5);
  assert.equal(server.requests.at(-1).token, "at-1");
  storage.setItem("muster::session", "{broken");
  assert.equal(make().account, null);
});

test("an expired token is refreshed once, however many calls meet it", async () => {
  const { server, m } = client({ storage: signedIn(new MemoryStorage()) });
  server.answers["GET /base/accounts/me"] = (r) => (r.token === "at-2" ? [200, { id: "a-1", username: "Ada" }] : refused);
  server.answers["POST /base/auth/refresh"] = () => session(2);
  await Promise.all([m.me(), m.me(), m.me()]);
  assert.deepEqual(server.asked("/base/auth/refresh").map((r) => r.body), [{ refreshToken: "rt-1" }]);
});

test("a dead refresh token signs the device in again", async () => {
  const { server, m, make } = client({ storage: signedIn(new MemoryStorage()) });
  server.answers["GET /base/accounts/me"] = (r) => (r.token === "at-3" ? [200, { id: "a-1", username: "Ada" }] : refused);
  server.answers["POST /base/auth/refresh"] = () => refused;
  server.answers["POST /base/auth/anonymous"] = () => session(3);
  await m.me();
  assert.equal(server.asked("/base/auth/anonymous")[0].body.username, "Ada");
  assert.equal(server.asked("/base/auth/refresh").length, 1);
  await make().me(); // the new session was stored
  assert.equal(server.asked("/base/auth/refresh").length, 1);
});

test("another window's refresh is used, not repeated", async () => {
  const { server, storage, m } = client({ storage: signedIn(new MemoryStorage()) });
  server.answers["GET /base/accounts/me"] = (r) => (r.token === "at-9" ? [200, { id: "a-1", username: "Ada" }] : refused);
  storage.setItem("muster::session", JSON.stringify({ accessToken: "at-9", refreshToken: "rt-9", provider: "anonymous", account: { id: "a-1" } }));
  await m.me();
  assert.equal(server.asked("/base/auth/refresh").length, 0);
});

test("a sign-in that is dead for good is forgotten", async () => {
  const storage = signedIn(new MemoryStorage());
  const { server, m } = client({ storage });
  for (const call of ["GET /base/accounts/me", "POST /base/auth/refresh", "POST /base/auth/anonymous"]) server.answers[call] = () => refused;
  assert.equal(await m.resume(), null);
  assert.equal(m.account, null);
  assert.equal(storage.getItem("muster::session"), null);
});

test("a server that is away does not end a sign-in", async () => {
  const { server, m } = client({ storage: signedIn(new MemoryStorage()) });
  server.answers["GET /base/accounts/me"] = () => refused;
  server.answers["POST /base/auth/refresh"] = () => { throw new TypeError("failed"); };
  await assert.rejects(m.resume(), { code: "unreachable" });
  assert.equal(m.account.id, "a-1");
});

test("logout forgets the session and keeps the device", async () => {
  const storage = signedIn(new MemoryStorage());
  storage.setItem("muster::device", "d".repeat(32));
  const { server, m } = client({ storage });
  server.answers["POST /base/auth/logout"] = () => [204];
  await m.logout({ everywhere: true });
  assert.deepEqual(server.requests[0].body, { everywhere: true });
  assert.equal(m.account, null);
  assert.deepEqual([...storage.kept.keys()], ["muster::device"]);
  await m.logout(); // again: nothing to do
  assert.equal(server.requests.length, 1);
});

test("erasing the account forgets the device, too", async () => {
  const storage = signedIn(new MemoryStorage());
  storage.setItem("muster::device", "d".repeat(32));
  const { server, m } = client({ storage });
  server.answers["DELETE /base/accounts/me"] = () => [204];
  await m.deleteAccount();
  assert.equal(storage.kept.size, 0);
});

test("rename and the list of lobbies", async () => {
  const { server, m } = client({ storage: signedIn(new MemoryStorage()) });
  server.answers["PATCH /base/accounts/me"] = (r) => [200, { id: "a-1", ...r.body }];
  server.answers["GET /base/lobbies"] = () => [200, [{ id: "l-1" }], { Link: '</lobbies?limit=1&cursor=a%2Fb&v=2>; rel="next"' }];
  assert.equal((await m.rename("Bob")).username, "Bob");
  assert.equal(m.account.username, "Bob");
  const list = await m.listLobbies({ limit: 1, cursor: "x" });
  assert.equal(list.next, "a/b");
  assert.equal(server.requests.at(-1).search, "?v=2&limit=1&cursor=x");
});

test("errors say what the server said", async () => {
  const { server, m } = client({ storage: signedIn(new MemoryStorage()) });
  for (const [answer, want] of [
    [[429, { error: "Slow down", code: "rate_limited" }, { "Retry-After": "2" }], { code: "rate_limited", message: "Slow down", status: 429, retryAfterMs: 2000 }],
    [[400, { error: "Username required", code: "username_required", requestId: "r-7" }], { code: "username_required", status: 400, requestId: "r-7" }],
    [[502, "<html>"], { code: "internal", message: "Server error", status: 502 }],
  ]) {
    server.answers["PATCH /base/accounts/me"] = () => answer;
    await assert.rejects(m.rename("x"), (error) => {
      assert.ok(error instanceof MusterError);
      assert.deepEqual({ ...want, ...pick(error, want) }, want);
      return true;
    });
  }
  const nobody = client().m;
  await assert.rejects(nobody.me(), { code: "unauthorized" });
  await assert.rejects(nobody.connect(), { code: "unauthorized" });
  assert.throws(() => new Muster({ storage: new MemoryStorage() }), TypeError);
});

const pick = (from, keys) => Object.fromEntries(Object.keys(keys).map((key) => [key, from[key]]));

test("links and unlinks ways to sign in", async () => {
  const { server, storage, m, make } = client({ storage: signedIn(new MemoryStorage()) });
  const account = (...providers) => [200, { id: "a-1", username: "Ada", createdAt: 5, identities: providers.map((provider) => ({ provider })) }];
  server.answers["POST /base/accounts/me/identities/dis%2Fcord"] = () => account("anonymous", "discord");
  server.answers["POST /base/accounts/me/identities/anonymous"] = () => account("anonymous");
  server.answers["DELETE /base/accounts/me/identities/anonymous"] = () => account("discord");
  server.answers["DELETE /base/accounts/me/identities/discord"] = () => [409, { error: "Last", code: "last_identity" }];

  assert.equal((await m.link("dis/cord", { discordToken: "d" })).identities.length, 2);
  assert.deepEqual(server.requests.at(-1).body, { discordToken: "d" });
  assert.equal(server.requests.at(-1).token, "at-1");
  assert.equal(make().account.identities.length, 2); // it was stored
  await m.link("anonymous");
  assert.deepEqual(server.requests.at(-1).body, { deviceId: storage.getItem("muster::device") });

  await m.unlink("anonymous");
  assert.equal(m.account.identities[0].provider, "discord");
  assert.equal(server.requests.at(-1).body, undefined);
  await assert.rejects(m.unlink("discord"), { code: "last_identity", status: 409 });

  server.answers["POST /base/accounts/me/identities/steam"] = () => [401, { error: "Not your ticket", code: "provider_refused" }];
  await assert.rejects(m.link("steam"), { code: "provider_refused", message: "Not your ticket" });
  assert.equal(server.asked("/base/accounts/me/identities/steam").length, 1); // the token is fine

  // The device leads to another account now: a dead session must not sign in with it.
  server.answers["GET /base/accounts/me"] = server.answers["POST /base/auth/refresh"] = () => refused;
  assert.equal(await make().resume(), null);
  assert.equal(server.asked("/base/auth/anonymous").length, 0);
});

test("exports what is stored", async () => {
  const { server, m } = client({ storage: signedIn(new MemoryStorage()) });
  server.answers["GET /base/accounts/me/export"] = () => [200, { account: { id: "a-1" }, storage: [] }];
  assert.deepEqual(await m.exportData(), { account: { id: "a-1" }, storage: [] });
});

test("calls the game's rules by a request while there is no socket", async () => {
  const { server, m } = client({ storage: signedIn(new MemoryStorage()) });
  const sent = [];
  server.answers["POST /base/rpc/top.10"] = (r) => (sent.push(r.body), [200, JSON.stringify(r.body ?? null)]);
  server.answers["POST /base/rpc/no"] = () => [409, { error: "not today", code: "refused_by_hook" }];
  for (const payload of [{ limit: 3 }, 0, false, "", null, [1]]) assert.deepEqual(await m.rpc("top.10", payload), payload);
  assert.equal(await m.rpc("top.10"), null);
  assert.deepEqual(sent, [{ limit: 3 }, 0, false, "", null, [1], undefined]);
  await assert.rejects(m.rpc("no"), { code: "refused_by_hook", message: "not today", status: 409 });
  await assert.rejects(m.rpc("none"), { status: 404 });
  assert.equal(server.sockets.length, 0);
});
