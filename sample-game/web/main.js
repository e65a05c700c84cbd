// Starts the page: who one is, where one is (lobby, match or neither), and what
// is shown when the connection fails.

import { Muster } from "/sdk/muster.js";
import { $, banner, explain, press, screen, show, toast } from "./dom.js";
import { Home } from "./home.js";
import { LobbyView } from "./lobby.js";
import { Match } from "./match.js";
import { Sound } from "./sound.js";

const RETRY_MS = 3000;
const MODES = { arena: ["Arena", "four against four"], duel: ["Duel", "one against one"] };

const game = decodeURIComponent(/^\/games\/([^/]+)\//.exec(location.pathname)?.[1] ?? "arena");
const m = new Muster({ url: location.origin, game, storage: storage() });
const sound = new Sound();
const home = new Home(m);
const lobby = new LobbyView(m);

let match = null; // the Match that is shown
let link = "open"; // of the game's socket
let finished = null; // id of the last match whose result was shown
let renewed = null; // the match whose ticket was renewed once

function storage() {
  try {
    return sessionStorage; // one player per window
  } catch {
    return undefined;
  }
}

// ---- where one is ----

function route() {
  if (!m.account) return show("name");
  if (match && (screen() === "match" || screen() === "result")) return;
  if (m.lobby) {
    invite(m.lobby.code);
    lobby.draw(m.lobby, !!m.match && m.match.matchId !== finished);
    return show("lobby");
  }
  if (screen() === "lobby") invite(null);
  const enter = screen() !== "home";
  show("home");
  if (enter) home.enter();
}

// The address of the page is the invitation while one is in a lobby.
function invite(code) {
  const wanted = code ? "#code=" + code : "";
  if (location.hash !== wanted) history.replaceState(null, "", location.pathname + location.search + wanted);
}

function play(data) {
  if (match?.id === data.matchId && !match.over) return; // its socket asks for the new ticket by itself
  match?.stop();
  link = "connecting";
  match = new Match(data, () => (m.match?.matchId === data.matchId ? m.match : data).ticket, sound, {
    link: (status) => ((link = status), weather()),
    refused,
    over: weather,
  });
  weather();
}

function leaveMatch() {
  if (match?.over) finished = match.id;
  match?.stop();
  match = null;
  link = "open";
  show(m.lobby ? "lobby" : "home");
  if (!m.lobby) invite(null), home.enter();
  route();
  weather();
}

async function refused(code, message) {
  const id = match?.id;
  if (code === "bad_ticket" && renewed !== id && m.status === "open") {
    renewed = id; // a new connection brings a new ticket, once
    match.stop();
    match = null;
    m.close();
    return press(null, () => m.connect());
  }
  if (code === "ended" && match?.over) return;
  if (code === "ended" && m.match?.matchId === id) return banner("The match has ended. Its result is on the way…");
  toast(explain({ code: code === "replaced" ? "" : code, message: code === "replaced" ? "You play this match in another window." : message }), "error");
  leaveMatch();
}

// ---- what is wrong ----

function weather() {
  if (m.account && m.status === "reconnecting") return banner("Connection lost. Reconnecting…");
  if (m.account && m.status === "closed") return; // whoever closed it tells why
  if (match && !match.over && link === "lost") return banner("The game server does not answer. Reconnecting…");
  banner(null);
}

// ---- signing in ----

async function begin() {
  try {
    if (!(await m.resume())) return enterName();
    await m.connect();
  } catch (error) {
    if (error.code === "unreachable" || error.code === "timeout") {
      banner("The server cannot be reached. Trying again…");
      return setTimeout(begin, RETRY_MS);
    }
    ended(error);
  }
}

function enterName() {
  banner(null);
  show("name");
  $("name").focus();
}

// The socket ended for good: only the person can go on.
function ended(error) {
  if (error.code === "banned" || !m.account) {
    toast(explain(error), "error");
    if (!m.account) enterName();
    return;
  }
  banner(explain(error), error.code === "replaced" ? "Play here" : "Connect again", () => press($("banner-button"), async () => {
    banner("Connecting…");
    await m.connect().catch(ended);
  }));
}

$("name-form").addEventListener("submit", (e) => {
  e.preventDefault();
  press($("play"), async () => {
    const username = $("name").value.trim();
    if (!username) return $("name").focus();
    await m.signIn({ username });
    await m.connect();
  });
});

// ---- the match's own controls ----

let sure = 0;
$("quit").addEventListener("click", () => {
  if (!sure) {
    $("quit").textContent = "Sure?";
    sure = setTimeout(() => {
      sure = 0;
      $("quit").textContent = "Leave";
      if (screen() === "match") $("field").focus({ preventScroll: true });
    }, 3000);
    return;
  }
  clearTimeout(sure);
  sure = 0;
  $("quit").textContent = "Leave";
  press($("quit"), async () => {
    if (m.lobby) await m.leave();
    leaveMatch();
  });
});
$("again").addEventListener("click", leaveMatch);
$("return").addEventListener("click", () => m.match && play(m.match));
$("mute").addEventListener("click", () => {
  sound.muted = !sound.muted;
  drawMute();
  $("field").focus({ preventScroll: true });
});

function drawMute() {
  $("mute").setAttribute("aria-pressed", String(sound.muted));
  $("mute").classList.toggle("off", sound.muted);
}

// ---- what Muster tells ----

m.on("lobby", route);
m.on("matchStarted", play);
m.on("matchEnded", ({ matchId, result }) => {
  if (match?.id === matchId) match.conclude(result);
  route();
});
m.on("matchFailed", (failure) => {
  toast(explain(failure), failure.code === "start_cancelled" ? "info" : "error");
  if (match && !match.over && (!failure.matchId || failure.matchId === match.id)) leaveMatch();
  else route();
});
m.on("kicked", ({ reason }) => toast(reason === "ready_timeout" ? "You were not ready in time." : "You were removed from the lobby.", "error"));
m.on("lobbyDeleted", ({ reason }) => reason !== "match_over" && toast("The lobby was closed."));
m.on("draining", () => toast("The server restarts in a moment. You will be reconnected."));
m.on("status", (status) => {
  weather();
  if (status !== "open") return;
  // The match ended while one was away.
  if (match && !match.over && !m.match && !match.connected) leaveMatch();
});
m.on("error", (error) => (m.status === "closed" ? ended(error) : toast(explain(error), "error")));

const [mode, players] = MODES[game] ?? [game, ""];
for (const node of document.querySelectorAll(".mode-tag")) node.textContent = mode;
document.querySelector(".mode-line").textContent = players ? `${mode}: ${players}` : mode;
document.title = "Sparks · " + mode;
$("return").hidden = true;
drawMute();
home.prefill();
begin();
