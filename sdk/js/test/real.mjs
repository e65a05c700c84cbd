// Plays a short session over real sockets against the address in argv; the Go test runs it.
import assert from "node:assert/strict";
import { Muster } from "../muster.js";
import { MemoryStorage } from "./fakes.mjs";

const m = new Muster({ url: process.argv[2], game: "arena", storage: new MemoryStorage(), minBackoffMs: 1, maxBackoffMs: 5 });
await assert.rejects(m.signIn({ username: "" }), { code: "username_required", status: 400 });
await m.signIn({ username: "Ada" });
await m.connect();
assert.equal(m.account.username, "Ada");
const lobby = await m.createLobby({ name: "Friday" });
assert.equal(lobby.name, "Friday");
await assert.rejects(m.start(), { code: "not_ready" });

const again = new Promise((resolve) => m.on("status", (status) => status === "open" && resolve()));
await m.request("test:drop").catch((error) => assert.equal(error.code, "connection_lost"));
await again;
assert.equal((await m.ready()).type, "ack");

await m.request("test:expire").catch((error) => assert.equal(error.code, "connection_lost"));
await new Promise((resolve) => m.on("status", (status) => status === "open" && resolve()));
assert.ok((await m.ping()) >= 0);
await m.logout();
assert.equal(m.status, "closed");
console.log("played");
