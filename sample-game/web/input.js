// Keyboard and touch become one wish: a direction on the screen and a dash.

const KEYS = {
  KeyW: "up", ArrowUp: "up", KeyS: "down", ArrowDown: "down",
  KeyA: "left", ArrowLeft: "left", KeyD: "right", ArrowRight: "right", Space: "dash",
};
const REACH = 56; // pixels from the middle of the thumb stick to its rim
const DEAD = 0.16; // less than this of the reach is no movement

export class Input {
  #change;
  #end = new AbortController();
  #keys = new Set();
  #dashing = false; // by the button
  #stick = null; // { id, x, y, dx, dy }
  #parts;

  /** parts: { area, stick, dash } elements; change(dx, dy, dash) is called at every change. */
  constructor(parts, change) {
    this.#parts = parts;
    this.#change = change;
    const { signal } = this.#end;
    const listen = (target, type, fn) => target.addEventListener(type, fn, { signal, passive: false });
    listen(window, "keydown", (e) => this.#key(e, true));
    listen(window, "keyup", (e) => this.#key(e, false));
    listen(window, "blur", () => this.release());
    listen(parts.area, "pointerdown", (e) => this.#down(e));
    listen(parts.area, "pointermove", (e) => this.#move(e));
    for (const type of ["pointerup", "pointercancel"]) listen(window, type, (e) => this.#up(e));
    listen(parts.area, "contextmenu", (e) => e.preventDefault());
    listen(parts.dash, "pointerdown", (e) => {
      e.preventDefault();
      e.stopPropagation();
      this.#dashing = true;
      this.#tell();
    });
    for (const type of ["pointerup", "pointercancel", "pointerleave"]) {
      listen(parts.dash, type, () => {
        this.#dashing = false;
        this.#tell();
      });
    }
  }

  /** Lets go of everything. */
  release() {
    this.#keys.clear();
    this.#dashing = false;
    this.#stick = null;
    this.#parts.stick.hidden = true;
    this.#tell();
  }

  /** Stops listening. */
  stop() {
    this.release();
    this.#end.abort();
  }

  #key(event, down) {
    const key = KEYS[event.code];
    if (!key || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches?.("input, textarea, select")) return;
    if (down && event.code === "Space" && event.target.matches?.("button")) return; // presses that button
    event.preventDefault();
    if (down === this.#keys.has(event.code)) return;
    if (down) this.#keys.add(event.code);
    else this.#keys.delete(event.code);
    this.#tell();
  }

  #down(event) {
    if (event.pointerType === "mouse") return;
    event.preventDefault();
    const left = event.clientX < innerWidth / 2;
    if (!left) {
      if (!event.target.closest("button")) this.#dashing = event.pointerId, this.#tell();
      return;
    }
    if (this.#stick || event.target.closest("button")) return;
    this.#stick = { id: event.pointerId, x: event.clientX, y: event.clientY, dx: 0, dy: 0 };
    this.#draw();
  }

  #move(event) {
    const stick = this.#stick;
    if (stick?.id !== event.pointerId) return;
    event.preventDefault();
    const [x, y] = [(event.clientX - stick.x) / REACH, (event.clientY - stick.y) / REACH];
    const length = Math.hypot(x, y);
    const fit = length > 1 ? 1 / length : 1;
    [stick.dx, stick.dy] = [x * fit, y * fit];
    if (length > 1.6) { // the stick follows a thumb that wanders off
      stick.x += (x - stick.dx * 1.6) * REACH;
      stick.y += (y - stick.dy * 1.6) * REACH;
    }
    this.#draw();
    this.#tell();
  }

  #up(event) {
    if (this.#stick?.id === event.pointerId) this.#stick = null;
    else if (this.#dashing === event.pointerId) this.#dashing = false;
    else return;
    this.#draw();
    this.#tell();
  }

  #draw() {
    const { stick } = this.#parts;
    stick.hidden = !this.#stick;
    if (!this.#stick) return;
    stick.style.transform = `translate(${this.#stick.x}px, ${this.#stick.y}px)`;
    stick.firstElementChild.style.transform = `translate(${this.#stick.dx * REACH * 0.7}px, ${this.#stick.dy * REACH * 0.7}px)`;
  }

  #tell() {
    const held = new Set([...this.#keys].map((code) => KEYS[code]));
    let dx = held.has("right") - held.has("left");
    let dy = held.has("down") - held.has("up");
    if (dx && dy) [dx, dy] = [dx * Math.SQRT1_2, dy * Math.SQRT1_2];
    if (this.#stick && Math.hypot(this.#stick.dx, this.#stick.dy) > DEAD) ({ dx, dy } = this.#stick);
    this.#change(dx, dy, held.has("dash") || this.#dashing !== false);
  }
}
