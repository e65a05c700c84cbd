// What the client knows of the match: the newest states of the server, and
// where everything is at the moment that is drawn.

const BEHIND_MS = 100; // others are drawn this late, so that there are two states to draw between
const SELF_BEHIND_MS = 15; // oneself nearly now, as lag is felt there first
const AHEAD_MS = 90; // no guess goes further than this
const KEPT = 40;
const JUMP = 260; // further than this in one step is a new place, not a movement

/** Index of the fields of a player in a state. */
const [INDEX, X, Y, VX, VY, CARRY, STUN, DASH, HERE] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

/** Whether a player of a state is in the middle of a dash. */
export const dashes = (p) => p[DASH] > 0;

export class World {
  welcome = null;
  /** The newest state as it came, or null. */
  state = null;

  #states = []; // { at, raw, players: Map }
  #offset = null; // the page's clock minus the server's

  /** Begins anew with the welcome of a server. */
  reset(welcome) {
    this.welcome = welcome;
    this.#states = [];
    this.#offset = null;
  }

  /** The place of oneself in welcome.players; -1 if one only watches. */
  get self() {
    return this.welcome ? this.welcome.players.findIndex((p) => p.id === this.welcome.you) : -1;
  }

  get myTeam() {
    return this.welcome?.players[this.self]?.team ?? 0;
  }

  /** Takes a state that came at `now` (performance.now()). */
  push(raw, now) {
    const last = this.#states.at(-1);
    if (last && raw.tick < last.raw.tick) this.#states = [], (this.#offset = null);
    else if (last && raw.tick === last.raw.tick) this.#states.pop();
    const at = (raw.tick * 1000) / (this.welcome?.tick || 30);
    const sample = now - at;
    // The fastest message tells the clocks' difference best; drift is followed slowly.
    if (this.#offset === null || sample < this.#offset || sample - this.#offset > 1000) this.#offset = sample;
    else this.#offset += (sample - this.#offset) * 0.02;
    this.#states.push({ at, raw, players: new Map(raw.p.map((p) => [p[INDEX], p])) });
    if (this.#states.length > KEPT) this.#states.shift();
    this.state = raw;
  }

  /** Everybody at the moment that is drawn at `now`. */
  players(now) {
    const newest = this.#states.at(-1);
    if (!newest) return [];
    const self = this.self;
    return newest.raw.p.filter((p) => this.welcome.players[p[INDEX]]).map((p) => {
      const index = p[INDEX];
      const [x, y] = this.#place(index, now - this.#offset - (index === self ? SELF_BEHIND_MS : BEHIND_MS));
      return {
        index, x, y, ...this.welcome.players[index], vx: p[VX], vy: p[VY], carry: p[CARRY],
        stun: p[STUN], dash: dashes(p), here: p[HERE] !== 0, you: index === self,
      };
    });
  }

  /** The sparks that lie on the field: { id, x, y }. */
  sparks() {
    return (this.state?.s ?? []).map(([id, x, y]) => ({ id, x, y }));
  }

  #place(index, at) {
    let before = null;
    for (let i = this.#states.length - 1; i >= 0; i--) {
      const after = this.#states[i];
      const b = after.players.get(index);
      if (!b) break;
      if (after.at <= at) {
        if (before) return between(b, before.p, (at - after.at) / (before.at - after.at));
        const ahead = Math.min(AHEAD_MS, at - after.at) / 1000;
        return [b[X] + b[VX] * ahead, b[Y] + b[VY] * ahead];
      }
      before = { at: after.at, p: b };
    }
    return before ? [before.p[X], before.p[Y]] : [0, 0];
  }
}

function between(a, b, part) {
  if (Math.hypot(b[X] - a[X], b[Y] - a[Y]) > JUMP) return [b[X], b[Y]];
  return [a[X] + (b[X] - a[X]) * part, a[Y] + (b[Y] - a[Y]) * part];
}
