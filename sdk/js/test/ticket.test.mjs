import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { checkTicket, TicketError } from "../ticket.mjs";

const secret = Buffer.alloc(32, 7);
const payload = { matchId: "m-1", game: "arena", ticketKey: secret.toString("base64url") };
const claims = { iss: "muster", aud: "arena", sub: "a-1", mid: "m-1", name: "Ada", team: "A", iat: 1000, exp: 2000 };
const part = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

function sign(body, header = { alg: "HS256", typ: "JWT" }, key = secret) {
  const signed = part(header) + "." + part(body);
  return signed + "." + createHmac("sha256", key).update(signed).digest("base64url");
}

const check = (ticket, changes, now = 1_500_000) => checkTicket(ticket, { ...payload, ...changes }, now);

test("a good ticket says who it is", async () => {
  const want = { accountId: "a-1", name: "Ada", team: "A", expiresAt: 2_000_000 };
  assert.deepEqual(await check(sign(claims)), want);
  assert.deepEqual(await check(sign({ ...claims, aud: ["x", "arena"] })), want);
  assert.deepEqual(await check(sign(claims), { ticketKey: payload.ticketKey + "=" }), want);
});

test("anything else is refused with its reason", async () => {
  const good = sign(claims);
  const without = (name) => sign(Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name)));
  const cases = {
    ticket_expired: [sign({ ...claims, exp: 1500 }), sign({ ...claims, exp: 1 })],
    ticket_other_match: [sign({ ...claims, mid: "m-2" }), sign({ ...claims, mid: "m-2" }, undefined, Buffer.alloc(32, 8))],
    ticket_invalid: [
      undefined, null, 5, {}, "", ".", "..", "a.b", "a.b.c", good + ".x", good.slice(0, -2), good + "=", " " + good, good + "A", "x".repeat(5000),
      sign(claims, { alg: "none" }), sign(claims, { alg: "HS512" }), sign(claims, { typ: "JWT" }), sign(claims, "[]"), sign("[]"), sign("{"), sign("null"),
      part({ alg: "none" }) + "." + part(claims) + ".", sign(claims, undefined, Buffer.alloc(32, 8)),
      sign({ ...claims, iss: "other" }), sign({ ...claims, aud: "duel" }), sign({ ...claims, sub: "" }), sign({ ...claims, sub: 5 }),
      sign({ ...claims, mid: 5 }), sign({ ...claims, exp: "2000" }), sign({ ...claims, nbf: 1600 }), sign({ ...claims, name: {} }), sign({ ...claims, team: 1 }),
      ...["iss", "aud", "sub", "mid", "exp"].map(without),
    ],
  };
  for (const [code, tickets] of Object.entries(cases)) {
    for (const ticket of tickets) await assert.rejects(check(ticket), (error) => error instanceof TicketError && error.code === code, `${code}: ${ticket}`);
  }
});

test("no key, no ticket", async () => {
  const short = Buffer.alloc(16, 7);
  for (const changes of [{ ticketKey: undefined }, { ticketKey: "" }, { ticketKey: "!!!" }, { ticketKey: short.toString("base64url") }, { game: "" }, { matchId: undefined }]) {
    await assert.rejects(check(sign(claims, undefined, short), changes), { code: "no_ticket_key" });
  }
});

const CODES = { invalid: "ticket_invalid", expired: "ticket_expired", other_match: "ticket_other_match", no_key: "no_ticket_key" };

// The vectors that the Go check of game servers passes, too.
test("the shared vectors", async () => {
  const cases = JSON.parse(readFileSync(new URL("../../gameserver/testdata/tickets.json", import.meta.url), "utf8"));
  assert.ok(cases.length > 10);
  for (const { name, token, now, want, player, ...payload } of cases) {
    const got = checkTicket(token, payload, now).then(({ expiresAt, ...who }) => (assert.ok(expiresAt > now), who));
    if (want === "ok") assert.deepEqual(await got, player, name);
    else await assert.rejects(got, { code: CODES[want] }, `${name}: ${want}`);
  }
});
