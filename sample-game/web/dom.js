// Small helpers around the document. Text from other people enters it only as text nodes.

/** The element with this id. */
export const $ = (id) => document.getElementById(id);

/** A new element: properties, `data` and `aria` maps, then children (nodes or text). */
export function el(tag, { data, aria, ...props } = {}, ...children) {
  const node = Object.assign(document.createElement(tag), props);
  Object.assign(node.dataset, data);
  for (const name in aria) node.setAttribute("aria-" + name, aria[name]);
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Replaces the children of a list and keeps the focus on the control with the same data-key. */
export function redraw(parent, children) {
  const key = parent.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  parent.replaceChildren(...children);
  if (key) [...parent.querySelectorAll("[data-key]")].find((node) => node.dataset.key === key)?.focus();
}

const TOASTS = 4;

/** Shows a short message for some seconds; kind is "info" or "error". */
export function toast(text, kind = "info") {
  const box = $("toasts");
  const same = [...box.children].find((node) => node.textContent === text);
  same?.remove();
  const node = el("div", { className: "toast", data: { kind } }, text);
  node.addEventListener("click", () => node.remove());
  box.append(node);
  while (box.children.length > TOASTS) box.firstChild.remove();
  setTimeout(() => node.remove(), kind === "error" ? 7000 : 4000);
}

/** Shows one screen: name, home, lobby, match or result (which lies over the match). The page begins with none. */
export function show(screen) {
  if (document.body.dataset.screen === screen && !$("screen-" + (screen === "result" ? "match" : screen)).hidden) return;
  document.body.dataset.screen = screen;
  for (const name of ["name", "home", "lobby", "match"]) {
    $("screen-" + name).hidden = name !== (screen === "result" ? "match" : screen);
  }
  $("result").hidden = screen !== "result";
}

/** The screen that is shown. */
export const screen = () => document.body.dataset.screen;

/** The line at the top that stays while something is wrong; null takes it away. */
export function banner(text, button, press) {
  $("banner").hidden = !text;
  $("banner-text").textContent = text ?? "";
  $("banner-button").hidden = !button;
  $("banner-button").textContent = button ?? "";
  $("banner-button").onclick = press ?? null;
}

/** Puts text on the clipboard, with the old way where the page is not served securely. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el("textarea", { value: text, className: "hidden" });
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("Copying is not allowed here");
  }
}

/** Runs an action of a control: off while it runs, failures become toasts. */
export async function press(control, action) {
  if (control?.dataset.busy) return;
  if (control) control.dataset.busy = "1";
  try {
    return await action();
  } catch (error) {
    toast(explain(error), "error");
  } finally {
    if (control) delete control.dataset.busy;
  }
}

const TEXTS = {
  unreachable: "The server cannot be reached.",
  timeout: "The server did not answer in time.",
  not_connected: "Not connected. Please wait a moment.",
  connection_lost: "The connection was lost.",
  lobby_not_found: "There is no lobby with this code.",
  lobby_full: "This lobby is full.",
  team_full: "This team is full.",
  wrong_password: "The password is wrong.",
  kicked: "You were removed from this lobby and cannot come back.",
  in_match: "A match is running in this lobby.",
  lobby_starting: "The match is just starting.",
  too_few_players: "There are too few players. Wait for others or add bots.",
  not_ready: "Not everyone is ready.",
  allocation_failed: "No game server could be started. Please try again.",
  start_cancelled: "The start was cancelled.",
  server_lost: "The game server stopped. The match is over.",
  match_timeout: "The match took too long and was ended.",
  replaced: "You are connected in another window.",
};

/** A readable sentence for an error with a code. */
export function explain(error) {
  const text = TEXTS[error.code] ?? error.message ?? "Something went wrong";
  const wait = error.retryAfterMs ? ` Try again in ${Math.ceil(error.retryAfterMs / 1000)} s.` : "";
  return /[.!?]$/.test(text) || !wait ? text + wait : text + "." + wait;
}
