// The pictures of single things, in pixels around a point. Team 0 is round, team 1
// is square, so that nobody has to tell the colours apart.

import { TEAMS } from "./view.js";

/** The outline of a team: a circle or a square with round corners. */
export function outline(c, team, x, y, r) {
  c.beginPath();
  if (team === 0) c.arc(x, y, r, 0, Math.PI * 2);
  else c.roundRect(x - r * 0.92, y - r * 0.92, r * 1.84, r * 1.84, r * 0.42);
}

/** A glowing dot on its own canvas, to be copied many times. */
export function glow(color, size) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size * 2;
  const c = canvas.getContext("2d");
  const light = c.createRadialGradient(size, size, 0, size, size, size);
  light.addColorStop(0, `rgba(${color},0.85)`);
  light.addColorStop(0.3, `rgba(${color},0.35)`);
  light.addColorStop(1, `rgba(${color},0)`);
  c.fillStyle = light;
  c.fillRect(0, 0, size * 2, size * 2);
  return canvas;
}

/** A star with four points. */
export function star(c, x, y, r, turn) {
  c.beginPath();
  for (let i = 0; i < 8; i++) {
    const angle = turn + (i * Math.PI) / 4;
    const reach = i % 2 ? r * 0.38 : r;
    c[i ? "lineTo" : "moveTo"](x + Math.cos(angle) * reach, y + Math.sin(angle) * reach);
  }
  c.closePath();
}

/** A player: body in the team's outline, eyes towards [dx, dy]. */
export function figure(c, { team, you, bot, stun, here }, x, y, r, [dx, dy], now) {
  const { color, dark } = TEAMS[team];
  const dizzy = stun > 0;
  c.save();
  c.globalAlpha = here ? (dizzy ? 0.6 + 0.25 * Math.sin(now / 45) : 1) : 0.35;
  if (you) {
    c.strokeStyle = "#fff";
    c.lineWidth = Math.max(1.5, r * 0.14);
    outline(c, team, x, y, r * 1.28);
    c.stroke();
  }
  outline(c, team, x, y, r);
  const body = c.createLinearGradient(x, y - r, x, y + r);
  body.addColorStop(0, color);
  body.addColorStop(1, mix(color));
  c.fillStyle = body;
  c.fill();
  c.lineWidth = Math.max(1, r * 0.12);
  c.strokeStyle = bot ? dark : "rgba(255,255,255,.55)";
  c.stroke();
  if (bot) antenna(c, x, y, r, color);
  eyes(c, x + dx * r * 0.28, y + dy * r * 0.28, r, [dx, dy], dizzy, dark);
  c.restore();
}

function antenna(c, x, y, r, color) {
  c.beginPath();
  c.moveTo(x, y - r);
  c.lineTo(x, y - r * 1.3);
  c.strokeStyle = color;
  c.stroke();
  c.beginPath();
  c.arc(x, y - r * 1.38, r * 0.16, 0, Math.PI * 2);
  c.fillStyle = "#fff";
  c.fill();
}

function eyes(c, x, y, r, [dx, dy], dizzy, dark) {
  for (const side of [-1, 1]) {
    const ex = x + side * r * 0.32;
    const ey = y - r * 0.08;
    if (dizzy) {
      c.strokeStyle = dark;
      c.lineWidth = Math.max(1, r * 0.12);
      c.beginPath();
      for (const s of [-1, 1]) {
        c.moveTo(ex - r * 0.14, ey - s * r * 0.14);
        c.lineTo(ex + r * 0.14, ey + s * r * 0.14);
      }
      c.stroke();
      continue;
    }
    c.fillStyle = "#fff";
    c.beginPath();
    c.arc(ex, ey, r * 0.21, 0, Math.PI * 2);
    c.fill();
    c.fillStyle = dark;
    c.beginPath();
    c.arc(ex + dx * r * 0.08, ey + dy * r * 0.08, r * 0.115, 0, Math.PI * 2);
    c.fill();
  }
}

/** A darker tone of a #rrggbb colour. */
function mix(color) {
  const part = (at) => Math.round(parseInt(color.slice(at, at + 2), 16) * 0.72);
  return `rgb(${part(1)},${part(3)},${part(5)})`;
}
