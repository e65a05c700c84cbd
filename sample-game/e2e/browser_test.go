//go:build linux

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser starts a headless Chromium. Without one the test is skipped, or fails
// where CI=true promises one.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("no Chromium: bash .ci/install-deps.sh chromium")
		}
		t.Skip("no Chromium on PATH; get it with: bash .ci/install-deps.sh chromium (as root on Debian), or your system's package manager")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		// Two windows must both run as if each were in front.
		chromedp.Flag("disable-background-timer-throttling", true), chromedp.Flag("disable-renderer-backgrounding", true),
		chromedp.Flag("disable-backgrounding-occluded-windows", true),
	)
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	must(t, chromedp.Do(ctx))
	return ctx
}

// window is one person's browser window.
type window struct {
	t    *testing.T
	ctx  context.Context
	name string
}

// newWindow opens a page in a window of the given size.
func newWindow(t *testing.T, browser context.Context, name, url string, width, height int64, phone bool) *window {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(func(ev any) {
		if e, ok := ev.(*cdpruntime.EventExceptionThrown); ok {
			t.Errorf("%s: the page threw: %s", name, e.ExceptionDetails.Text)
		}
	}))
	t.Cleanup(cancel)
	w := &window{t: t, ctx: ctx, name: name}
	must(t, chromedp.Do(ctx)) // the first run is what the window lives by
	size := []chromedp.EmulateViewportOption{}
	if phone {
		size = append(size, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	w.run(chromedp.EmulateViewport(width, height, size...), chromedp.Navigate(url))
	return w
}

func (w *window) run(actions ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 60*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		w.shot("failed")
		w.t.Fatalf("%s: %v", w.name, err)
	}
}

// until waits for a condition of the page.
func (w *window) until(what, js string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 60*time.Second)
	defer cancel()
	poll := chromedp.Poll[chromedp.Void](js, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(0))
	if _, err := chromedp.Run(ctx, poll); err != nil {
		w.shot("failed")
		w.t.Fatalf("%s never saw %s: %v", w.name, what, err)
	}
}

func (w *window) screen(name string) {
	w.t.Helper()
	w.until("the screen "+name, `document.body.dataset.screen === "`+name+`"`)
}

func (w *window) click(selector string) {
	w.t.Helper()
	w.until(selector+" to be usable", `(() => { const e = document.querySelector("`+selector+`"); return e && !e.disabled && e.offsetParent !== null })()`)
	w.run(chromedp.Click(selector))
}

func (w *window) text(selector string) string {
	w.t.Helper()
	text, err := chromedp.Run(w.ctx, chromedp.Text(selector))
	must(w.t, err)
	return text
}

// outcome is that of the result that is shown: won, lost or draw.
func (w *window) outcome() string {
	w.t.Helper()
	outcome, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](`document.querySelector("#winner").dataset.outcome`))
	must(w.t, err)
	return outcome
}

// winner checks the table of the home screen: somebody is in it, or is not.
func (w *window) winner(name string, in bool) {
	w.t.Helper()
	w.screen("home")
	w.until("the table of winners", `document.querySelector("#winners-card").offsetParent !== null`)
	w.until(fmt.Sprintf("%s in the table: %v", name, in),
		fmt.Sprintf(`[...document.querySelectorAll("#winners tr td:first-child")].some((td) => td.textContent === %q) === %v`, name, in))
}

// js runs a script in the page.
func (w *window) js(script string) {
	w.t.Helper()
	w.run(chromedp.Evaluate[chromedp.Void](script))
}

// enter gives a name and comes to the home screen.
func (w *window) enter(name string) {
	w.t.Helper()
	w.screen("name")
	w.shot("name")
	w.run(chromedp.SendKeys("#name", name))
	w.click("#play")
	w.screen("home")
}

// shot keeps a picture of the window in the folder that MUSTER_SHOTS names.
func (w *window) shot(what string) {
	dir := os.Getenv("MUSTER_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(w.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		w.t.Logf("%s: no picture of %s: %v", w.name, what, err)
		return
	}
	must(w.t, os.WriteFile(filepath.Join(dir, w.name+"-"+what+".png"), png, 0o600))
}
