package bundle

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// manifest is what counts of a package.json.
type manifest struct {
	Main        string          `json:"main"`
	Module      string          `json:"module"`
	Exports     json.RawMessage `json:"exports"`
	Imports     json.RawMessage `json:"imports"`
	SideEffects json.RawMessage `json:"sideEffects"`
}

// manifest reads the package.json of a folder. fs.ErrNotExist. A field of another
// type than expected counts as missing, as it does in Node.js.
func (r *resolver) manifest(dir string) (*manifest, error) {
	file, mode, err := r.tree.find(path.Join(dir, "package.json"))
	if err != nil {
		return nil, err
	}
	if !mode.IsRegular() {
		return nil, fs.ErrNotExist
	}
	text, err := r.tree.load(file)
	if err != nil {
		return nil, err
	}
	if p := scan(text); p != nil {
		return nil, fmt.Errorf("has a %s that cannot be read: %s", file, p.text)
	}
	p := &manifest{}
	if err := json.Unmarshal([]byte(text), p); err != nil {
		var mismatch *json.UnmarshalTypeError
		if !errors.As(err, &mismatch) {
			return nil, fmt.Errorf("has a %s that is not JSON", file)
		}
	}
	return p, nil
}

// bare finds a package's file: the package in the nearest node_modules, inside the
// root alone.
func (r *resolver) bare(dir, spec string, kind api.ResolveKind) (string, bool, error) {
	name, sub, ok := splitPackage(spec)
	if !ok {
		return "", false, fmt.Errorf("%q is no name of a package; a file of the hooks folder is imported by a path that begins with ./", spec)
	}
	for at := dir; ; at = path.Dir(at) {
		if path.Base(at) != "node_modules" {
			home, mode, err := r.tree.find(path.Join(at, "node_modules", name))
			if errors.Is(err, errOutside) {
				return "", false, sentence("The package %q leads out of the hooks folder through a symbolic link", name)
			}
			if err == nil && mode.IsDir() {
				file, pure, err := r.inPackage(home, spec, sub, kind)
				if errors.Is(err, errOutside) {
					err = sentence("The package %q leads out of the hooks folder", name)
				}
				return file, pure, err
			}
		}
		if at == "." {
			break
		}
	}
	if err := builtin(spec); err != nil {
		return "", false, err
	}
	if file, err := r.any(path.Join(dir, spec)); err == nil {
		return "", false, sentence(`Could not resolve %q (did you mean "./%s"?)`, spec, strings.TrimSuffix(path.Base(file), path.Ext(file)))
	}
	return "", false, sentence("Could not resolve %q: there is no package %q in a node_modules of the hooks folder", spec, name)
}

// splitPackage splits @scope/name/sub/path.
func splitPackage(spec string) (name, sub string, ok bool) {
	parts := strings.Split(spec, "/")
	n := 1
	if strings.HasPrefix(spec, "@") {
		n = 2
	}
	if len(parts) < n {
		return "", "", false
	}
	for i, p := range parts {
		if p == ".." || p == "." || strings.ContainsAny(p, `\%`) || i < n && (p == "" || p[0] == '.' || p == "node_modules") {
			return "", "", false
		}
	}
	return strings.Join(parts[:n], "/"), strings.Join(parts[n:], "/"), true
}

// inPackage finds a file of the package whose folder is home.
func (r *resolver) inPackage(home, spec, sub string, kind api.ResolveKind) (string, bool, error) {
	p, err := r.manifest(home)
	if errors.Is(err, fs.ErrNotExist) {
		p, err = &manifest{}, nil
	}
	if err != nil {
		return "", false, sentence("The package %q %w", path.Base(home), err)
	}
	pure := string(p.SideEffects) == "false"
	if exports := decode(p.Exports); exports != nil {
		key := "."
		if sub != "" {
			key = "./" + sub
		}
		target, ok := match(exports, key, conditions(kind))
		if !ok {
			return "", false, fmt.Errorf("%q is not exported by the package (see %q in its package.json)", spec, "exports")
		}
		file, err := r.target(home, target)
		return file, pure, missing(err, spec)
	}
	if sub != "" {
		file, err := r.path(path.Join(home, sub), strings.HasSuffix(sub, "/"))
		return file, pure, missing(err, spec)
	}
	fields := []string{p.Module, p.Main}
	if kind == api.ResolveJSRequireCall {
		fields = []string{p.Main, p.Module}
	}
	for _, field := range fields {
		if field == "" {
			continue
		}
		file, err := r.member(home, field)
		if !errors.Is(err, fs.ErrNotExist) {
			return file, pure, missing(err, spec)
		}
	}
	file, err := r.any(path.Join(home, "index"))
	return file, pure, missing(err, spec)
}

// member finds what a field like main names: a file or folder of the package.
func (r *resolver) member(home, field string) (string, error) {
	target := path.Join(home, field)
	if target != home && home != "." && !strings.HasPrefix(target, home+"/") || !path.IsAbs(field) && strings.HasPrefix(target, "..") {
		return "", errOutside
	}
	file, err := r.file(target)
	if errors.Is(err, fs.ErrNotExist) {
		return r.any(path.Join(target, "index"))
	}
	return file, err
}

// pureFile reports whether the package of a file says that it has no side effects.
func (r *resolver) pureFile(file string) bool {
	for dir := path.Dir(file); dir != "." && path.Base(dir) != "node_modules"; dir = path.Dir(dir) {
		if p, err := r.manifest(dir); err == nil && p.SideEffects != nil {
			return string(p.SideEffects) == "false"
		}
	}
	return false
}

// missing is err as a sentence about spec; nil stays nil.
func missing(err error, spec string) error {
	switch {
	case err == nil || errors.Is(err, errOutside):
		return err
	case errors.Is(err, fs.ErrNotExist):
		return sentence("Could not resolve %q: the package has no such script", spec)
	}
	return fmt.Errorf("%q %w", spec, err)
}
