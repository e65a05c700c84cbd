package sandbox

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/muster-gg/muster/runtime/script/bundle"
)

// request is the work that a child is given. Paths are bytes: they need not be UTF-8.
type request struct {
	// Entry and Root are those of a bundle; Tests is the folder of tests.
	Entry, Root []byte            `json:",omitempty"`
	Modules     map[string]string `json:",omitempty"`
	Tests       []byte            `json:",omitempty"`
	// Time is how long tests may take before they are stopped.
	Time time.Duration `json:",omitempty"`
}

// message is one part of what a child answers: many of the first kinds, and one of
// the last kinds at the end.
type message struct {
	// Begun is a file whose turn it is, Read one that the compiler has read.
	Begun string `json:",omitempty"`
	Read  string `json:",omitempty"`
	// File is one that the bundle is made of, relative to its root, with slashes;
	// Export a name that it exports.
	File   string `json:",omitempty"`
	Export string `json:",omitempty"`
	// Problem is an error or a warning. Same says that it is in the same line as the
	// one before, which is then left out.
	Problem *bundle.Problem `json:",omitempty"`
	Same    bool            `json:",omitempty"`

	// The last kinds.
	Bundle *bundled `json:",omitempty"`
	// Refused: the problems are why there is no bundle. More is how many more there are.
	Refused bool `json:",omitempty"`
	More    int  `json:",omitempty"`
	// Failed is an error that is about no source.
	Failed string `json:",omitempty"`
	// Tested is what tests came to.
	Tested *Verdict `json:",omitempty"`
}

// bundled is the large part of a bundle.
type bundled struct {
	Code string
	Map  []byte
}

// Limits of an answer.
const (
	maxAnswer   = 32 << 20 // bytes
	maxNames    = 1 << 16  // files, and exports
	maxProblems = 1000     // errors, and warnings
)

// answer is what a child has said.
type answer struct {
	begun           map[string]bool // those that are not read yet
	files, exports  []string
	errors, notices []bundle.Problem
	line            string
	last            *message
}

func newAnswer() *answer { return &answer{begun: map[string]bool{}} }

// open are the files that were being worked on.
func (a *answer) open() []string { return slices.Sorted(maps.Keys(a.begun)) }

var errAnswer = errors.New("it is no answer to what was asked")

// add takes a message in. The last one is kept.
func (a *answer) add(m message) error {
	switch {
	case m.Begun != "":
		if len(a.begun) < maxNames {
			a.begun[m.Begun] = true
		}
	case m.Read != "":
		delete(a.begun, m.Read)
	case m.File != "":
		if len(a.files) >= maxNames || !filepath.IsLocal(filepath.FromSlash(m.File)) {
			return errAnswer
		}
		a.files = append(a.files, m.File)
	case m.Export != "":
		if len(a.exports) >= maxNames {
			return errAnswer
		}
		a.exports = append(a.exports, m.Export)
	case m.Problem != nil:
		if len(a.errors)+len(a.notices) >= 2*maxProblems {
			return errAnswer
		}
		a.problem(*m.Problem, m.Same)
	case m.Bundle == nil && m.Failed == "" && m.Tested == nil && !(m.Refused && len(a.errors) > 0):
		return errAnswer
	default:
		a.last = &m
	}
	return nil
}

func (a *answer) problem(p bundle.Problem, same bool) {
	if same {
		p.Source = a.line
	}
	a.line = p.Source
	if p.Warning {
		a.notices = append(a.notices, p)
	} else {
		a.errors = append(a.errors, p)
	}
}

// bundle is the result of a build. The hash is not the child's to say.
func (a *answer) bundle(root string) (*bundle.Result, error) {
	switch m := a.last; {
	case m.Bundle != nil:
		r := &bundle.Result{
			Code: m.Bundle.Code, SourceMap: m.Bundle.Map, Exports: a.exports, Warnings: a.notices,
			Hash: bundle.Sum(m.Bundle.Code, m.Bundle.Map),
		}
		for _, file := range a.files {
			r.Files = append(r.Files, filepath.Join(root, filepath.FromSlash(file)))
		}
		return r, nil
	case m.Refused:
		return nil, &bundle.Error{Problems: a.errors, More: max(0, m.More)}
	case m.Failed != "":
		return nil, errors.New(m.Failed)
	}
	return nil, fmt.Errorf("bundle: %w", errAnswer)
}
