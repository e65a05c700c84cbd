package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// member of a JSON object whose order counts.
type member struct {
	key   string
	value any
}

// decode reads `exports` or `imports` of a package.json: string, nil, []any or
// []member, as deep as they are nested (which scan has bounded). nil if it is
// missing or broken.
func decode(data json.RawMessage) any {
	if len(data) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	v, err := value(d)
	if err != nil {
		return nil
	}
	return v
}

func value(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		object := []member{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := value(d)
			if err != nil {
				return nil, err
			}
			object = append(object, member{key.(string), v})
		}
		_, err = d.Token()
		return object, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := value(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, err
	}
	return token, nil
}

// conditions are those that hold for an import: neither Node.js nor a browser.
func conditions(kind api.ResolveKind) []string {
	if kind == api.ResolveJSRequireCall {
		return []string{"require", "module", "default"}
	}
	return []string{"import", "module", "default"}
}

// match finds the target for a key ("." or "./sub") in an exports value.
func match(exports any, key string, when []string) (string, bool) {
	object, ok := exports.([]member)
	if !ok || len(object) == 0 || !strings.HasPrefix(object[0].key, ".") {
		if key != "." {
			return "", false
		}
		return pick(exports, "", when)
	}
	return lookup(object, key, when)
}

// lookup finds a key in an object of keys, some of which have one star. The
// longest text before a star wins.
func lookup(object []member, key string, when []string) (string, bool) {
	best, star := -1, ""
	for i, m := range object {
		if m.key == key && !strings.Contains(key, "*") {
			return pick(m.value, "", when)
		}
		head, tail, ok := strings.Cut(m.key, "*")
		if !ok || !strings.HasPrefix(key, head) || !strings.HasSuffix(key, tail) || len(key) <= len(head)+len(tail) {
			continue
		}
		if best < 0 || len(head) > strings.Index(object[best].key, "*") {
			best, star = i, key[len(head):len(key)-len(tail)]
		}
	}
	if best < 0 {
		return "", false
	}
	return pick(object[best].value, star, when)
}

// pick follows conditions to the first target that holds.
func pick(target any, star string, when []string) (string, bool) {
	switch t := target.(type) {
	case string:
		return strings.ReplaceAll(t, "*", star), true
	case []any:
		for _, one := range t {
			if found, ok := pick(one, star, when); ok {
				return found, true
			}
		}
	case []member:
		for _, m := range t {
			if slices.Contains(when, m.key) {
				if found, ok := pick(m.value, star, when); ok {
					return found, true
				}
			}
		}
	}
	return "", false
}

// target finds the file that exports or imports name: always one of the package.
func (r *resolver) target(home, target string) (string, error) {
	rest, ok := strings.CutPrefix(target, "./")
	if !ok || slices.ContainsFunc(strings.Split(rest, "/"), func(s string) bool {
		return s == ".." || s == "." || s == "node_modules" || strings.ContainsAny(s, `\%`)
	}) {
		return "", errOutside
	}
	return r.exact(path.Join(home, rest))
}

// private finds what a package imports by a name of its own that begins with #.
func (r *resolver) private(dir, spec string, kind api.ResolveKind) (string, error) {
	for at := dir; ; at = path.Dir(at) {
		p, err := r.manifest(at)
		switch {
		case err == nil:
			object, _ := decode(p.Imports).([]member)
			target, ok := lookup(object, spec, conditions(kind))
			if !ok {
				return "", sentence("Could not resolve %q: %q of the package's package.json does not name it", spec, "imports")
			}
			if !strings.HasPrefix(target, ".") {
				file, _, err := r.bare(at, target, kind)
				return file, err
			}
			file, err := r.target(at, target)
			if errors.Is(err, errOutside) {
				return "", fmt.Errorf("%q leads out of its package", spec)
			}
			return file, missing(err, spec)
		case !errors.Is(err, fs.ErrNotExist):
			return "", fmt.Errorf("%q: the package %w", spec, err)
		case at == "." || path.Base(at) == "node_modules":
			return "", sentence("Could not resolve %q: there is no package.json", spec)
		}
	}
}
