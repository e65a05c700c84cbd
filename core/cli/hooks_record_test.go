package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-gg/muster/runtime/script"
)

// recorded is a line that a server answers with.
const recorded = `{"format":"muster.recording/1","recordedAt":"2026-01-02T03:04:05.678Z","game":"arena","hook":"rules.ts","entry":"rules.ts","version":"0123456789ab","point":"rpc",` +
	`"rpc":"../f\u001b[31m","timeoutMs":50,"tookMs":1.5,"request":{"name":"../f\u001b[31m"},"answer":{"payload":1},"tape":[{"random":0.5}]}` + "\n"

// TestHooksRecord: what a server sends is written into files of their own, whatever
// names are in it.
func TestHooksRecord(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	asked := ""
	body, length := "", ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.URL.String()
		if body == "no" {
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"error":"there is no such game","code":"not_found"}`)
			return
		}
		if length != "" {
			w.Header().Set("Content-Length", length)
		}
		_, _ = fmt.Fprint(w, body)
	}))
	defer s.Close()
	args := []string{"hooks", "record", "-game", "arena", "-admin", s.URL, "-count", "2", "-rpc", "f"}

	body = recorded + recorded
	text := muster(t, 0, args...)
	has(t, text, "recordings/rpc-.._f-_31m-20260102-030405.678.json: rpc ../f [31m, version 0123456789ab, 1.5 ms, answered\n",
		"\n2 calls recorded. To repeat them:\n\n  muster hooks replay recordings/rpc-.._f-_31m-20260102-030405.678.json recordings/rpc-.._f-_31m-20260102-030405.678-2.json\n")
	if want := "POST /hooks/record?count=2&errors=false&game=arena&point=&rpc=f&wait=1m0s"; asked != want {
		t.Errorf("it asked %s", asked)
	}
	files, err := filepath.Glob(filepath.Join(dir, "recordings", "*.json"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%v %v", files, err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}

	for answer, want := range map[string]string{
		"no": "there is no such game", "": "no such call came within 1m0s", "{}\n": "no admin listener of a Muster",
		strings.Repeat("x", script.MaxRecording+2): "a line of over 8388609 bytes",
	} {
		body = answer
		has(t, muster(t, 1, args...), want)
	}
	body, length = recorded, "10000"
	has(t, muster(t, 1, args...), "1 call recorded. To repeat it:", "ended before it was done")
	for _, wrong := range [][]string{{"-game", ""}, {"-point", "x"}, {"-count", "0"}, {"-count", "101"}, {"-wait", "1h"}, {"-point", "events"}} {
		has(t, muster(t, 2, append(args, wrong...)...), "muster: ", "muster hooks record --help")
	}
	s.Close()
	has(t, muster(t, 1, args...), "no server runs at")
	has(t, muster(t, 0, "hooks", "record", "--help"), "Calls of authenticate hold what players sign in with: they are recorded with\n-point authenticate and never otherwise.", "Authorization, Cookie, X-Api-Key")
}

// TestHooksReplay: the script is found by the config, and what cannot be repeated is
// status 2.
func TestHooksReplay(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"a.json": strings.ReplaceAll(recorded, `../f\u001b[31m`, "f"), "other.json": strings.ReplaceAll(strings.ReplaceAll(recorded, `../f\u001b[31m`, "f"), `"rules.ts"`, `"other.ts"`),
		"bad.json": "{", "game.json": strings.ReplaceAll(strings.ReplaceAll(recorded, `../f\u001b[31m`, "f"), `"arena"`, `"duel"`), "rules.ts": "export const rpc = { f: (ctx) => ctx.random() * 2 };", "broken.ts": "export {",
		"config.hcl": "game \"arena\" {\n  hooks \"script\" {\n    entry = \"rules.ts\"\n  }\n}\n", "wrong.hcl": "game {",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	has(t, muster(t, 0, "hooks", "replay", "a.json"), "a.json: same — rpc f of 2026-01-02 03:04:05 UTC, recorded with version 0123456789ab, now ")
	has(t, muster(t, 0, "hooks", "replay", "other.json", "-entry", "rules.ts"), "other.json: same")
	has(t, muster(t, 2, "hooks", "replay", "other.json", "a.json"), `other.json: the game "arena" of config.hcl has no script other.ts: say which one it is, by -entry PATH`, "a.json: same")
	has(t, muster(t, 2, "hooks", "replay", "game.json"), `game.json: config.hcl has no game "duel"`)
	has(t, muster(t, 2, "hooks", "replay", "bad.json", "none.json"), "bad.json: this is no recording", "none.json: no such file")
	has(t, muster(t, 2, "hooks", "replay", "a.json", "-config", "wrong.hcl"), "wrong.hcl:1", "Or say which script it is: -entry PATH")
	has(t, muster(t, 2, "hooks", "replay", "a.json", "-entry", "broken.ts"), "a.json: broken.ts:1:9: error:")
	has(t, muster(t, 2, "hooks", "replay"), "replay needs the files of recordings")
	has(t, muster(t, 2, "hooks", "replay", "-json", "bad.json"), `{"file":"bad.json","verdict":"cannot_run","error":"this is no recording`)
	if err := os.WriteFile("rules.ts", []byte("export const rpc = { f: (ctx) => { console.log('rolled'); return ctx.random() } };"), 0o600); err != nil {
		t.Fatal(err)
	}
	has(t, muster(t, 1, "hooks", "replay", "a.json"), "a.json: different — ", "\n    payload: was 1, is 0.5\n", "\n    log: info: rolled (rules.ts:1:44)\n")
	has(t, muster(t, 1, "hooks", "replay", "a.json", "-json"), `"verdict":"different"`, `"differences":["payload: was 1, is 0.5"]`, `"call":"rpc f"`)
}
