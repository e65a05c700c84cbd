// A WebSocket, a fetch and a storage whose other ends are played by the tests.

/** Resolves when what is under way has been carried on as far as it goes. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));

export async function until(ok) {
  for (let i = 0; i < 2000; i++) {
    if (ok()) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error("it never came: " + ok);
}

/** Server makes WebSocket classes whose sockets it lists; the newest is `socket`. */
export class Server {
  sockets = [];
  requests = [];
  answers = {}; // "POST /path": (request) => [status, body, headers]
  greeting = { type: "connected", accountId: "a-1", username: "Ada" };

  constructor() {
    const server = this;
    this.WebSocket = class {
      readyState = 0;
      sent = [];
      constructor(url, protocols) {
        Object.assign(this, { url, protocols });
        server.sockets.push(this);
        if (server.greeting) queueMicrotask(() => this.say(server.greeting));
      }
      send(text) {
        this.sent.push(JSON.parse(text));
      }
      say(message) {
        this.readyState = 1;
        this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
      }
      end(code) {
        this.readyState = 3;
        this.onclose?.({ code });
      }
      close() {
        this.readyState = 3;
      }
      /** The id of the newest message of that type. */
      id(type) {
        return this.sent.findLast((m) => m.type === type)?.id;
      }
    };
    this.fetch = async (url, init = {}) => {
      const { pathname, search } = new URL(url);
      const request = {
        method: init.method, path: pathname, search, token: init.headers?.Authorization?.slice(7),
        body: init.body && JSON.parse(init.body),
      };
      this.requests.push(request);
      const answer = this.answers[`${request.method} ${pathname}`];
      if (!answer) return new Response('{"error":"Not Found","code":"not_found"}', { status: 404 });
      const [status, body, headers] = await answer(request);
      return new Response(status === 204 ? null : typeof body === "string" ? body : JSON.stringify(body), { status, headers });
    };
  }

  get socket() {
    return this.sockets.at(-1);
  }

  asked(path) {
    return this.requests.filter((r) => r.path === path);
  }
}

export class MemoryStorage {
  kept = new Map();
  getItem = (key) => this.kept.get(key) ?? null;
  setItem = (key, value) => void this.kept.set(key, value);
  removeItem = (key) => void this.kept.delete(key);
}

/** A session that a storage holds before the client is made. */
export function signedIn(storage, game = "") {
  storage.setItem(`muster:${game}:session`, JSON.stringify({
    accessToken: "at-1", refreshToken: "rt-1", expiresAt: 1, provider: "anonymous", account: { id: "a-1", username: "Ada" },
  }));
  return storage;
}
