// A dedicated server for one match, written against docs/game-servers.md and nothing
// else. It holds every answer against that page and ends with status 1 at the first
// that is not as written there. What it went through is in its result, or in the
// last line that it prints.
//
// WARM in its environment says that it is started without a match, the lobby's
// property "end" how the match is to end: by "result" or by "shutdown".
import assert from "node:assert/strict";
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";

const env = process.env;
const sidecar = `http://127.0.0.1:${env.AGONES_SDK_HTTP_PORT}`;
const steps = [];

// call holds an answer against its status, and an error against its gRPC code.
async function call(method, path, body, status = 200, code, headers) {
  const response = await fetch(sidecar + path, { method, headers, body: body && JSON.stringify(body) });
  const answer = await response.json();
  assert.deepEqual([response.status, answer.code], [status, code], `${method} ${path}: ${JSON.stringify(answer)}`);
  if (code) assert.ok(typeof answer.message === "string" && answer.message && Array.isArray(answer.details), JSON.stringify(answer));
  return answer;
}

const list = "/v1beta1/lists/players";
const add = (value, ...error) => call("POST", `${list}:addValue`, { value }, ...error);
const remove = (value, ...error) => call("POST", `${list}:removeValue`, { value }, ...error);

// ---- the stream: the state at once, then every change

const stream = await fetch(`${sidecar}/watch/gameserver`);
const lines = createInterface({ input: Readable.fromWeb(stream.body) })[Symbol.asyncIterator]();
let states = [];

async function until(what, ok) {
  for (;;) {
    const { value, done } = await lines.next();
    assert.ok(!done, `the stream ended before ${what}`);
    const server = JSON.parse(value).result;
    if (states.at(-1) !== server.status.state) states.push(server.status.state);
    if (ok(server)) return server;
  }
}

const payloadOf = (server) => server.object_meta.annotations.GAMEFLOW_PAYLOAD;
const first = await until("its first line", () => true);
assert.ok(["Scheduled", "Starting"].includes(first.status.state), first.status.state);
assert.equal(payloadOf(first) === undefined, Boolean(env.WARM), "a server for one match has its payload at once, a warm one has none");
steps.push("watch");

// ---- what it is told

assert.deepEqual(first.status.ports, [
  { name: "default", port: Number(env.GAMEFLOW_DEFAULT_PORT) },
  { name: "query", port: Number(env.GAMEFLOW_QUERY_PORT) },
]);
assert.equal(first.status.address, "127.0.0.1");
assert.deepEqual(first.status.lists, { players: { capacity: "3", values: [] } });
assert.ok(first.object_meta.name);
assert.equal(env.GAMEFLOW_REGION, "local");
assert.ok("GAMEFLOW_BUILD_ID" in env);
assert.equal(env.OF_MUSTER, undefined, "a variable of Muster's own environment");
assert.deepEqual(await call("GET", "/gameserver"), first);
steps.push("environment");

await call("GET", "/nothing", undefined, 404, 5);
await call("GET", "/ready", undefined, 501, 12);
await call("POST", "/ready", [], 400, 3);
await call("POST", "/ready", { more: "x".repeat(64 << 10) }, 413, 8);
await call("GET", "/gameserver", undefined, 403, 7, { origin: "https://example.com" });
assert.deepEqual(await call("GET", "/gameserver"), first);
steps.push("refusals");

// ---- players: a line with the ticket, answered by a line

let payload;
const humans = new Map(); // by account id
let everybody;
const complete = new Promise((done) => (everybody = done));

// who checks a join ticket as the page says.
function who(ticket) {
  const [header, claims, signature] = ticket.split(".");
  const want = createHmac("sha256", Buffer.from(payload.ticketKey, "base64url")).update(`${header}.${claims}`).digest();
  const got = Buffer.from(signature ?? "", "base64url");
  if (got.length !== want.length || !timingSafeEqual(got, want)) return null;
  const read = (part) => JSON.parse(Buffer.from(part, "base64url"));
  const { iss, aud, sub, mid, exp, name, team } = read(claims);
  const sound = read(header).alg === "HS256" && iss === "muster" && [aud].flat().includes(payload.game) && mid === payload.matchId && exp > Date.now() / 1000;
  return sound && { sub, name, team };
}

async function serve(socket) {
  for await (const ticket of createInterface({ input: socket })) {
    const player = who(ticket);
    if (!player) return socket.end("refused\n");
    const answer = await add(player.sub);
    assert.equal(answer.values.at(-1), player.sub);
    socket.write(`welcome ${player.name} ${player.team}\n`);
    humans.set(player.sub, socket);
    if (humans.size === 2) everybody();
  }
}
const door = createServer((socket) => socket.on("error", () => {}) && serve(socket)); // what fails in it ends the process
await new Promise((done) => door.listen(env.GAMEFLOW_DEFAULT_PORT, "0.0.0.0", done));

// ---- ready, allocated

const health = setInterval(() => call("POST", "/health", {}), 1000);
let finished;
const finish = new Promise((done) => (finished = done));
process.on("SIGTERM", async () => {
  await finish; // it may come before the answer to the last call
  console.log(`steps: ${steps.join(" ")}`);
  process.exit(0);
});
assert.deepEqual(await call("POST", "/ready", {}), {});
const allocated = await until("its match", (server) => server.status.state === "Allocated");
assert.deepEqual(states.slice(-2), ["Ready", "Allocated"]);
steps.push("ready", "allocated");

payload = JSON.parse(payloadOf(allocated));
assert.deepEqual(payload.teams.map((team) => team.name), ["A", "B"]);
assert.deepEqual(payload.teams.flatMap((team) => team.players.map((p) => p.accountId)), payload.players);
assert.equal(payload.resultUrl, `${sidecar}/result`);
steps.push("payload");

await call("PUT", "/metadata/label", { key: "map", value: "docks" });
await call("PUT", "/metadata/annotation", { key: "note", value: "günstig" });
const marked = await until("its own label", ({ object_meta: m }) => m.labels["agones.dev/sdk-map"] === "docks" && m.annotations["agones.dev/sdk-note"]);
assert.equal(marked.object_meta.annotations["agones.dev/sdk-note"], "günstig");
assert.equal(payloadOf(marked), payloadOf(allocated));
steps.push("metadata");

// ---- the list of players and its errors

await complete;
const [ann, bob] = humans.keys();
assert.deepEqual((await call("GET", list)).values, [ann, bob]);
assert.deepEqual(await add("spectator"), { name: "players", capacity: "3", values: [ann, bob, "spectator"] });
await add(ann, 409, 6); // there already, and that before "full"
await add("one more", 400, 11);
await add("", 400, 3);
await remove("nobody", 404, 5);
await call("GET", "/v1beta1/lists/teams", undefined, 404, 5);
await call("POST", "/v1beta1/lists/teams:addValue", { value: "A" }, 404, 5);
assert.deepEqual((await remove("spectator")).values, [ann, bob]);
assert.deepEqual((await remove(ann)).values, [bob]);
assert.deepEqual((await add(ann)).values, [bob, ann]); // who comes back is no news
await until("the full list", (server) => server.status.lists.players.values.length === 3);
await until("the list of who came back", ({ status }) => status.lists.players.values.join() === [bob, ann].join());
steps.push("players");

// ---- the end

for (const path of ["/ready", "/allocate", "/reserve"]) await call("POST", path, { seconds: "30" }); // change nothing: it has its match
assert.equal((await call("GET", "/gameserver")).status.state, "Allocated");
if (payload.properties.end === "shutdown") {
  clearInterval(health);
  await call("POST", "/shutdown", {});
  await until("its shutdown", (server) => server.status.state === "Shutdown");
  steps.push("shutdown"); // SIGTERM follows
} else {
  const report = (token) => fetch(payload.resultUrl, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ teams: payload.teams.map(({ name }, i) => ({ name, rank: i + 1 })), properties: { steps: [...steps, "result"] } }),
  });
  const refused = await report("wrong");
  assert.deepEqual([refused.status, (await refused.json()).code], [401, "unauthorized"]);
  const taken = await report(payload.resultToken);
  assert.equal(taken.status, 200);
  const answer = await taken.json();
  assert.deepEqual([answer.matchId, answer.result.properties.steps.at(-1)], [payload.matchId, "result"]);
  steps.push("result"); // SIGTERM follows
}
finished();
