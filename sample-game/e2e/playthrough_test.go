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

	for _, w := range []*window{ann, bob} {
		w.screen("result")
		w.shot("result")
		w.click("#again")
		w.screen("lobby")
		w.until("nobody ready in the open lobby", `!document.querySelector("#ready").disabled && document.querySelectorAll("[data-player]").length === 8`)
	}
	gone := time.Now().Add(time.Minute)
	for len(m.gameServers(t)) > 0 {
		if time.Now().After(gone) {
			t.Fatalf("game servers are left: %v", m.gameServers(t))
		}
		ann.run(chromedp.Sleep(100 * time.Millisecond))
	}
}

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
