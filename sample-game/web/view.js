// How the map lies on the screen: as large as fits, turned by a quarter on
// upright screens so that one's own base is at the bottom.

export const TEAMS = [
  { color: "#ff8a5c", soft: "255,138,92", dark: "#5b2413" },
  { color: "#58b8ff", soft: "88,184,255", dark: "#0e3a5e" },
];

/** Turns map places into pixels of the canvas element, and directions of the screen into those of the map. */
export class View {
  scale = 1;
  turn = 0; // 0 not, -1 with the map's left side down, 1 with its right side down
  #map = { w: 1, h: 1 };
  #left = 0;
  #top = 0;

  /** room: { width, height, top, bottom, side } in pixels: the last three are kept free of the map, the bottom if it can be. */
  fit(map, room, downRight) {
    this.#map = map;
    const height = Math.max(1, room.height - room.top - room.bottom);
    const tall = room.height - room.top;
    const straight = Math.min((room.width - 2 * room.side) / map.w, height / map.h);
    const turned = Math.min(room.width / map.h, tall / map.w);
    this.turn = turned > straight * 1.15 ? (downRight ? 1 : -1) : 0;
    this.scale = this.turn ? turned : straight;
    const [w, h] = this.turn ? [map.h, map.w] : [map.w, map.h];
    this.#left = (room.width - w * this.scale) / 2;
    const spare = (this.turn ? tall : height) - h * this.scale;
    this.#top = room.top + (this.turn ? Math.min(spare / 2, 6) : spare / 2);
  }

  /** The rectangle of the map: [left, top, width, height]. */
  get box() {
    const [w, h] = this.turn ? [this.#map.h, this.#map.w] : [this.#map.w, this.#map.h];
    return [this.#left, this.#top, w * this.scale, h * this.scale];
  }

  /** A place on the map as [x, y] in pixels. */
  at(x, y) {
    const { w, h } = this.#map;
    if (this.turn < 0) [x, y] = [y, w - x];
    else if (this.turn > 0) [x, y] = [h - y, x];
    return [this.#left + x * this.scale, this.#top + y * this.scale];
  }

  /** A direction of the map as one of the screen. */
  out(dx, dy) {
    return this.turn < 0 ? [dy, -dx] : this.turn > 0 ? [-dy, dx] : [dx, dy];
  }

  /** A direction of the screen as one of the map. */
  in(dx, dy) {
    return this.turn < 0 ? [-dy, dx] : this.turn > 0 ? [dy, -dx] : [dx, dy];
  }
}
