package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/evanw/esbuild/pkg/api"
)

// resolver finds what an import means. It asks the tree alone: no tsconfig.json
// and no package.json `browser` can send it elsewhere.
type resolver struct{ tree *tree }

// extensions may be left out of an import, in this order.
var extensions = []string{".ts", ".mts", ".js", ".mjs", ".cjs", ".json"}

var scheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)

// resolve returns the file, and whether it may be left out of the bundle when
// nothing of it is used. Errors are sentences for the author.
func (r *resolver) resolve(a api.OnResolveArgs) (file string, pure bool, err error) {
	spec, dir := a.Path, path.Dir(a.Importer)
	for k, v := range a.With {
		if k != "type" || v != "json" {
			return "", false, sentence("Import attributes are not supported (%s: %q)", k, v)
		}
	}
	if _, given := r.tree.modules[spec]; given {
		return spec, false, nil
	}
	switch {
	case a.Kind == api.ResolveJSRequireResolve:
		return "", false, errors.New("require.resolve is not supported: a bundle has no files")
	case spec == "muster/test":
		return "", false, errors.New(`"muster/test" is for tests only: files whose names end in .test.ts or .test.js, run by "muster hooks test"`)
	case spec == "muster" || strings.HasPrefix(spec, "muster/"):
		return "", false, errors.New(`"muster" has types only: write import type { … } from "muster"; what a hook can use comes with its ctx`)
	case strings.HasPrefix(spec, "/") || strings.HasPrefix(spec, `\`) || len(spec) > 2 && spec[1] == ':' && (spec[2] == '/' || spec[2] == '\\'):
		return "", false, fmt.Errorf("%q is an absolute path: import files of the hooks folder by a path that begins with ./", spec)
	case strings.HasPrefix(spec, "node:"):
		return "", false, builtin(spec)
	case scheme.MatchString(spec):
		return "", false, fmt.Errorf("%q cannot be imported: imports are files of the hooks folder and packages in its node_modules, no URLs", spec)
	case spec == "." || spec == ".." || strings.HasPrefix(spec, "./") || strings.HasPrefix(spec, "../"):
		file, err = r.relative(dir, spec)
		if err == nil && strings.Contains("/"+file, "/node_modules/") {
			pure = r.pureFile(file)
		}
		return file, pure, err
	case strings.HasPrefix(spec, "#"):
		file, err = r.private(dir, spec, a.Kind)
		return file, false, err
	}
	return r.bare(dir, spec, a.Kind)
}

// relative finds a file beside others of the folder dir.
func (r *resolver) relative(dir, spec string) (string, error) {
	target := path.Join(dir, spec)
	if target == ".." || strings.HasPrefix(target, "../") {
		return "", fmt.Errorf("%q leads out of the hooks folder", spec)
	}
	file, err := r.path(target, strings.HasSuffix(spec, "/") || path.Base(spec) == "." || path.Base(spec) == "..")
	switch {
	case errors.Is(err, errOutside):
		return "", fmt.Errorf("%q leads out of the hooks folder through a symbolic link", spec)
	case errors.Is(err, fs.ErrNotExist):
		return "", sentence("Could not resolve %q%s", spec, r.meant(spec, target))
	case err != nil:
		return "", fmt.Errorf("%q %w", spec, err)
	}
	return file, nil
}

// path finds a file as it stands, with an extension added, or as the index of a
// folder. fs.ErrNotExist, errOutside.
func (r *resolver) path(target string, folder bool) (string, error) {
	if !folder {
		file, err := r.file(target)
		if !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
	}
	dir, mode, err := r.tree.find(target)
	if err != nil {
		return "", err
	}
	if !mode.IsDir() {
		return "", fs.ErrNotExist
	}
	if p, err := r.manifest(dir); err == nil && p.Main != "" {
		if file, err := r.member(dir, p.Main); err == nil {
			return file, nil
		}
	}
	return r.any(path.Join(dir, "index"))
}

// file finds a file as it stands, with an extension added, or the TypeScript that
// an import of its output (./teams.js) means.
func (r *resolver) file(target string) (string, error) {
	real, mode, err := r.tree.find(target)
	if err == nil && mode.IsRegular() {
		return real, checkExtension(real)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if file, err := r.any(target); !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	for _, pair := range [][2]string{{".js", ".ts"}, {".mjs", ".mts"}} {
		if stem, ok := strings.CutSuffix(target, pair[0]); ok {
			return r.exact(stem + pair[1])
		}
	}
	return "", fs.ErrNotExist
}

// any tries the extensions.
func (r *resolver) any(stem string) (string, error) {
	for _, ext := range extensions {
		if file, err := r.exact(stem + ext); !errors.Is(err, fs.ErrNotExist) {
			return file, err
		}
	}
	return "", fs.ErrNotExist
}

// exact finds a file by its whole name.
func (r *resolver) exact(target string) (string, error) {
	real, mode, err := r.tree.find(target)
	switch {
	case err != nil:
		return "", err
	case !mode.IsRegular():
		return "", fs.ErrNotExist
	}
	return real, checkExtension(real)
}

// meant names the file that a slip of the hand missed.
func (r *resolver) meant(spec, target string) string {
	dir, mode, err := r.tree.find(path.Dir(target))
	if err != nil || !mode.IsDir() {
		return ""
	}
	want, withExt := path.Base(target), path.Ext(target) != ""
	best, distance := "", 0
	for _, name := range r.tree.names(dir) {
		if _, ok := loaders[path.Ext(name)]; !ok || strings.HasSuffix(name, ".d.ts") {
			continue
		}
		if !withExt {
			name = strings.TrimSuffix(name, path.Ext(name))
		}
		d := levenshtein.Distance(want, name, nil)
		if d <= max(1, (min(len(want), len(name))+1)/3) && (best == "" || d < distance || d == distance && name < best) {
			best, distance = name, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", spec[:strings.LastIndex(spec, "/")+1]+best)
}
