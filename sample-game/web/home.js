// The screen between the name and a lobby: create, join with a code, or choose from the list.

import { $, el, press, redraw, screen, toast } from "./dom.js";

const LOOK_MS = 4000; // between two looks at the list

export class Home {
  #m;

  constructor(m) {
    this.#m = m;
    $("create-form").addEventListener("submit", (e) => {
      e.preventDefault();
      press($("create"), () => m.createLobby({ name: `${m.account.username}’s lobby`.slice(0, 48), isPrivate: $("private").checked }));
    });
    $("join-form").addEventListener("submit", (e) => {
      e.preventDefault();
      this.join({ code: $("code").value.trim() }, $("join"));
    });
    $("code").addEventListener("input", () => ($("code").value = $("code").value.replace(/\D/g, "").slice(0, 6)));
    // A pasted "123 456" or a whole link would be cut by maxlength.
    $("code").addEventListener("paste", (e) => {
      const digits = (/code=(\d{6})/.exec(e.clipboardData.getData("text")) ?? [])[1] ?? e.clipboardData.getData("text").replace(/\D/g, "");
      e.preventDefault();
      $("code").value = digits.slice(0, 6);
    });
    $("rename-form").addEventListener("submit", (e) => {
      e.preventDefault();
      $("rename").blur();
    });
    $("rename").addEventListener("change", () => this.#rename());
    $("refresh").addEventListener("click", () => press($("refresh"), () => this.look()));
    addEventListener("hashchange", () => this.prefill());
    setInterval(() => {
      if (screen() === "home" && m.status === "open" && !document.hidden) this.look().catch(() => {});
    }, LOOK_MS);
  }

  /** Called whenever the screen appears. */
  enter() {
    $("rename").value = this.#m.account.username;
    this.prefill();
    this.look().catch(() => {});
    this.#winners().catch(() => {});
  }

  /** Takes a code from the address, as an invitation has it. */
  prefill() {
    const code = /(?:^#|&)code=(\d{6})(?:&|$)/.exec(location.hash)?.[1];
    if (!code) return;
    $("code").value = code;
    if (screen() === "home") $("join").focus();
  }

  /** Joins; asks for the password where one is needed. */
  async join(where, control, hasPassword = false) {
    return press(control, async () => {
      let password = hasPassword ? await ask() : undefined;
      if (password === null) return;
      try {
        await this.#m.joinLobby({ ...where, password });
      } catch (error) {
        if (error.code !== "wrong_password" || hasPassword) throw error;
        password = await ask();
        if (password !== null) await this.#m.joinLobby({ ...where, password });
      }
    });
  }

  /** Reads the list anew. */
  async look() {
    const lobbies = await this.#m.listLobbies({ limit: 50 });
    $("no-lobbies").hidden = lobbies.length > 0;
    redraw($("lobbies"), lobbies.map((lobby) => this.#item(lobby)));
  }

  /** Shows the table that the game's rules keep; a server without those rules has none. */
  async #winners() {
    const { winners } = await this.#m.rpc("winners");
    $("winners-card").hidden = false;
    $("no-winners").hidden = winners.length > 0;
    $("winners").parentElement.hidden = winners.length === 0;
    redraw($("winners"), winners.map(({ username, won, played, rating }) =>
      el("tr", {}, el("td", {}, username), el("td", {}, String(won)), el("td", {}, String(played)), el("td", {}, String(rating)))));
  }

  #item(lobby) {
    const players = lobby.teams.flatMap((team) => team.players);
    const humans = players.filter((player) => !player.bot).length;
    const seats = Math.min(lobby.maxPlayers, lobby.teams.reduce((sum, team) => sum + team.size, 0));
    const owner = players.find((player) => player.accountId === lobby.ownerId)?.username;
    const title = lobby.name || (owner ? `${owner}’s lobby` : "Lobby");
    const button = el("button", {
      type: "button", className: "small", data: { key: lobby.id, lobby: lobby.id }, aria: { label: `Join ${title}` },
      onclick: () => this.join({ lobbyId: lobby.id }, button, lobby.hasPassword),
    }, "Join");
    const bots = players.length - humans;
    return el("li", {},
      el("div", {}, el("b", {}, title), el("small", { className: "muted" }, `${humans} of ${seats} players${bots ? `, ${bots} ${bots > 1 ? "bots" : "bot"}` : ""}${lobby.hasPassword ? " · password" : ""}`)),
      button);
  }

  #rename() {
    const name = $("rename").value.trim();
    if (!name || name === this.#m.account.username) {
      $("rename").value = this.#m.account.username;
      return;
    }
    press($("rename"), async () => {
      try {
        await this.#m.rename(name);
        toast("Your name is changed.");
      } finally {
        $("rename").value = this.#m.account.username;
      }
    });
  }
}

/** Asks for a password; null if the person does not want to. */
function ask() {
  const dialog = $("ask");
  $("ask-input").value = "";
  dialog.returnValue = "";
  dialog.showModal();
  $("ask-input").focus();
  // Enter means the second button, not the first of the form.
  $("ask-input").onkeydown = (e) => e.key === "Enter" && (e.preventDefault(), dialog.close("ok"));
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok" ? $("ask-input").value : null), { once: true });
  });
}
