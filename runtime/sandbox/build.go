package sandbox

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/muster-gg/muster/runtime/script/bundle"
)

// Build is bundle.Build in a child, which also compiles the bundle to see that this
// comes to an end. Its errors are the same; a source that the child does not survive
// is a *bundle.Error too.
func (s *Sandbox) Build(ctx context.Context, o bundle.Options) (*bundle.Result, error) {
	if o.Root == "" {
		o.Root = filepath.Dir(o.Entry)
	}
	if err := s.build.begin(ctx); err != nil {
		return nil, err
	}
	defer s.build.end()
	a, err := s.run(ctx, s.build.limits, request{Entry: []byte(o.Entry), Root: []byte(o.Root), Modules: o.Modules})
	var ended *Ended
	switch {
	case errors.As(err, &ended):
		return nil, ended.blame(o.Entry)
	case err != nil:
		return nil, err
	}
	root, err := filepath.EvalSymlinks(o.Root)
	if err == nil {
		root, err = filepath.Abs(root)
	}
	if err != nil && a.last.Bundle != nil {
		return nil, fmt.Errorf("bundle: the hooks folder: %w", err)
	}
	return a.bundle(root)
}

// maxBlamed is how many files an error names.
const maxBlamed = 3

// blame is the error of a source that has ended its child. The file is named that was
// being read, if that is known.
func (e *Ended) blame(entry string) *bundle.Error {
	p := bundle.Problem{File: filepath.Base(entry), Text: "The bundler " + e.Error()}
	switch e.By {
	case Time, Memory, Stack, Flood:
		p.Text += ": something in the source is nested too deeply or too large"
	}
	switch open := e.Open; {
	case len(open) == 1:
		p.File = open[0]
	case len(open) > 1 && len(open) <= maxBlamed:
		p.Text += "; it was reading " + strings.Join(open, ", ")
	}
	return &bundle.Error{Problems: []bundle.Problem{p}}
}
