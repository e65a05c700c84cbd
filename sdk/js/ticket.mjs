// Join tickets for dedicated servers on Node (20 or later): says who presents a
// ticket, without a call home. No dependencies.
//
//   import { checkTicket } from "./ticket.mjs";
//   const payload = JSON.parse(launchPayload); // { matchId, game, ticketKey, … }
//   const player = await checkTicket(ticket, payload); // { accountId, name, team, expiresAt }
import { Buffer } from "node:buffer";

/** `code`: ticket_invalid, ticket_expired, ticket_other_match, no_ticket_key. */
export class TicketError extends Error {
  constructor(code, message) {
    super(message);
    this.name = "TicketError";
    this.code = code;
  }
}

const invalid = () => new TicketError("ticket_invalid", "Invalid ticket");
const MAX_TICKET = 4096;
const KEY_BYTES = 32;

/**
 * Checks a join ticket of the payload's match: an HS256 JWT signed with its
 * ticketKey, issuer "muster", audience the game, `mid` the match, not expired.
 * now is in milliseconds. Rejects with a TicketError.
 */
export async function checkTicket(ticket, { ticketKey, game, matchId }, now = Date.now()) {
  const secret = decode(String(ticketKey ?? "").replace(/=+$/, ""));
  // A short or empty key would let anybody sign.
  if (secret?.length !== KEY_BYTES || !game || !matchId) throw new TicketError("no_ticket_key", "The payload has no ticket key");
  if (typeof ticket !== "string" || ticket.length > MAX_TICKET) throw invalid();
  const parts = ticket.split(".");
  const [header, claims] = parts.slice(0, 2).map(object);
  const signature = decode(parts[2] ?? "");
  if (parts.length !== 3 || header?.alg !== "HS256" || header.crit !== undefined || !claims || !signature) throw invalid();

  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  const signed = Buffer.from(parts[0] + "." + parts[1]);
  const genuine = await crypto.subtle.verify("HMAC", key, signature, signed);
  if (claims.iss === "muster" && typeof claims.mid === "string" && claims.mid && claims.mid !== matchId) {
    throw new TicketError("ticket_other_match", "The ticket is for another match"); // tells why, grants nothing
  }
  const { sub, iss, aud, mid, exp, nbf, name = "", team = "" } = claims;
  const seconds = now / 1000;
  const sound = genuine && iss === "muster" && mid === matchId && [aud].flat().includes(game) && typeof sub === "string" && sub &&
    Number.isFinite(exp) && (nbf === undefined || nbf <= seconds) && typeof name === "string" && typeof team === "string";
  if (!sound) throw invalid();
  if (seconds >= exp) throw new TicketError("ticket_expired", "The ticket has expired");
  return { accountId: sub, name, team, expiresAt: exp * 1000 };
}

// decode reads base64url without padding, and nothing that only looks like it.
function decode(text) {
  const bytes = Buffer.from(text, "base64url");
  return bytes.length > 0 && bytes.toString("base64url") === text ? bytes : null;
}

function object(part) {
  const bytes = decode(part);
  if (!bytes) return null;
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return value && typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
