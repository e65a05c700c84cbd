package script_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/muster-gg/muster/runtime/script"
	"github.com/muster-gg/muster/sdk/hook"
)

func TestLoadFindsExports(t *testing.T) {
	v := load(t, `
		export const validateStart = () => true;
		export async function balanceTeams() {}
		export const rpc = { top: () => 1, async buy() {} };
		export const on = { lobbyCreated() {} };
		export const helper = 3;
	`)
	want := []hook.Point{hook.PointEvents, hook.PointBalanceTeams, hook.PointValidateStart, hook.PointRpc}
	if got := v.Points(); !slices.Equal(got, want) {
		t.Errorf("points %v, want %v", got, want)
	}
	if got := v.RpcNames(); !slices.Equal(got, []string{"buy", "top"}) {
		t.Errorf("rpc names %q", got)
	}
	if len(v.Hash()) != 12 {
		t.Errorf("hash %q", v.Hash())
	}
	if files := v.Files(); len(files) != 1 || filepath.Base(files[0]) != "arena.ts" {
		t.Errorf("files %q", files)
	}
}

func TestHashFollowsContent(t *testing.T) {
	one, two := load(t, `export const validateStart = () => true`), load(t, `export const validateStart = () => false`)
	again := load(t, `export const validateStart = () => true`)
	if one.Hash() == two.Hash() || one.Hash() != again.Hash() {
		t.Errorf("hashes %s, %s and %s", one.Hash(), two.Hash(), again.Hash())
	}
}

func TestLoadErrors(t *testing.T) {
	tests := map[string]struct {
		source string
		want   []string // parts of the message
	}{
		"no function":     {`export const validateStart = 5`, []string{"arena.ts: validateStart must be a function, is the number 5"}},
		"rpc no object":   {`export const rpc = () => 1`, []string{"rpc must be an object of functions, is a function"}},
		"rpc member":      {`export const rpc = { top: 1 }`, []string{"rpc.top must be a function, is the number 1"}},
		"nothing":         {`const x = 1`, []string{"serves no extension point: it exports nothing"}},
		"a slip":          {`export const validateStarts = () => 1`, []string{"it exports validateStarts; did you mean validateStart?"}},
		"something else":  {`export const a = 1, b = 2`, []string{"it exports a, b; a script exports one or more of", "balanceTeams"}},
		"syntax":          {"export const rpc = {\n  top: (\n};", []string{"arena.ts:3:1: ", "};"}},
		"throws":          {"const teams: any = undefined;\n\nconst all = teams.length;\nexport const rpc = { all: () => all };", []string{"arena.ts:3:19: TypeError: Cannot read property 'length' of undefined", "const all = teams.length;\n" + strings.Repeat(" ", 4+18) + "^"}},
		"throws its own":  {"throw new RangeError('too big');\nexport const rpc = {};", []string{"arena.ts:1:7: RangeError: too big"}},
		"throws text":     {"throw 'no';\nexport const rpc = {};", []string{"arena.ts:1:1: threw the text \"no\""}},
		"no global":       {"export const rpc = {};\nfetch('http://x');", []string{"ReferenceError: fetch is not defined: hooks have no fetch, use ctx.fetch"}},
		"eval":            {"export const rpc = {};\n(0, eval)('1');", []string{"TypeError: eval is not available in hooks: code cannot be made from text"}},
		"Function":        {"export const rpc = {};\nnew Function('return 1')();", []string{"Function is not available in hooks"}},
		"its constructor": {"export const rpc = {};\n(() => 1).constructor('return 1')();", []string{"Function is not available in hooks"}},
		"async's":         {"export const rpc = {};\n(async () => 1).constructor('return 1')();", []string{"AsyncFunction is not available in hooks"}},
		"generator's":     {"export const rpc = {};\n(function* () {}).constructor('yield 1')();", []string{"GeneratorFunction is not available in hooks"}},
		"Proxy":           {"export const rpc = {};\nnew Proxy({}, {});", []string{"Proxy is not defined: hooks have no Proxy"}},
		"BigInt":          {"export const rpc = {};\nBigInt(1);", []string{"BigInt is not defined: hooks have no BigInt"}},
		"timer outside":   {"export const rpc = {};\nsetTimeout(() => 1, 1);", []string{"setTimeout can be used in a call only"}},
		"endless":         {"export const rpc = {};\nlet n = 0;\nwhile (true) n++;", []string{"arena.ts:3:", "the code outside of functions does not come to an end"}},
		"recursion":       {"export const rpc = {};\nfunction f() { f() }\nf();", []string{"arena.ts:2:", "functions call each other over 1000 levels deep"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := tryLoad(t, test.source)
			if err == nil {
				t.Fatal("it was loaded")
			}
			for _, part := range test.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error is\n%s\nwhich lacks %q", err, part)
				}
			}
		})
	}
}

// TestErrorOfAnImport shows the place in the file that the mistake is in.
func TestErrorOfAnImport(t *testing.T) {
	entry := write(t, map[string]string{
		"arena.ts":     "import { half } from './lib/math';\nexport const rpc = { half: (_: unknown, n: any) => half(n) };",
		"lib/math.ts":  "// A comment.\nexport const half = (n: { value: number }) =>\n  n.value.count / 2;\n",
		"unrelated.ts": "export const x = 1;",
	})
	v, err := script.Load(context.Background(), script.Options{Game: "arena", Entry: entry, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close(context.Background())
	if files := v.Files(); len(files) != 2 {
		t.Errorf("files %q", files)
	}
	_, err = v.Impl().Rpc(context.Background(), &hook.RpcRequest{Name: "half"})
	var e *script.Error
	if !errors.As(err, &e) {
		t.Fatalf("the error is %v", err)
	}
	if want := "lib/math.ts:3:5: TypeError: Cannot read property 'value' of undefined"; e.Error() != want {
		t.Errorf("the error is %q, want %q", e, want)
	}
	if len(e.Stack) != 2 || e.Stack[0].Function != "half" || e.Stack[1].File != "arena.ts" || e.Stack[1].Line != 2 {
		t.Errorf("the stack is %+v", e.Stack)
	}
}

func TestLoadWarns(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	load(t, `
		export const validateStart = () => true;
		export const beforeLobbyJoins = () => {};
		export const numbers = [1];
		export const on = { lobbyCreate() {} };
		console.warn("loaded", { at: 1 });
	`, func(o *script.Options) { o.Logger = zap.New(core) })
	want := []string{
		`loaded {"at":1}`,
		"export beforeLobbyJoins serves no extension point, did you mean beforeLobbyJoin?",
		"there is no such event: on.lobbyCreate, did you mean lobbyCreated?",
	}
	var got []string
	for _, line := range logs.All() {
		got = append(got, line.Message)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the lines are %q, want %q", got, want)
	}
}

func TestLoadEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	entry := write(t, map[string]string{"arena.ts": "export const rpc = {}; for (;;) ;"})
	if _, err := script.Load(ctx, script.Options{Game: "arena", Entry: entry}); err == nil {
		t.Error("it was loaded")
	}
}

func TestOptions(t *testing.T) {
	for name, o := range map[string]script.Options{
		"no game":  {Entry: "/a/b.ts"},
		"relative": {Game: "arena", Entry: "b.ts"},
		"no file":  {Game: "arena", Entry: filepath.Join(t.TempDir(), "none.ts")},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := script.Load(context.Background(), o); err == nil {
				t.Error("no error")
			}
		})
	}
}
