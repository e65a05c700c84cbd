package bundle

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// namespace marks the paths that went through the fence. Of others the compiler
// would read files by itself.
const namespace = "muster"

// loaders are the files that a script may be made of.
var loaders = map[string]api.Loader{
	".ts": api.LoaderTS, ".mts": api.LoaderTS, ".js": api.LoaderJS, ".mjs": api.LoaderJS, ".cjs": api.LoaderJS, ".json": api.LoaderJSON,
}

func checkExtension(file string) error {
	if _, ok := loaders[path.Ext(file)]; !ok {
		return errors.New("is none of .ts, .mts, .js, .mjs, .cjs, .json")
	}
	return nil
}

// fence answers for the compiler where an import leads and what is there.
func fence(b api.PluginBuild, t *tree, entry string) {
	r := &resolver{tree: t}
	b.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
		if a.Kind == api.ResolveEntryPoint {
			return api.OnResolveResult{Path: entry, Namespace: namespace}, nil
		}
		t.tell(a.Importer, true) // its imports are known
		file, pure, err := r.resolve(a)
		if err != nil {
			return api.OnResolveResult{}, err
		}
		found := api.OnResolveResult{Path: file, Namespace: namespace}
		if pure {
			found.SideEffects = api.SideEffectsFalse
		}
		return found, nil
	})
	b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: namespace}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
		t.tell(a.Path, false)
		text, err := t.source(a.Path)
		if err != nil {
			return api.OnLoadResult{}, err
		}
		if p := scan(text); p != nil {
			return api.OnLoadResult{Errors: []api.Message{p.message(a.Path, text)}}, nil
		}
		// Without a ResolveDir the compiler looks for nothing by itself.
		loader, ok := loaders[path.Ext(a.Path)]
		if !ok {
			loader = api.LoaderJS // a module of the platform
		}
		return api.OnLoadResult{Contents: &text, Loader: loader}, nil
	})
	b.OnLoad(api.OnLoadOptions{Filter: ".*"}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
		return api.OnLoadResult{}, fmt.Errorf("%q cannot be imported", a.Path)
	})
}

// fault is what is wrong at an offset of a source.
type fault struct {
	offset, length int
	text           string
}

func (f *fault) message(file, source string) api.Message {
	start := strings.LastIndexByte(source[:f.offset], '\n') + 1
	line, _, _ := strings.Cut(source[start:], "\n")
	line = line[:f.offset-start] + strings.ToValidUTF8(line[f.offset-start:], "\uFFFD")
	return api.Message{Text: f.text, Location: &api.Location{
		File: file, Namespace: namespace, Line: strings.Count(source[:start], "\n") + 1, Column: f.offset - start, Length: f.length, LineText: line,
	}}
}
