// Particles, rings and trails: only looks, thrown away when they are over.

const MOST = 400;

export class Effects {
  /** With less movement there are rings, but no particles and no trails. */
  calm = false;

  #bits = []; // { x, y, vx, vy, born, life, size, color }
  #rings = []; // { x, y, born, life, size, color }

  /** Particles that fly apart from a place on the map. */
  burst(x, y, color, count, speed, now) {
    if (this.calm) return;
    for (let i = 0; i < count && this.#bits.length < MOST; i++) {
      const angle = Math.random() * Math.PI * 2;
      const v = speed * (0.3 + Math.random() * 0.7);
      this.#bits.push({
        x, y, vx: Math.cos(angle) * v, vy: Math.sin(angle) * v,
        born: now, life: 350 + Math.random() * 450, size: 1.5 + Math.random() * 3, color,
      });
    }
  }

  /** A ring that grows to `size` map units and fades. */
  ring(x, y, color, size, now) {
    this.#rings.push({ x, y, color, size, born: now, life: 500 });
    if (this.#rings.length > 30) this.#rings.shift();
  }

  /** One puff behind somebody who dashes. */
  puff(x, y, color, size, now) {
    if (this.calm || this.#bits.length >= MOST) return;
    this.#bits.push({ x, y, vx: 0, vy: 0, born: now, life: 260, size, color, fade: true });
  }

  clear() {
    this.#bits = [];
    this.#rings = [];
  }

  draw(c, view, now) {
    const young = (e) => now - e.born < e.life;
    this.#bits = this.#bits.filter(young);
    this.#rings = this.#rings.filter(young);
    for (const e of this.#bits) {
      const age = (now - e.born) / e.life;
      const t = ((now - e.born) / 1000) * (1 - age * 0.45); // slows down
      const [x, y] = view.at(e.x + e.vx * t, e.y + e.vy * t);
      c.globalAlpha = (1 - age) * (e.fade ? 0.4 : 1);
      c.fillStyle = e.color;
      c.beginPath();
      c.arc(x, y, Math.max(0.8, e.size * view.scale * (1 - age * 0.6)), 0, Math.PI * 2);
      c.fill();
    }
    for (const e of this.#rings) {
      const age = (now - e.born) / e.life;
      const [x, y] = view.at(e.x, e.y);
      c.globalAlpha = 1 - age;
      c.strokeStyle = e.color;
      c.lineWidth = 3 * (1 - age) + 0.5;
      c.beginPath();
      c.arc(x, y, e.size * view.scale * (0.3 + 0.7 * Math.sqrt(age)), 0, Math.PI * 2);
      c.stroke();
    }
    c.globalAlpha = 1;
  }
}
