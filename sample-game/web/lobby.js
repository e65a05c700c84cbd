// The screen of one's lobby: code, teams, readiness, start and chat.

import { $, copy, el, press, redraw, toast } from "./dom.js";
import { badge } from "./hud.js";

const LINES = 100; // of chat that are kept

const STEPS = {
  balancing: "balancing the teams",
  validating: "checking the teams",
  payload: "preparing the match",
  allocating: "starting a game server",
};

export class LobbyView {
  #m;
  #shown = null; // id of the lobby whose chat is shown

  constructor(m) {
    this.#m = m;
    const click = (id, action) => $(id).addEventListener("click", () => press($(id), action));
    click("ready", () => m.ready(!this.#me()?.ready));
    click("bots", () => m.fillBots());
    click("start", () => m.start());
    click("cancel", () => m.cancelStart());
    click("leave", () => m.leave());
    click("copy", async () => {
      await copy(m.lobby.code);
      toast("The code is copied.");
    });
    click("copy-link", async () => {
      await copy(location.href.split("#")[0] + "#code=" + m.lobby.code);
      toast("The link is copied.");
    });
    $("chat-form").addEventListener("submit", (e) => {
      e.preventDefault();
      const text = $("chat").value.trim();
      if (text) press($("send"), async () => (await m.chat(text), ($("chat").value = "")));
    });
    m.on("chat", (line) => this.#chat(line));
  }

  #me() {
    return members(this.#m.lobby).find((p) => p.accountId === this.#m.account.id);
  }

  /** Draws the lobby; canReturn: one's match is running and can be gone back to. */
  draw(lobby, canReturn) {
    if (lobby.id !== this.#shown) {
      this.#shown = lobby.id;
      $("chat-log").replaceChildren();
    }
    const me = this.#me();
    const owner = lobby.ownerId === this.#m.account.id;
    const open = lobby.state === "open";
    $("lobby-name").textContent = lobby.name || "Lobby";
    $("lobby-code").textContent = lobby.code ?? "";
    $("lobby-private").hidden = !lobby.isPrivate;
    redraw($("teams"), lobby.teams.map((team, index) => this.#team(lobby, team, index, me, owner)));

    const full = members(lobby).length >= Math.min(lobby.maxPlayers, seats(lobby));
    $("ready").setAttribute("aria-pressed", String(!!me?.ready));
    $("ready").textContent = me?.ready ? "✓ Ready" : "I’m ready";
    $("ready").disabled = !open;
    $("bots").hidden = !owner;
    $("bots").disabled = !open || full;
    const reason = this.#reason(lobby, owner);
    const empty = lobby.teams.some((team) => !team.players.length);
    $("start").hidden = lobby.state === "starting" || canReturn;
    $("start").disabled = !owner || !open || reason !== "";
    $("cancel").hidden = lobby.state !== "starting" || !owner;
    $("return").hidden = !canReturn;
    // The server balances teams and knows how many players it wants: this is only a hint.
    $("start-reason").textContent = reason || (empty ? "A team is empty. Invite somebody or add bots." : "Everyone is ready.");
    $("start-reason").classList.toggle("busy", lobby.state === "starting");
  }

  // Why the match cannot be started now; "" if it can.
  #reason(lobby, owner) {
    if (lobby.state === "starting") return `Starting…${lobby.step ? ` (${STEPS[lobby.step] ?? lobby.step})` : ""}`;
    if (lobby.state === "in_match") return "A match of this lobby is running.";
    const humans = members(lobby).filter((p) => !p.bot);
    const away = humans.filter((p) => !p.connected);
    if (away.length) return `Away: ${names(away)}. The match can start when everyone is back.`;
    const unready = humans.filter((p) => !p.ready);
    if (unready.length) {
      const mine = unready.some((p) => p.accountId === this.#m.account.id);
      const others = unready.filter((p) => p.accountId !== this.#m.account.id);
      return mine && !others.length ? "Say that you are ready." : `Waiting for ${names(others)}${mine ? " and you" : ""} to be ready.`;
    }
    return owner ? "" : `Everyone is ready. ${members(lobby).find((p) => p.accountId === lobby.ownerId)?.username ?? "The owner"} can start.`;
  }

  #team(lobby, team, index, me, owner) {
    const mine = team.players.includes(me);
    const button = el("button", {
      type: "button", className: "small", data: { team: index, key: "team" + index }, title: mine ? "" : `Switch to ${team.name}`,
      disabled: mine || lobby.state !== "open" || team.players.length >= team.size,
      onclick: () => press(button, () => this.#m.setTeam(team.name)),
    }, mine ? "Your team" : team.players.length >= team.size ? "Full" : "Switch team");
    const rows = team.players.map((player) => this.#player(lobby, player, owner));
    for (let i = team.players.length; i < team.size; i++) rows.push(el("li", { className: "seat" }, "free"));
    return el("section", { className: "card team", data: { side: index }, aria: { label: `Team ${team.name}` } },
      el("div", { className: "row" }, el("h2", {}, badge(index), team.name.length > 2 ? team.name : "Team " + team.name), el("small", { className: "muted" }, `${team.players.length} of ${team.size}`), el("span", { className: "grow" }), button),
      el("ul", {}, ...rows));
  }

  #player(lobby, player, owner) {
    const { accountId: id, username, bot, connected, ready } = player;
    const self = id === this.#m.account.id;
    const away = !bot && !connected;
    const tool = (sign, label, action) => {
      const button = el("button", { type: "button", className: "tool", title: label, data: { key: label + id }, aria: { label: `${label}: ${username}` }, onclick: () => press(button, action) }, sign);
      return button;
    };
    return el("li", { className: [self && "you", away && "away"].filter(Boolean).join(" "), data: { player: id, ready: String(ready), bot: String(bot), away: String(away), owner: String(id === lobby.ownerId) } },
      el("span", { className: "mark", aria: { hidden: "true" } }, away ? "…" : ready ? "✓" : ""),
      el("span", { className: "player-name" }, username),
      id === lobby.ownerId && el("span", { className: "crown", title: "Owner", role: "img", ariaLabel: "Owner" }, "♛"),
      self && el("small", { className: "tag" }, "you"),
      bot && el("small", { className: "tag" }, "bot"),
      away && el("small", { className: "tag" }, "away"),
      el("span", { className: "hidden" }, away ? "" : ready ? "ready" : "not ready"),
      el("span", { className: "grow" }),
      owner && !self && !bot && connected && lobby.state !== "starting" && tool("♛", "Make owner", () => this.#m.promote(id)),
      owner && !self && tool("✕", "Remove", () => this.#m.kick(id)));
  }

  #chat({ lobbyId, accountId, username, text }) {
    if (lobbyId !== this.#m.lobby?.id) return;
    const log = $("chat-log");
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 30;
    const team = this.#m.lobby.teams.findIndex((t) => t.players.some((p) => p.accountId === accountId));
    log.append(el("li", { data: { side: team } }, el("b", {}, username), " ", text));
    while (log.children.length > LINES) log.firstChild.remove();
    if (atEnd) log.scrollTop = log.scrollHeight;
  }
}

const members = (lobby) => lobby?.teams.flatMap((team) => team.players) ?? [];
const seats = (lobby) => lobby.teams.reduce((sum, team) => sum + team.size, 0);
const names = (players) => {
  const list = players.slice(0, 3).map((p) => p.username);
  return list.join(", ") + (players.length > 3 ? ` and ${players.length - 3} more` : "");
};
