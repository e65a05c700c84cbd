// The socket to the game server: joins with the ticket, sends inputs, hands on
// what comes, and dials again with growing waits until it is told to stop.

const SEND_MS = 34; // at most 30 inputs a second
const PING_MS = 2000;
const SILENCE_MS = 6000; // a server that sends 30 states a second is gone by then
const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 5000;

// After these another try would end the same way.
const FINAL = new Set(["bad_ticket", "replaced", "ended"]);

/** The socket's address; an IPv6 address stands in brackets. */
export function addressOf({ address, port }, secure) {
  const host = address.includes(":") && !address.startsWith("[") ? `[${address}]` : address;
  return `${secure ? "wss" : "ws"}://${host}:${port}/`;
}

/**
 * handlers: { message(m), status("connecting" | "open" | "lost"), refused(code, message) }.
 * `ticket` is asked anew before every try, as a reconnect may have brought a fresh one.
 */
export class GameNet {
  /** The last measured time to the server and back, in milliseconds. */
  latency = 0;

  #url;
  #ticket;
  #on;
  #socket = null;
  #tries = 0;
  #seq = 0;
  #held = { dx: 0, dy: 0, dash: false };
  #tapped = false; // a dash that was pressed and is not sent yet
  #sent = "";
  #sentAt = 0;
  #heardAt = 0;
  #timers = {};
  #stopped = false;
  #welcomed = false;

  constructor(server, ticket, handlers) {
    this.#url = addressOf(server, location.protocol === "https:");
    this.#ticket = ticket;
    this.#on = handlers;
    handlers.status("connecting");
    this.#dial();
  }

  get stopped() {
    return this.#stopped;
  }

  get connected() {
    return this.#welcomed;
  }

  /** Takes the direction that the player wants; sends it if it is new, not too often. */
  input(dx, dy, dash) {
    const round = (v) => Math.round(Math.max(-1, Math.min(1, v)) * 100) / 100 || 0;
    this.#held = { dx: round(dx), dy: round(dy), dash };
    this.#tapped ||= dash;
    this.#flush();
  }

  /** Closes for good. */
  stop() {
    this.#stopped = true;
    this.#hangUp();
  }

  #dial() {
    let socket;
    try {
      socket = new WebSocket(this.#url);
    } catch {
      // Such an address cannot be dialled at all.
      this.#stopped = true;
      queueMicrotask(() => this.#on.refused("bad_address", "The game server's address is not valid"));
      return;
    }
    this.#socket = socket;
    this.#heardAt = performance.now();
    socket.onopen = () => socket === this.#socket && this.#join();
    socket.onmessage = (event) => socket === this.#socket && this.#receive(event.data);
    socket.onclose = () => socket === this.#socket && this.#lost();
    this.#timers.watch = setInterval(() => {
      if (performance.now() - this.#heardAt > SILENCE_MS) this.#lost();
    }, 1000);
  }

  #join() {
    this.#send({ t: "join", ticket: this.#ticket() ?? "" });
    this.#timers.ping = setInterval(() => this.#send({ t: "ping", at: Math.round(performance.now()) }), PING_MS);
  }

  #receive(data) {
    let m;
    try {
      m = JSON.parse(data);
    } catch {
      return;
    }
    this.#heardAt = performance.now();
    switch (m?.t) {
      case "welcome":
        this.#tries = 0;
        this.#welcomed = true;
        this.#sent = "";
        this.#on.status("open");
        this.#on.message(m);
        return this.#flush();
      case "pong":
        this.latency = Math.max(0, performance.now() - m.at);
        return;
      case "error":
        if (!FINAL.has(m.code)) return; // the close that follows leads to another try
        this.stop();
        return this.#on.refused(m.code, m.message);
      case "state":
      case "event":
      case "over":
        return this.#on.message(m);
    }
  }

  #lost() {
    this.#hangUp();
    if (this.#stopped) return;
    this.#on.status("lost");
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#tries++) * (0.5 + Math.random() / 2);
    this.#timers.again = setTimeout(() => this.#dial(), wait);
  }

  #hangUp() {
    const socket = this.#socket;
    this.#socket = null;
    this.#welcomed = false;
    for (const name in this.#timers) clearTimeout(this.#timers[name]); // ends intervals as well
    this.#timers = {};
    if (socket && socket.readyState < 2) socket.close();
  }

  #flush() {
    if (!this.#welcomed || this.#timers.send) return;
    const wanted = { ...this.#held, dash: this.#held.dash || this.#tapped };
    if (JSON.stringify(wanted) === this.#sent) {
      this.#tapped = false;
      return;
    }
    const wait = SEND_MS - (performance.now() - this.#sentAt);
    if (wait <= 0) {
      this.#sentAt = performance.now();
      this.#sent = JSON.stringify(wanted);
      this.#tapped = false;
      this.#send({ t: "input", ...wanted, seq: ++this.#seq });
      if (wanted.dash === this.#held.dash) return;
    }
    // A tap that is over already is sent as pressed and then as let go.
    this.#timers.send = setTimeout(() => {
      this.#timers.send = 0;
      this.#flush();
    }, Math.max(wait, 0) || SEND_MS);
  }

  #send(m) {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(m));
  }
}
