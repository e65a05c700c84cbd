package bundle_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-gg/muster/runtime/script/bundle"
)

// TestResolve imports from everywhere a script may.
func TestResolve(t *testing.T) {
	for name, test := range map[string]struct {
		from string
		more files
	}{
		"extension":            {"./a", files{"a.ts": "export const v = 'yes'"}},
		"first extension":      {"./a", files{"a.ts": "export const v = 'yes'", "a.js": "export const v = 'no'"}},
		"output's name":        {"./a.js", files{"a.ts": "export const v = 'yes'"}},
		"module's output":      {"./a.mjs", files{"a.mts": "export const v = 'yes'"}},
		"dots":                 {"./rules.v2", files{"rules.v2.ts": "export const v = 'yes'"}},
		"folder":               {"./lib", files{"lib/index.ts": "export const v = 'yes'"}},
		"file before folder":   {"./lib", files{"lib/index.ts": "export const v = 'no'", "lib.ts": "export const v = 'yes'"}},
		"folder by a slash":    {"./lib/", files{"lib/index.ts": "export const v = 'yes'", "lib.ts": "export const v = 'no'"}},
		"folder's main":        {"./lib", files{"lib/package.json": `{"main": "./x.js"}`, "lib/x.js": "export const v = 'yes'"}},
		"up and down":          {"./lib/../lib/a", files{"lib/a.ts": "export const v = 'yes'"}},
		"data":                 {"./a.json", files{"a.json": `{"v": "yes"}`}},
		"common":               {"./a.cjs", files{"a.cjs": "exports.v = require('./b').w", "b.js": "module.exports = { w: 'yes' }"}},
		"link inside":          {"./a", files{"a.ts": "-> lib/a.ts", "lib/a.ts": "export { v } from './b'", "lib/b.ts": "export const v = 'yes'"}},
		"main":                 {"p", files{"node_modules/p/package.json": `{"main": "lib/x"}`, "node_modules/p/lib/x.js": "exports.v = 'yes'"}},
		"module before main":   {"p", files{"node_modules/p/package.json": `{"main": "x.js", "module": "y.js"}`, "node_modules/p/y.js": "export const v = 'yes'"}},
		"no package.json":      {"p", files{"node_modules/p/index.js": "exports.v = 'yes'"}},
		"main that is missing": {"p", files{"node_modules/p/package.json": `{"main": "none.js"}`, "node_modules/p/index.js": "exports.v = 'yes'"}},
		"scope and file":       {"@s/p/lib/x.js", files{"node_modules/@s/p/lib/x.js": "exports.v = 'yes'"}},
		"browser is no word":   {"p", files{"node_modules/p/package.json": `{"main": "x.js", "browser": {"./x.js": "../../secret.json"}}`, "node_modules/p/x.js": "exports.v = 'yes'"}},
		"exports":              {"p", files{"node_modules/p/package.json": `{"exports": "./x.js", "main": "no.js"}`, "node_modules/p/x.js": "exports.v = 'yes'"}},
		"conditions":           {"p", files{"node_modules/p/package.json": `{"exports": {".": {"node": "./no.js", "browser": "./no.js", "import": {"types": "./x.d.ts", "default": "./x.mjs"}, "require": "./no.js"}}}`, "node_modules/p/x.mjs": "export const v = 'yes'"}},
		"required":             {"./a.cjs", files{"a.cjs": "exports.v = require('p').v", "node_modules/p/package.json": `{"exports": {"import": "./no.js", "require": "./x.cjs"}}`, "node_modules/p/x.cjs": "exports.v = 'yes'"}},
		"pattern":              {"p/deep/x", files{"node_modules/p/package.json": `{"exports": {"./*": "./no/*.js", "./deep/*": [null, "./lib/*.js"]}}`, "node_modules/p/lib/x.js": "exports.v = 'yes'"}},
		"own names":            {"p", files{"node_modules/p/package.json": `{"imports": {"#x": "./x.js"}}`, "node_modules/p/index.js": "export { v } from '#x'", "node_modules/p/x.js": "export const v = 'yes'"}},
		"nearest":              {"p", files{"node_modules/p/index.js": "export { v } from 'q'", "node_modules/p/node_modules/q/index.js": "exports.v = 'yes'", "node_modules/q/index.js": "exports.v = 'no'"}},
		"linked package":       {"p", files{"node_modules/p": "-> .pnpm/p/node_modules/p", "node_modules/.pnpm/p/node_modules/p/index.js": "export { v } from 'q'", "node_modules/.pnpm/p/node_modules/q/index.js": "exports.v = 'yes'"}},
		"instead of Node's":    {"events", files{"node_modules/events/index.js": "exports.v = 'yes'"}},
		"environment":          {"p", files{"node_modules/p/index.js": "exports.v = process.env.NODE_ENV === 'production' ? 'yes' : 'no'"}},
		"foreign tsconfig":     {"./a", files{"a.ts": "export const v = 'yes'", "tsconfig.json": `{"extends": "/etc/passwd", "compilerOptions": {"paths": {"./a": ["../x"]}}}`}},
	} {
		t.Run(name, func(t *testing.T) {
			test.more["arena.ts"] = "import { v } from '" + test.from + "'; export { v }"
			_, exports := run(t, must(t, test.more))
			if exports["v"].String() != "yes" {
				t.Errorf("got %v", exports["v"])
			}
		})
	}
}

func TestSideEffects(t *testing.T) {
	for manifest, want := range map[string]bool{`{"sideEffects": false}`: false, `{"sideEffects": ["x"]}`: true} {
		r := must(t, files{
			"arena.ts": "import { a } from 'p'; export const b = () => { if (false) a() }", "node_modules/p/package.json": manifest,
			"node_modules/p/index.js": "console.log('effect'); export const a = 1",
		})
		if got := strings.Contains(r.Code, "effect"); got != want {
			t.Errorf("%s: %t\n%s", manifest, got, r.Code)
		}
	}
	for manifest, want := range map[string]bool{`{"sideEffects": false}`: false, `{}`: true} {
		r := must(t, files{
			"arena.ts": "import { used } from 'p'; export { used }", "node_modules/p/package.json": manifest,
			"node_modules/p/index.js": "export * from './used'; export * from './unused'", "node_modules/p/used.js": "export const used = 1",
			"node_modules/p/unused.js": "console.log('effect'); export const unused = 1",
		})
		if got := strings.Contains(r.Code, "effect"); got != want {
			t.Errorf("%s: %t\n%s", manifest, got, r.Code)
		}
	}
}

// TestFence puts a secret beside the hooks folder and tries to get at it.
func TestFence(t *testing.T) {
	for name, test := range map[string]struct {
		code string
		more files
		want string
	}{
		"up":               {"import s from '../secret.json'; export const x = s", nil, `arena.ts:1:15: error: "../secret.json" leads out of the hooks folder` + "\n"},
		"up from below":    {"import './lib/a'", files{"lib/a.ts": "import s from '../../secret.json'; console.log(s)"}, `lib/a.ts:1:15: error: "../../secret.json" leads out`},
		"down and up":      {"import './lib/../../hooks/../secret.json'", nil, "leads out of the hooks folder"},
		"required":         {"export const x = require('../secret.json')", nil, "leads out of the hooks folder"},
		"dynamic":          {"export const x = () => import('../secret.json')", nil, "leads out of the hooks folder"},
		"absolute":         {"import 'SECRET'", nil, "is an absolute path"},
		"windows":          {`import 'C:\\secret.json'`, nil, "is an absolute path"},
		"file URL":         {"import 'file://SECRET'", nil, "no URLs"},
		"http URL":         {"import 'https://example.com/x.js'", nil, "no URLs"},
		"data URL":         {"import x from 'data:application/json,1'; export { x }", nil, "no URLs"},
		"link to a file":   {"import './a'", files{"a.json": "-> ../secret.json"}, "leads out of the hooks folder through a symbolic link"},
		"absolute link":    {"import './a.json'", files{"a.json": "-> SECRET"}, "leads out of the hooks folder through a symbolic link"},
		"link to a folder": {"import './up/secret.json'", files{"up": "-> .."}, "leads out of the hooks folder through a symbolic link"},
		"linked package":   {"import 'p'", files{"node_modules/p": "-> ../.."}, `The package "p" leads out of the hooks folder`},
		"main":             {"import 'p'", files{"node_modules/p/package.json": `{"main": "../../../secret.json"}`}, `The package "p" leads out of the hooks folder`},
		"main beside":      {"import 'p'", files{"node_modules/p/package.json": `{"main": "../../a.ts"}`, "a.ts": ""}, `The package "p" leads out of the hooks folder`},
		"exports":          {"import 'p'", files{"node_modules/p/package.json": `{"exports": "./../../../secret.json"}`}, `The package "p" leads out of the hooks folder`},
		"exports beside":   {"import 'p'", files{"node_modules/p/package.json": `{"exports": "./../../a.ts"}`, "a.ts": ""}, `The package "p" leads out of the hooks folder`},
		"exports by star":  {"import 'p/../../../secret.json'", files{"node_modules/p/package.json": `{"exports": {"./*": "./*"}}`}, "is no name of a package"},
		"own names":        {"import 'p'", files{"node_modules/p/package.json": `{"imports": {"#x": "../../secret.json"}}`, "node_modules/p/index.js": "import '#x'"}, `"#x" leads out of its package`},
		"linked manifest":  {"import 'p'", files{"node_modules/p/package.json": "-> ../../../secret.json"}, `The package "p" leads out of the hooks folder`},
		"package above":    {"import 'above'", nil, `there is no package "above"`},
		"pattern":          {"export const x = (n: string) => import('../' + n + '.json')", nil, "import() needs the path as a plain string"},
		"variable":         {"export const x = (n: string) => import(n)", nil, "import() needs the path as a plain string"},
		"source map":       {"export const x = 1\n//# sourceMappingURL=file://SECRET", nil, "arena.ts:2:3: error: A source map cannot be at a file: URL"},
		"another kind":     {"import './a.css'", files{"a.css": ""}, `"./a.css" is none of .ts, .mts`},
		"hidden kind":      {"import './a.json'", files{"a.json": "-> a.txt", "a.txt": "1"}, `"./a.json" is none of .ts, .mts`},
		"loader":           {"import x from './a.json' with { type: 'text' }; export { x }", files{"a.json": "1"}, "Import attributes are not supported"},
		"bytes":            {"import './a'", files{"a.ts": "-> b\xed.ts", "b\xed.ts": ""}, "has a name that is not UTF-8"},
		"half a character": {"import '../\\ud800.json'", nil, "leads out of the hooks folder"},
		"Node's":           {"import fs from 'fs'; export { fs }", nil, `arena.ts:1:16: error: "fs" is a module of Node.js: hooks have no files; ctx.storage keeps data`},
		"Node's by prefix": {"import 'node:child_process'", files{"node_modules/child_process/index.js": ""}, `"node:child_process" is a module of Node.js`},
		"deep in Node":     {"import 'fs/promises'", nil, `"fs/promises" is a module of Node.js`},
		"types":            {"import { Context } from 'muster'; console.log(Context)", nil, `"muster" has types only`},
		"empty name":       {"import ''", nil, "is no name of a package"},
	} {
		t.Run(name, func(t *testing.T) {
			f := files{"secret.json": `{"key": "TOPSECRET"}`, "node_modules/above/index.js": ""}
			for n, text := range test.more {
				f["hooks/"+n] = text
			}
			root := folder(t, f)
			secret := filepath.Join(root, "secret.json")
			for n, text := range test.more {
				if text == "-> SECRET" {
					if err := os.Remove(filepath.Join(root, "hooks", n)); err != nil {
						t.Fatal(err)
					}
					if err := os.Symlink(secret, filepath.Join(root, "hooks", n)); err != nil {
						t.Fatal(err)
					}
				}
			}
			entry := filepath.Join(root, "hooks", "arena.ts")
			if err := os.MkdirAll(filepath.Dir(entry), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(entry, []byte(strings.ReplaceAll(test.code, "SECRET", secret)), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := bundle.Build(t.Context(), bundle.Options{Entry: entry})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %s", err, test.want)
			}
			if strings.Contains(err.Error(), "TOPSECRET") {
				t.Errorf("the error tells the secret: %v", err)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	big := "export const x = '" + strings.Repeat("x", 1<<20) + "'"
	refuses(t, files{"arena.ts": "import './a'; import './b'; import './c'", "a.ts": big, "b.ts": big, "c.ts": big}, "The sources of the bundle are over 2 MiB")
	many := files{"arena.ts": "import './f/0'"}
	for i := range 1100 {
		many[fmt.Sprintf("f/%d.ts", i)] = fmt.Sprintf("import './%d'", i+1)
	}
	many["f/1100.ts"] = ""
	refuses(t, many, "The bundle has over 1000 files")
}
