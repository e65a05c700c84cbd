// One match on the screen: connects the game socket, the picture, the input and the sounds.

import { $, show } from "./dom.js";
import { Effects } from "./effects.js";
import { Hud } from "./hud.js";
import { Input } from "./input.js";
import { GameNet } from "./net.js";
import { Renderer } from "./render.js";
import { TEAMS } from "./view.js";
import { dashes, World } from "./world.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const DASH_WAIT_MS = 2000; // from one dash to the next
const coarse = matchMedia("(pointer: coarse)");

export class Match {
  /** The matchId that is shown. */
  id = null;
  /** Whether the result is known. */
  over = false;

  #data;
  #net;
  #on;
  #sound;
  #world = new World();
  #effects = new Effects();
  #hud = new Hud();
  #renderer = new Renderer($("field"));
  #input;
  #frame = 0;
  #end = new AbortController();
  #wish = [0, 0, false];
  #dashed = false; // one's own dash in the last state
  #dashedAt = -DASH_WAIT_MS;

  /**
   * data is a matchData; ticket() gives the newest ticket. handlers: { link(status) with "connecting",
   * "open" or "lost", refused(code, message), over() }.
   */
  constructor(data, ticket, sound, handlers) {
    this.id = data.matchId;
    this.#data = data;
    this.#on = handlers;
    this.#sound = sound;
    // What a test or a bot in the page may look at.
    window.__arena = { tick: 0, phase: "connecting", you: null, score: [0, 0] };
    show("match");
    this.#hud.oncount = (text) => sound.play(text === "Go!" ? "go" : "tick");
    $("score").textContent = "0 : 0";
    this.#hud.count("Connecting…");
    this.#input = new Input({ area: $("screen-match"), stick: $("stick"), dash: $("dash") }, (dx, dy, dash) => {
      this.#wish = [dx, dy, dash];
      if (dx || dy) $("hint").hidden = true;
      this.#send();
    });
    this.#net = new GameNet(data.server, ticket, {
      message: (m) => this.#receive(m),
      status: (status) => this.#link(status),
      refused: (code, message) => handlers.refused(code, message),
    });
    const { signal } = this.#end;
    new ResizeObserver(() => this.#resize()).observe($("screen-match"));
    addEventListener("resize", () => this.#resize(), { signal });
    addEventListener("pointerdown", (e) => e.pointerType === "touch" && this.#touch(), { signal });
    if (coarse.matches) this.#touch();
    else $("dash").hidden = true;
    $("hint").textContent = coarse.matches ? "" : "Move: W A S D or arrows · Dash: space";
    $("hint").hidden = false;
    $("field").focus({ preventScroll: true });
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  /** Whether the game server has welcomed this player and is heard. */
  get connected() {
    return this.#net.connected;
  }

  stop() {
    this.#net.stop();
    this.#input.stop();
    this.#end.abort();
    cancelAnimationFrame(this.#frame);
  }

  /** Shows a result that Muster told, if the game server's own did not come. */
  conclude(result) {
    if (this.over) return;
    const ranks = this.#teams().map((name) => result?.teams.find((t) => t.name === name)?.rank);
    const winner = ranks.includes(undefined) ? undefined : ranks[0] === ranks[1] ? null : ranks[0] < ranks[1] ? 0 : 1;
    const rows = (result?.players ?? []).map((p) => this.#row(p.accountId, p.score, p.stats?.steals));
    this.#finish({ score: this.#world.state?.score ?? null, winner, rows });
  }

  #teams() {
    return this.#world.welcome?.teams ?? this.#data.teams.map((team) => team.name);
  }

  #row(id, points = 0, steals = 0) {
    const { welcome } = this.#world;
    const team = this.#data.teams.findIndex((t) => t.players.some((p) => p.accountId === id));
    const known = welcome?.players.find((p) => p.id === id);
    const name = known?.name ?? this.#data.teams[team]?.players.find((p) => p.accountId === id)?.username ?? "?";
    return { name, team: known?.team ?? Math.max(0, team), you: id === welcome?.you, points, steals };
  }

  #receive(m) {
    const now = performance.now();
    if (m.t === "welcome") {
      this.#world.reset(m);
      this.#effects.clear();
      this.#effects.calm = calm.matches;
      this.#hud.welcome(m, this.#world.self < 0 ? null : this.#world.myTeam);
      Object.assign(window.__arena, { you: m.you, welcome: m });
      this.#resize();
      this.#send();
    } else if (!this.#world.welcome) return;
    else if (m.t === "state") this.#state(m, now);
    else if (m.t === "event") this.#event(m, now);
    else if (m.t === "over") {
      this.#finish({ score: m.score, winner: m.winner, rows: m.players.map((p) => this.#row(p.id, p.points, p.steals)) });
    }
  }

  #state(m, now) {
    this.#world.push(m, now);
    if (!this.over) this.#hud.state(m);
    const me = m.p.find((p) => p[0] === this.#world.self);
    const dashing = !!me && dashes(me);
    if (dashing && !this.#dashed) {
      this.#dashedAt = now;
      this.#sound.play("dash");
    }
    this.#dashed = dashing;
    $("dash").style.setProperty("--full", Math.min(1, (now - this.#dashedAt) / DASH_WAIT_MS).toFixed(2));
    Object.assign(window.__arena, {
      tick: m.tick, phase: m.phase, score: m.score, state: m, left: m.left,
      self: me && { index: me[0], team: this.#world.myTeam, x: me[1], y: me[2], carry: me[5], stunMs: me[6] },
    });
  }

  #event(m, now) {
    const { welcome } = this.#world;
    const who = (index) => index >= 0 && welcome.players[index] && { ...welcome.players[index], you: index === this.#world.self };
    const player = who(m.player);
    if (!player) return;
    const by = who(m.by);
    const place = this.#world.players(now).find((p) => p.index === m.player);
    if (m.kind === "score") {
      const base = welcome.map.bases.find((b) => b.team === player.team);
      const mine = player.team === this.#world.myTeam;
      this.#effects.ring(base.x, base.y, TEAMS[player.team].color, base.r * 1.7, now);
      this.#effects.burst(base.x, base.y, "#ffe680", 14 + 8 * (m.n ?? 1), 260, now);
      this.#effects.burst(base.x, base.y, TEAMS[player.team].color, 16, 200, now);
      this.#sound.play(mine ? "score" : "against");
      this.#hud.feed(player, ` brought ${m.n ?? 1} ${m.n > 1 ? "sparks" : "spark"} home`);
    } else if (m.kind === "steal") {
      if (place) this.#effects.ring(place.x, place.y, "#ffffff", 60, now);
      if (place) this.#effects.burst(place.x, place.y, "#ffe680", 14, 220, now);
      if (player.you || by?.you) this.#sound.play("hit");
      if (by) this.#hud.feed(by, " hit ", player);
    } else if (m.kind === "pick") {
      if (place) this.#effects.ring(place.x, place.y, "#ffe680", 34, now);
      if (player.you) this.#sound.play("pick");
    } else if (m.kind === "join" && !player.you) this.#hud.feed(player, " is here");
    else if (m.kind === "leave" && !player.you) this.#hud.feed(player, " lost the connection");
  }

  // The game server knows more than Muster tells: its own result replaces that one.
  #finish(result) {
    const mine = this.#world.self < 0 ? null : this.#world.myTeam;
    this.#hud.result(result, this.#teams(), mine);
    if (this.over) return;
    this.over = true;
    this.#hud.count(null);
    this.#input.release();
    Object.assign(window.__arena, { phase: "over", ...(result.score && { score: result.score }) });
    if (result.score) $("score").textContent = `${result.score[0]} : ${result.score[1]}`;
    this.#sound.play(result.winner === mine ? "won" : "lost");
    show("result");
    $("again").focus();
    this.#on.over();
  }

  #link(status) {
    if (status === "lost" && this.over) return this.#net.stop(); // the server has gone home
    this.#on.link(status);
  }

  #send() {
    const [dx, dy, dash] = this.over ? [0, 0, false] : this.#wish;
    this.#net?.input(...this.#renderer.view.in(dx, dy), dash);
  }

  #touch() {
    $("dash").hidden = false;
    this.#resize();
  }

  #resize() {
    if (!this.#world.welcome || this.#end.signal.aborted) return;
    const { clientWidth: width, clientHeight: height } = $("screen-match");
    const top = $("hud").offsetHeight;
    const upright = height > width;
    this.#renderer.resize(this.#world, { width, height, top, bottom: upright && !$("dash").hidden ? 130 : 8, side: upright ? 0 : 8 });
    this.#send();
  }

  #draw() {
    this.#renderer.draw(this.#world, this.#effects, performance.now());
    this.#frame = requestAnimationFrame(() => this.#draw());
  }
}
