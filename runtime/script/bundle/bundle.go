// Package bundle makes one script of a hook's sources: TypeScript or JavaScript,
// what they import beside them, and packages of their node_modules. Nothing outside
// of the hooks folder is ever read.
package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/evanw/esbuild/pkg/api"
)

// Limits of what goes into one bundle.
const (
	maxBytes = 2 << 20
	maxFiles = 1000
	// maxTime is how long the compiler may take, whatever the context allows.
	maxTime = 10 * time.Second
)

// Options say what to bundle.
type Options struct {
	// Entry is the absolute path of the file whose exports are the hooks.
	Entry string
	// Root is the folder that imports must not leave, symlinks resolved. The
	// default is Entry's folder.
	Root string
	// Modules are sources that the platform gives beside the files of Root, in
	// JavaScript, by the names that imports have for them. Entry may be such a name;
	// what that one imports is searched in Root.
	Modules map[string]string
	// Progress, if it is set, is told of each file that the compiler begins to read,
	// and (read) of those that are known to have been read. It is called from several
	// goroutines at once.
	Progress func(file string, read bool)
}

// Result is a bundle.
type Result struct {
	// Code is a script for goja, all of it in one strict function. Its last act is
	// to call __muster_export(name, value), a global that its host sets before, for
	// each of Exports.
	Code string
	// SourceMap leads from Code to the sources, which it contains. Their names are
	// relative to Root.
	SourceMap []byte
	// Exports are the names that the entry exports, sorted.
	Exports []string
	// Files are the absolute paths of all files that were read, sorted.
	Files []string
	// Hash is 12 hex digits of Code and SourceMap: the same sources have the same
	// hash on every machine, wherever they are.
	Hash string
	// Warnings are for the author; the bundle works.
	Warnings []Problem
}

// Build bundles. A source that cannot be used is an *Error. When ctx ends first,
// its error is returned at once, although the compiler cannot be stopped in the
// middle of a file: it goes on by itself until it has read that one.
func Build(ctx context.Context, o Options) (*Result, error) {
	if o.Root == "" {
		o.Root = filepath.Dir(o.Entry)
	}
	t, err := openTree(o.Root)
	if err != nil {
		return nil, err
	}
	t.modules, t.progress = o.Modules, o.Progress
	entry, err := t.entry(o.Entry)
	if err != nil {
		t.close()
		return nil, err
	}
	c, failed := api.Context(options(t, entry))
	if failed != nil {
		t.close()
		return nil, fmt.Errorf("bundle: %w", failed)
	}
	done := make(chan outcome, 1)
	go func() {
		defer t.close()
		defer c.Dispose()
		r, err := finish(t, entry, c.Rebuild())
		done <- outcome{r, err}
	}()
	limit := time.NewTimer(maxTime)
	defer limit.Stop()
	select {
	case out := <-done:
		return out.result, out.err
	case <-ctx.Done():
		err = ctx.Err()
	case <-limit.C:
		err = &Error{Problems: []Problem{{File: entry, Text: fmt.Sprintf("The sources took over %v to compile", maxTime)}}}
	}
	t.stop()
	go c.Cancel() // waits for the build
	return nil, err
}

// outcome is what a build comes to.
type outcome struct {
	result *Result
	err    error
}

// Everything is one function: what a module declares must not become a global.
const (
	header = `(function () { "use strict";`
	footer = `})();`
)

// options are the compiler's. The module of the entry stays a module, so that the
// output needs no helpers, and register turns its export clause into calls.
func options(t *tree, entry string) api.BuildOptions {
	return api.BuildOptions{
		EntryPointsAdvanced: []api.EntryPoint{{InputPath: filepath.Join(t.root, "entry"), OutputPath: "hooks"}},
		AbsWorkingDir:       t.root,
		Outdir:              t.root,
		Bundle:              true,
		Write:               false,
		Metafile:            true,
		Format:              api.FormatESModule,
		Platform:            api.PlatformNeutral,
		Charset:             api.CharsetASCII, // columns then are the same in bytes and characters
		LegalComments:       api.LegalCommentsNone,
		Sourcemap:           api.SourceMapExternal,
		TsconfigRaw:         "{}", // no tsconfig.json is looked for
		Target:              api.ES2022,
		Supported:           unsupported(),
		Define:              map[string]string{"process.env.NODE_ENV": `"production"`},
		Banner:              map[string]string{"js": header},
		Footer:              map[string]string{"js": footer},
		LogLevel:            api.LogLevelSilent,
		LogLimit:            0, // all: which are shown is decided after sorting
		LogOverride: map[string]api.LogLevel{
			"unsupported-dynamic-import": api.LogLevelError,
			"empty-import-meta":          api.LogLevelError,
			"empty-glob":                 api.LogLevelError,
		},
		Plugins: []api.Plugin{{Name: namespace, Setup: func(b api.PluginBuild) { fence(b, t, entry) }}},
	}
}

// unsupported is what goja does not know of the target, and what a script may not.
func unsupported() map[string]bool {
	no := map[string]bool{}
	for _, feature := range []string{
		"async-generator", "for-await", "import-meta", "top-level-await", "regexp-match-indices", "regexp-set-notation",
		"decorators", "using", "import-assertions", "import-attributes", "import-defer", "import-source",
		"arbitrary-module-namespace-names",
	} {
		no[feature] = false
	}
	return no
}

// finish makes the result of what the compiler says.
func finish(t *tree, entry string, built api.BuildResult) (*Result, error) {
	if len(built.Errors) > 0 {
		return nil, &Error{Problems: problems(built.Errors, false)}
	}
	code, sourceMap := "", []byte(nil)
	for _, f := range built.OutputFiles {
		if filepath.Ext(f.Path) == ".map" {
			sourceMap = f.Contents
		} else {
			code = string(f.Contents)
		}
	}
	var meta metafile
	if err := json.Unmarshal([]byte(built.Metafile), &meta); err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	if p := meta.refuse(t, entry); p != nil {
		return nil, &Error{Problems: []Problem{*p}}
	}
	code, exports, err := register(code, meta.exports())
	if err != nil {
		return nil, err
	}
	if sourceMap, err = plainSources(sourceMap); err != nil {
		return nil, err
	}
	return &Result{
		Code: code, SourceMap: sourceMap, Exports: exports, Files: t.files(),
		Hash: Sum(code, sourceMap), Warnings: problems(built.Warnings, true),
	}, nil
}

// Sum is the Hash of a bundle.
func Sum(code string, sourceMap []byte) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%d\n%s%s", len(code), code, sourceMap)
	return hex.EncodeToString(sum.Sum(nil))[:12]
}
