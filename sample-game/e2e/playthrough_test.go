//go:build linux

package e2e

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const playing = `window.__arena && window.__arena.phase === "play" && window.__arena.tick > 0`

// TestPlaythrough is the main job from end to end: two windows, a lobby joined by
// its code, a game server started on this machine, a match played in both windows
// with a reload in the middle, the result, the lobby again, the process gone.
func TestPlaythrough(t *testing.T) {
	chrome := browser(t)
	m := serve(t, 20)
	url := m.url + "/games/arena/play/"
	ann := newWindow(t, chrome, "ann", url, 1280, 800, false)
	bob := newWindow(t, chrome, "bob", url, 390, 844, true)

	ann.enter("Ann")
	ann.shot("home")
	ann.click("#create")
	ann.screen("lobby")
	code := ann.text("#lobby-code")
	if len(code) < 6 {
		t.Fatalf("the join code is %q", code)
	}
	bob.enter("Bob")
	bob.shot("home")
	bob.run(chromedp.SendKeys("#code", code))
	bob.click("#join")
	bob.screen("lobby")
	ann.until("bob in the lobby", `document.querySelector("#teams").textContent.includes("Bob")`)
	ann.click("#bots")
	bob.until("bots in the lobby", `document.querySelectorAll("[data-player]").length === 8`)
	bob.click("#ready")
	ann.click("#ready")
	ann.shot("lobby")
	bob.shot("lobby")

	// The rules refuse four against three, in their own words.
	ann.click(`[data-bot='true'] [title='Remove']`)
	ann.until("one bot less", `document.querySelectorAll("[data-player]").length === 7`)
	ann.click("#start")
	ann.until("why there is no match", `/Teams of (4 and 3|3 and 4) are not fair\. Add bots/.test(document.querySelector("#toasts").textContent)`)
	ann.shot("refused")
	ann.click("#bots")
	ann.until("the bot back", `document.querySelectorAll("[data-player]").length === 8`)
	ann.click("#start")

	for _, w := range []*window{ann, bob} {
		w.screen("match")
		w.until("the match under way", playing)
	}
	if pids := m.gameServers(t); len(pids) != 1 {
		t.Errorf("game servers: %v", pids)
	}
	// A key moves one's own figure, and the other window sees it.
	ann.js(`window.__before = {x: __arena.self.x, y: __arena.self.y}; window.dispatchEvent(new KeyboardEvent("keydown", {code: "KeyD", key: "d", bubbles: true}))`)
	ann.until("her own move", `Math.hypot(__arena.self.x - __before.x, __arena.self.y - __before.y) > 40`)
	ann.shot("match")
	bob.shot("match")

	// A reload in the middle of the match comes back into the match.
	bob.run(chromedp.Reload())
	bob.screen("match")
	bob.until("the match after a reload", playing)

	won := map[*window]bool{}
	for _, w := range []*window{ann, bob} {
		w.screen("result")
		w.shot("result")
		won[w] = w.outcome() == "won"
		w.click("#again")
		w.screen("lobby")
		w.until("nobody ready in the open lobby", `!document.querySelector("#ready").disabled && document.querySelectorAll("[data-player]").length === 8`)
	}
	// The rules in TypeScript keep the table.
	for _, w := range []*window{ann, bob} {
		w.click("#leave")
		w.winner("Ann", won[ann])
		w.winner("Bob", won[bob])
	}
	gone := time.Now().Add(time.Minute)
	for len(m.gameServers(t)) > 0 {
		if time.Now().After(gone) {
			t.Fatalf("game servers are left: %v", m.gameServers(t))
		}
		ann.run(chromedp.Sleep(100 * time.Millisecond))
	}
}

// TestDuel is the other game, whose rules are a plugin process: Ann brings a spark
// home while Bob looks on, and is in the table of winners.
func TestDuel(t *testing.T) {
	chrome := browser(t)
	m := serve(t, 12)
	url := m.url + "/games/duel/play/"
	ann := newWindow(t, chrome, "ann", url, 1280, 800, false)
	bob := newWindow(t, chrome, "bob", url, 1280, 800, false)
	ann.enter("Ann")
	bob.enter("Bob")
	ann.until("an empty table", `document.querySelector("#no-winners").offsetParent !== null`)
	ann.click("#create")
	ann.screen("lobby")
	bob.run(chromedp.SendKeys("#code", ann.text("#lobby-code")))
	bob.click("#join")
	bob.screen("lobby")
	bob.click("#ready")
	ann.click("#ready")
	ann.click("#start")
	for _, w := range []*window{ann, bob} {
		w.screen("match")
		w.until("the match under way", playing)
	}
	ann.js(pilot)
	for w, want := range map[*window]string{ann: "won", bob: "lost"} {
		w.screen("result")
		if got := w.outcome(); got != want {
			t.Errorf("%s has %s", w.name, got)
		}
		w.click("#again")
		w.screen("lobby")
		w.until("the open lobby", `!document.querySelector("#ready").disabled`)
		w.click("#leave")
		w.winner("Ann", true)
		w.winner("Bob", false)
		w.shot("winners")
	}
}

// pilot steers as a person would with keys: to the nearest spark, then home.
const pilot = `setInterval(() => {
  const { self, state, welcome } = __arena;
  const near = (to) => Math.hypot(to[1] - self.x, to[2] - self.y);
  const base = welcome.map.bases.find((b) => b.team === self.team);
  const to = self.carry ? [0, base.x, base.y] : state.s.toSorted((a, b) => near(a) - near(b))[0];
  const key = (code, down) => dispatchEvent(new KeyboardEvent(down ? "keydown" : "keyup", { code, bubbles: true }));
  if (!to) return;
  key("KeyD", to[1] > self.x + 8), key("KeyA", to[1] < self.x - 8);
  key("KeyS", to[2] > self.y + 8), key("KeyW", to[2] < self.y - 8);
}, 50)`

// TestAlone is one person on a phone, who tries the other game against a bot.
func TestAlone(t *testing.T) {
	chrome := browser(t)
	m := serve(t, 6)
	cid := newWindow(t, chrome, "cid", m.url+"/games/duel/play/", 390, 844, true)
	cid.enter("Cid")
	cid.click("#create")
	cid.screen("lobby")
	cid.click("#bots")
	cid.until("a bot", `document.querySelectorAll("[data-player]").length === 2`)
	cid.click("#ready")
	cid.click("#start")
	cid.screen("match")
	cid.until("the match under way", playing)
	cid.shot("duel")
	cid.screen("result")
	cid.shot("duel-result")
	cid.click("#again")
	cid.screen("lobby")
}
