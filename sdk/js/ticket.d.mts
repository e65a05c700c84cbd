// Types of ticket.mjs, the ticket check for dedicated servers on Node.

export interface TicketPlayer {
  accountId: string;
  name: string;
  team: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

export class TicketError extends Error {
  constructor(code: string, message: string);
  readonly code: "ticket_invalid" | "ticket_expired" | "ticket_other_match" | "no_ticket_key";
}

/** Checks a join ticket against the launch payload; rejects with a TicketError. `now` is in milliseconds. */
export function checkTicket(
  ticket: string,
  payload: { ticketKey: string; game: string; matchId: string },
  now?: number,
): Promise<TicketPlayer>;
