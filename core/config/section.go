package config

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// section is one block, or the file, that is being read.
type section struct {
	r    *reader
	body *hclsyntax.Body
	// kind is the key of reference.
	kind string
	// title is how messages name it: `game "arena"`.
	title string
	// at is its header.
	at hcl.Range
}

// open checks that everything in a body is known, and where it belongs.
func (r *reader) open(kind, title string, body *hclsyntax.Body, at hcl.Range) *section {
	s := &section{r: r, body: body, kind: kind, title: title, at: at}
	known := r.known[kind]
	for _, a := range body.Attributes {
		switch {
		case slices.Contains(known.attrs, a.Name):
		case slices.Contains(known.blocks, a.Name):
			r.fail(a.NameRange, problem{
				text: fmt.Sprintf("%q is a block, not a value.", a.Name),
				hint: a.Name + " { … }",
				help: `Write it without "=".`,
			})
		case slices.Contains(known.later, a.Name):
			r.fail(a.NameRange, problem{text: notYet(fmt.Sprintf("%q", a.Name))})
		default:
			s.unknown(a.Name, a.NameRange, append(slices.Clone(known.attrs), known.blocks...))
		}
	}
	for _, b := range body.Blocks {
		switch {
		case slices.Contains(known.blocks, b.Type):
		case slices.Contains(known.attrs, b.Type):
			r.fail(b.TypeRange, problem{text: fmt.Sprintf("%q is a value, not a block.", b.Type), hint: b.Type + " = …"})
		case slices.Contains(known.later, b.Type):
			r.fail(b.DefRange(), problem{text: notYet("The block " + b.Type + " { }")})
		default:
			s.unknown(b.Type, b.TypeRange, append(slices.Clone(known.blocks), known.attrs...))
		}
	}
	return s
}

func (s *section) unknown(name string, at hcl.Range, candidates []string) {
	p := problem{text: fmt.Sprintf("There is no %q in %s.", name, s.title), hint: nearest(name, candidates)}
	if help := s.r.known[s.kind].told[name]; help != "" {
		p.hint, p.help = "", help
		s.r.fail(at, p)
		return
	}
	if place := s.r.elsewhere(name, s.kind); place != "" && (p.hint == "" || s.kind == "") {
		p.hint, p.help = "", fmt.Sprintf("It belongs into %s.", place)
	}
	if p.hint == "" && p.help == "" {
		// Later ones last: a slip in their names deserves the hint too.
		if p.hint = nearest(name, s.r.known[s.kind].later); p.hint == "" {
			p.help = "Known here: " + list(s.r.known[s.kind].all(), "and") + "."
		}
	}
	s.r.fail(at, p)
}

// has reports whether the key is in the file, be its value good or bad.
func (s *section) has(name string) bool { return s.body.Attributes[name] != nil }

// place is where the value of a key stands, or the block's header without it.
func (s *section) place(name string) hcl.Range {
	if a := s.body.Attributes[name]; a != nil {
		return a.Expr.Range()
	}
	return s.at
}

// blocks returns the blocks of a type in the order of the file, those with a
// wrong number of labels reported and left out.
func (s *section) blocks(kind, label string) []*hclsyntax.Block {
	var found []*hclsyntax.Block
	for _, b := range s.body.Blocks {
		if b.Type == kind && s.labels(b, label) {
			found = append(found, b)
		}
	}
	slices.SortStableFunc(found, func(a, b *hclsyntax.Block) int {
		return cmp.Compare(a.TypeRange.Start.Byte, b.TypeRange.Start.Byte)
	})
	return found
}

// labels checks that a block has one label, which label describes, or none.
func (s *section) labels(b *hclsyntax.Block, label string) bool {
	want := 0
	if label != "" {
		want = 1
	}
	switch n := len(b.Labels); {
	case n == want:
		return true
	case n < want:
		s.r.fail(b.TypeRange, problem{text: fmt.Sprintf("A %s block needs %s.", b.Type, label), hint: fmt.Sprintf(`%s "…" {`, b.Type)})
	case want == 0:
		s.r.fail(b.LabelRanges[0], problem{text: fmt.Sprintf("A %s block has no label.", b.Type), hint: b.Type + " {"})
	default:
		s.r.fail(b.LabelRanges[want], problem{text: fmt.Sprintf("A %s block has one label only: %s.", b.Type, label)})
	}
	return false
}

// one opens the block of a type that may stand here once. Without such a block
// it is an empty one: all defaults.
func (s *section) one(kind, title string) *section {
	all := s.blocks(kind, "")
	if len(all) == 0 {
		return &section{r: s.r, body: &hclsyntax.Body{}, kind: kind, title: title, at: s.at}
	}
	for _, b := range all[1:] {
		s.r.fail(b.DefRange(), problem{
			text: fmt.Sprintf("%s already has a block %s, in line %d.", s.title, kind, all[0].TypeRange.Start.Line),
			help: "Put everything into one of the two.",
		})
	}
	return s.r.open(kind, title, all[0].Body, all[0].DefRange())
}
