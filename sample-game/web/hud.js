// The texts around the field: score, clock, countdown, feed and the result.

import { $, el } from "./dom.js";
import { TEAMS } from "./view.js";

const FEED = 3;
const STILL_TICKS = 20;

/** The sign of a team: ● or ■ in its colour, for eyes that do not see the colour too. */
export const badge = (team) => el("i", { className: "badge", data: { side: team }, aria: { hidden: "true" } });

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

export class Hud {
  #count = null;
  #still = null; // { left, tick } since when the countdown stands still

  /** Called for every new number of the countdown, with "go" at its end. */
  oncount = () => {};

  welcome({ teams, goal, duration }, myTeam) {
    for (const [team, id] of ["hud-a", "hud-b"].entries()) {
      $(id).replaceChildren(badge(team), el("span", {}, teams[team]), ...(team === myTeam ? [el("small", {}, "you")] : []));
      $(id).style.setProperty("--team", TEAMS[team].color);
    }
    $("goal").textContent = goal ? `first to ${goal}` : "";
    $("clock").textContent = clock(duration);
    $("feed").replaceChildren();
    this.#count = null;
    this.count(null);
  }

  state({ score, left, phase, tick }) {
    write($("score"), `${score[0]} : ${score[1]}`);
    if (phase === "play") write($("clock"), clock(Math.max(0, Math.ceil(left))));
    $("clock").classList.toggle("late", phase === "play" && left <= 10);
    if (this.#still?.left !== left) this.#still = { left, tick };
    // The countdown stands still until everyone is there.
    if (phase === "countdown" && tick - this.#still.tick > STILL_TICKS) return this.count("Waiting for the others…");
    const number = phase === "countdown" ? Math.max(1, Math.ceil(left)) : null;
    if (number !== null) this.count(number > 10 ? "Get ready" : String(number));
    else if (this.#count && this.#count !== "Go!") {
      this.count(phase === "play" ? "Go!" : null);
      setTimeout(() => this.#count === "Go!" && this.count(null), 700);
    }
  }

  /** Shows a big word over the field, or none. */
  count(text) {
    if (text === this.#count) return;
    this.#count = text;
    const box = $("countdown");
    box.replaceChildren(...(text ? [el("span", { className: text.length > 4 ? "long" : "" }, text)] : []));
    if (/^\d|^Go/.test(text ?? "")) this.oncount(text);
  }

  /** A line about something that happened: parts are texts and players. */
  feed(...parts) {
    const line = el("div", {}, ...parts.flatMap((part) =>
      typeof part === "string" ? [part] : [badge(part.team), el("b", {}, part.you ? "You" : part.name)]));
    const box = $("feed");
    box.append(line);
    while (box.children.length > FEED) box.firstChild.remove();
    setTimeout(() => line.remove(), 4500);
  }

  /** result: { score: [a, b] or null, winner: 0, 1, null for a draw, undefined if nobody told; rows: [{ name, team, you, points, steals }] }. */
  result({ score, winner, rows }, teams, myTeam) {
    const won = winner === undefined ? "The match is over" : winner === null ? "Draw" : myTeam === null ? `${teams[winner]} wins` : winner === myTeam ? "Victory!" : "Defeat";
    $("winner").textContent = won;
    $("winner").dataset.outcome = winner === null || winner === undefined ? "draw" : winner === myTeam ? "won" : "lost";
    $("final").replaceChildren(
      badge(0), el("span", {}, teams[0]),
      el("strong", {}, score ? `${score[0]} : ${score[1]}` : "–"),
      el("span", {}, teams[1]), badge(1));
    $("final").hidden = !teams.length;
    const order = [...rows].sort((a, b) => b.points - a.points || b.steals - a.steals);
    $("ranking").replaceChildren(...order.map((row) => {
      const name = el("td", {}, row.name, row.you && el("small", { className: "tag" }, "you"));
      return el("tr", { className: row.you ? "you" : "" }, name,
        el("td", {}, badge(row.team), teams[row.team] ?? ""), el("td", {}, String(row.points)), el("td", {}, String(row.steals)));
    }));
  }
}

function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
