package bundle

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// metafile is the part that is used of what the compiler tells of a build.
type metafile struct {
	Inputs map[string]struct {
		Format  string `json:"format"`
		Imports []struct {
			Path     string `json:"path"`
			Original string `json:"original"`
		} `json:"imports"`
	} `json:"inputs"`
	Outputs map[string]struct {
		Exports    []string `json:"exports"`
		EntryPoint string   `json:"entryPoint"`
	} `json:"outputs"`
}

func (m *metafile) exports() []string {
	for _, o := range m.Outputs {
		if o.EntryPoint != "" {
			return o.Exports
		}
	}
	return nil
}

var (
	exportDefault = regexp.MustCompile(`\bexport\s+default\b|\bas\s+default\b`)
	exportStar    = regexp.MustCompile(`\bexport\s*\*\s*from\s*["']([^"']*)["']`)
	commonJS      = regexp.MustCompile(`\bmodule\.exports\b|\bexports\.`)
)

// refuse finds what an entry must not do: export without a name.
func (m *metafile) refuse(t *tree, entry string) *Problem {
	in := m.Inputs[namespace+":"+entry]
	if in.Format == "cjs" {
		return t.point(entry, commonJS, "", `Hooks are exported by name: write "export function validateStart(ctx, lobby) { … }" instead of module.exports`)
	}
	if slices.Contains(m.exports(), "default") {
		return t.point(entry, exportDefault, "", `A default export has no name: write "export function validateStart(ctx, lobby) { … }" for each hook`)
	}
	for _, i := range in.Imports {
		if m.Inputs[i.Path].Format == "cjs" {
			if p := t.point(entry, exportStar, i.Original, `The names that "export *" means are not known, since the file uses module.exports: export each by its name`); p.Line > 0 {
				return p
			}
		}
	}
	return nil
}

// point makes a problem of the first place in a file that matches, and whose group
// is group if that is given.
func (t *tree) point(file string, at *regexp.Regexp, group, text string) *Problem {
	source, err := t.load(file)
	if err != nil {
		return &Problem{File: file, Text: text}
	}
	for _, place := range at.FindAllStringSubmatchIndex(source, -1) {
		if group == "" || source[place[2]:place[3]] == group {
			f := fault{place[0], place[1] - place[0], text}
			return &problems([]api.Message{f.message(file, source)}, false)[0]
		}
	}
	return &Problem{File: file, Text: text}
}

// clause begins what the compiler writes at the end for the exports of the entry:
//
//	export {
//	  rpc,
//	  validate as validateStart
//	};
const clause = "\nexport {"

// register turns the export clause into calls of __muster_export. Names that are
// not ASCII are escaped there and can be no hook's; they are left out.
func register(code string, exports []string) (string, []string, error) {
	if len(exports) == 0 {
		return code, nil, nil
	}
	at := strings.LastIndex(code, clause)
	body, rest, ok := strings.Cut(code[max(at, 0):], "}")
	if at < 0 || !ok || strings.TrimSpace(rest) != ";\n"+footer {
		return "", nil, errors.New("bundle: the compiler wrote no export clause")
	}
	var b strings.Builder
	b.WriteString(code[:at+1])
	var names []string
	for item := range strings.SplitSeq(strings.TrimPrefix(body, clause), ",") {
		local, name, renamed := strings.Cut(strings.TrimSpace(item), " as ")
		if !renamed {
			name = local
		}
		if !slices.Contains(exports, name) {
			continue
		}
		names = append(names, name)
		fmt.Fprintf(&b, "__muster_export(%q, %s);\n", name, local)
	}
	b.WriteString(footer + "\n")
	slices.Sort(names)
	return b.String(), names, nil
}
