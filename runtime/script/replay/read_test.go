package replay_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/runtime/script/replay"
)

// sample is a recording with a step of each kind.
const sample = `{"format":"muster.recording/1","recordedAt":"2026-01-02T03:04:05.678Z","game":"arena","hook":"arena.ts","entry":"arena.ts","version":"0123456789ab",
"point":"rpc","rpc":"f","zone":{"name":"UTC","offset":0},"timeoutMs":50,"tookMs":1.5,"request":{"game":"arena","name":"f"},"answer":{"payload":1},
"log":[{"level":"info","text":"x","fields":{"a":1},"at":"arena.ts:1:2"}],
"tape":[{"now":{"ms":1767323045678,"times":2}},{"random":0.5},{"timer":1},{"work":{"id":1,"at":"arena.ts:1:2","asked":[
{"fetch":{"method":"GET","url":"http://example.com/","headers":{"A":"(redacted)"}},"response":{"status":200,"headers":{"a":"b"},"body":{"base64":"/w=="}}},
{"storage":{"op":"set","account":"ann","keys":["k"],"value":1,"when":-1},"version":7},
{"storage":{"op":"list","limit":100},"entries":[{"key":"k","value":1,"version":7,"updatedAt":5}]},
{"notify":{"account":"ann","kind":"k"},"error":{"code":"invalid_notice","text":"no"}}]}}]}`

func TestRead(t *testing.T) {
	r, err := replay.Read(strings.NewReader(sample))
	if err != nil {
		t.Fatal(err)
	}
	again, err := r.Encode()
	if err != nil || strings.TrimSpace(string(again)) != strings.ReplaceAll(sample, "\n", "") {
		t.Errorf("it is written as\n%s\n%v", again, err)
	}
}

// TestBad: files that are no recordings, or were changed, are errors that say why.
func TestBad(t *testing.T) {
	for name, c := range map[string]struct{ old, instead, want string }{
		"nothing":             {sample, "", "this is no recording"},
		"another JSON":        {sample, `{"game": 1}`, "this is no recording: it has no format"},
		"a list":              {sample, `[]`, "this is no recording"},
		"an old format":       {"recording/1", "recording/0", `its format is "muster.recording/0", and this version of Muster reads "muster.recording/1"`},
		"unknown fields":      {`"timeoutMs":50`, `"timeoutMs":50,"more":1`, `unknown field "more"`},
		"cut off":             {`"version":7,"updatedAt":5}]},`, ``, "this is no recording"},
		"two":                 {`1.5`, `1.5}{`, "this is no recording"},
		"a point":             {`"point":"rpc"`, `"point":"x"`, `there is no point "x"`},
		"another point":       {`"point":"rpc"`, `"point":"validate_start"`, "the request is none of validateStart"},
		"another function":    {`"rpc":"f"`, `"rpc":"g"`, `rpc is "g", and the request is for "f"`},
		"no game":             {`"recordedAt":"2026-01-02T03:04:05.678Z","game":"arena"`, `"recordedAt":"2026-01-02T03:04:05.678Z","game":""`, "it names no game"},
		"a way out":           {`"entry":"arena.ts"`, `"entry":"../arena.ts"`, `entry is "../arena.ts", not the name of a file`},
		"an answer":           {`"answer":{"payload":1}`, `"answer":{"x":1}`, "the answer is none of rpc"},
		"answer and error":    {`"answer":`, `"failed":{"kind":"error","text":"x"},"answer":`, "it has an answer and an error"},
		"a kind of error":     {`"answer":{"payload":1}`, `"failed":{"kind":"x","text":"x"}`, `there is no kind of error "x"`},
		"a refusal":           {`"answer":{"payload":1}`, `"failed":{"kind":"refusal","text":"x"}`, "the refusal is none"},
		"an empty step":       {`{"random":0.5}`, `{}`, "step 2 of the tape: it must be one of now, random, work and timer"},
		"two in a step":       {`{"random":0.5}`, `{"random":0.5,"timer":1}`, "step 2 of the tape: it must be one of"},
		"a random number":     {`0.5`, `1`, "a random number is from 0 up to 1"},
		"a time":              {`"times":2`, `"times":0`, "now is no time"},
		"a timer":             {`"timer":1`, `"timer":-1`, "timer is no number of one"},
		"work without number": {`"id":1`, `"id":0`, "the work has no number"},
		"work twice":          {`{"timer":1}`, `{"work":{"id":1}}`, "work 1 is there twice"},
		"no question":         {`{"notify":{"account":"ann","kind":"k"},`, `{`, "what was asked must be one of"},
		"no answer":           {`"response":{"status":200,`, `"response":{"status":0,`, "a fetch has neither an answer nor an error"},
		"a method of storage": {`"op":"list"`, `"op":"drop"`, `storage has no "drop"`},
		"a write of no key":   {`"keys":["k"],`, ``, "a write needs one key"},
		"too many steps":      {`{"timer":1}`, strings.Repeat(`{"timer":1},`, script.MaxSteps) + `{"timer":1}`, "the tape has over 10000 steps"},
		"too large":           {`"text":"x"`, `"text":"` + strings.Repeat("x", replay.MaxFile) + `"`, "over 32 MiB is no recording"},
	} {
		if !strings.Contains(sample, c.old) {
			t.Fatalf("%s: %s is not in the sample", name, c.old)
		}
		if _, err := replay.Read(strings.NewReader(strings.Replace(sample, c.old, c.instead, 1))); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if _, err := replay.Read(broken{}); err == nil {
		t.Error("a file that cannot be read")
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// FuzzRead looks for files that bring a replay down.
func FuzzRead(f *testing.F) {
	f.Add(sample)
	f.Add(`{"format":"muster.recording/1"}`)
	f.Add(strings.Replace(sample, `"answer":{"payload":1}`, `"failed":{"kind":"refusal","text":"x","refusal":{"reason":"x"}}`, 1))
	f.Add(strings.Replace(sample, `"timeoutMs":50`, `"timeoutMs":1e308`, 1))
	s := record(f, `export const rpc = { async f(ctx) {
		ctx.random(); Date.now();
		await new Promise((done) => setTimeout(done, 1));
		const r = await ctx.fetch("http://example.com/", { headers: { a: "b" } });
		await ctx.storage.account("ann").set("k", 1);
		await ctx.notify("ann", "k").catch(() => {});
		return [r.text(), r.headers, await ctx.storage.list()];
	} }`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := replay.Read(strings.NewReader(text))
		if err != nil {
			return
		}
		data, err := r.Encode()
		if err != nil || !json.Valid(data) {
			t.Fatalf("it is written as %s, %v", data, err)
		}
		if r.Failed != nil && r.Failed.Kind == script.FailedTimeout {
			r.TimeoutMs = 1
		}
		result, err := replay.Run(t.Context(), r, s.entry)
		if err != nil {
			return
		}
		if err := result.Write(io.Discard, "f.json"); err != nil {
			t.Fatal(err)
		}
	})
}
