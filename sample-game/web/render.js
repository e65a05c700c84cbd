// Draws the match on a canvas: what never moves is painted once per size.

import { View, TEAMS } from "./view.js";
import { figure, glow, outline, star } from "./shapes.js";

const RADIUS = 18; // of a player on the map
const SPARK_RADIUS = 10;
const SPARK = "#ffe680";
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

export class Renderer {
  view = new View();

  #canvas;
  #c;
  #ratio = 1;
  #size = [0, 0];
  #ground = null; // the painted field
  #glows = { spark: glow("255,230,128", 32), teams: TEAMS.map((t) => glow(t.soft, 32)) };
  #facing = new Map(); // player index → last direction on the screen
  #trails = new Map(); // player index → when the last puff came

  constructor(canvas) {
    this.#canvas = canvas;
    this.#c = canvas.getContext("2d");
  }

  /** Fits canvas and map to the room: see View.fit. */
  resize(world, room) {
    this.#ratio = Math.min(devicePixelRatio || 1, 3);
    this.#size = [room.width, room.height];
    this.#canvas.width = Math.round(room.width * this.#ratio);
    this.#canvas.height = Math.round(room.height * this.#ratio);
    const { map } = world.welcome;
    const home = map.bases.find((base) => base.team === world.myTeam);
    this.view.fit(map, room, home ? home.x > map.w / 2 : false);
    this.#ground = this.#paintGround(world.welcome);
    this.#facing.clear();
  }

  draw(world, effects, now) {
    const c = this.#c;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    if (!this.#ground) return;
    c.drawImage(this.#ground, 0, 0);
    c.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    const players = world.players(now).sort((a, b) => a.you - b.you); // oneself on top
    this.#bases(world, now, effects.calm);
    for (const spark of world.sparks()) {
      const [x, y] = this.view.at(spark.x, spark.y);
      const bob = effects.calm ? 0 : Math.sin(now / 260 + spark.id * 1.7);
      this.#spark(x, y, this.#least(SPARK_RADIUS, 6) * (1 + bob * 0.1), effects.calm ? 0 : now / 900 + spark.id);
    }
    this.#dashes(players, effects, now);
    effects.draw(c, this.view, now);
    for (const p of players) this.#player(p, effects, now);
    for (const p of players) this.#label(p);
  }

  /** A size of the map in pixels, but not smaller than `least`. */
  #least(units, least) {
    return Math.max(units * this.view.scale, least);
  }

  #paintGround({ map, teams }) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [this.#canvas.width, this.#canvas.height];
    const c = canvas.getContext("2d");
    c.scale(this.#ratio, this.#ratio);
    const [left, top, width, height] = this.view.box;
    c.beginPath();
    c.roundRect(left + 1, top + 1, width - 2, height - 2, 14);
    const floor = c.createRadialGradient(left + width / 2, top + height / 2, 0, left + width / 2, top + height / 2, Math.hypot(width, height) / 2);
    floor.addColorStop(0, "#18203a");
    floor.addColorStop(1, "#0e1426");
    c.fillStyle = floor;
    c.fill();
    c.save();
    c.clip();
    c.strokeStyle = "rgba(150,175,255,.055)";
    c.lineWidth = 1;
    const step = 100 * this.view.scale;
    c.beginPath();
    for (let x = left + step; x < left + width; x += step) c.moveTo(x, top), c.lineTo(x, top + height);
    for (let y = top + step; y < top + height; y += step) c.moveTo(left, y), c.lineTo(left + width, y);
    c.stroke();
    for (const base of map.bases) this.#paintBase(c, base, teams);
    c.restore();
    for (const stone of map.obstacles ?? []) this.#paintStone(c, stone);
    c.beginPath();
    c.roundRect(left + 1, top + 1, width - 2, height - 2, 14);
    c.strokeStyle = "rgba(150,175,255,.28)";
    c.lineWidth = 2;
    c.stroke();
    return canvas;
  }

  #paintBase(c, base, teams) {
    const { soft, color } = TEAMS[base.team];
    const [x, y] = this.view.at(base.x, base.y);
    const r = base.r * this.view.scale;
    const light = c.createRadialGradient(x, y, 0, x, y, r * 1.7);
    light.addColorStop(0, `rgba(${soft},.34)`);
    light.addColorStop(1, `rgba(${soft},0)`);
    c.fillStyle = light;
    c.fillRect(x - r * 2, y - r * 2, r * 4, r * 4);
    c.beginPath();
    c.arc(x, y, r, 0, Math.PI * 2);
    c.fillStyle = `rgba(${soft},.13)`;
    c.fill();
    c.strokeStyle = color;
    c.lineWidth = 2.5;
    if (base.team === 1) c.setLineDash([12, 7]);
    c.stroke();
    c.setLineDash([]);
    c.fillStyle = `rgba(${soft},.5)`;
    c.textAlign = "center";
    c.textBaseline = "middle";
    const name = teams[base.team];
    c.font = `800 ${Math.min(r * 0.95, (r * 2.3) / Math.max(1, name.length))}px ${FONT}`;
    c.fillText(name, x, y + r * 0.04);
  }

  #paintStone(c, stone) {
    const [x, y] = this.view.at(stone.x, stone.y);
    const r = stone.r * this.view.scale;
    c.beginPath();
    c.arc(x, y, r, 0, Math.PI * 2);
    const shade = c.createLinearGradient(x, y - r, x, y + r);
    shade.addColorStop(0, "#3a4467");
    shade.addColorStop(1, "#232b47");
    c.fillStyle = shade;
    c.fill();
    c.strokeStyle = "rgba(190,205,255,.3)";
    c.lineWidth = 1.5;
    c.stroke();
  }

  // The base that one should bring sparks to calls for them.
  #bases(world, now, calm) {
    const me = world.state?.p.find((p) => p[0] === world.self);
    const base = world.welcome.map.bases.find((b) => b.team === world.myTeam);
    if (!base || !me || !me[5]) return;
    const c = this.#c;
    const [x, y] = this.view.at(base.x, base.y);
    const beat = calm ? 0.5 : 0.5 + 0.5 * Math.sin(now / 180);
    c.strokeStyle = `rgba(255,230,128,${0.25 + 0.45 * beat})`;
    c.lineWidth = 3;
    c.beginPath();
    c.arc(x, y, base.r * this.view.scale + 5 + 4 * beat, 0, Math.PI * 2);
    c.stroke();
  }

  #spark(x, y, r, turn) {
    const c = this.#c;
    c.drawImage(this.#glows.spark, x - r * 2.6, y - r * 2.6, r * 5.2, r * 5.2);
    star(c, x, y, r, turn);
    c.fillStyle = SPARK;
    c.fill();
    c.beginPath();
    c.arc(x, y, r * 0.34, 0, Math.PI * 2);
    c.fillStyle = "#fff";
    c.fill();
  }

  #dashes(players, effects, now) {
    for (const p of players) {
      if (!p.dash || now - (this.#trails.get(p.index) ?? 0) < 16) continue;
      this.#trails.set(p.index, now);
      effects.puff(p.x, p.y, TEAMS[p.team].color, RADIUS * 0.9, now);
    }
  }

  #player(p, effects, now) {
    const c = this.#c;
    const [x, y] = this.view.at(p.x, p.y);
    const r = this.#radius();
    const speed = Math.hypot(p.vx, p.vy);
    if (speed > 5) {
      const [dx, dy] = this.view.out(p.vx / speed, p.vy / speed);
      const old = this.#facing.get(p.index) ?? [dx, dy];
      this.#facing.set(p.index, [old[0] + (dx - old[0]) * 0.3, old[1] + (dy - old[1]) * 0.3]);
    }
    const shine = r * (p.dash ? 3.2 : 2.2);
    c.globalAlpha = p.dash ? 0.8 : 0.45;
    c.drawImage(this.#glows.teams[p.team], x - shine, y - shine, shine * 2, shine * 2);
    c.globalAlpha = 1;
    figure(c, p, x, y, r, this.#facing.get(p.index) ?? [0, 0], now);
    for (let i = 0; i < p.carry; i++) {
      const angle = (effects.calm ? 0 : now / 420) + (i * Math.PI * 2) / p.carry;
      this.#spark(x + Math.cos(angle) * r * 1.65, y + Math.sin(angle) * r * 1.65, r * 0.42, angle);
    }
  }

  #label(p) {
    const c = this.#c;
    const [x, y] = this.view.at(p.x, p.y);
    const size = Math.max(11, Math.min(15, 15 * this.view.scale));
    const text = p.you ? "You" : p.name.length > 14 ? p.name.slice(0, 13) + "…" : p.name;
    c.font = `${p.you ? 800 : 600} ${size}px ${FONT}`;
    c.textAlign = "center";
    c.textBaseline = "alphabetic";
    const half = c.measureText(text).width / 2 + size * 0.5;
    const [left, , width] = this.view.box;
    const at = Math.max(left + half + 4, Math.min(left + width - half - 4, x));
    const up = y - this.#radius() * 1.4 - 7;
    c.lineJoin = "round";
    c.lineWidth = 3.5;
    c.strokeStyle = "rgba(8,11,22,.85)";
    c.globalAlpha = p.here ? 1 : 0.6;
    c.strokeText(p.here ? text : text + " (away)", at + size * 0.4, up);
    c.fillStyle = p.you ? "#fff" : "#dfe6ff";
    c.fillText(p.here ? text : text + " (away)", at + size * 0.4, up);
    outline(c, p.team, at - half + size * 0.35, up - size * 0.34, size * 0.28);
    c.fillStyle = TEAMS[p.team].color;
    c.stroke();
    c.fill();
    c.globalAlpha = 1;
  }

  #radius() {
    return this.#least(RADIUS, 9);
  }
}
