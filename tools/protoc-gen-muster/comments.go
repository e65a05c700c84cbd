package main

import (
	"regexp"
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
)

// names turns the names in comments into those that scripts know.
type names struct {
	// to is the new word of an old one.
	to map[string]string
}

var words = regexp.MustCompile(`[A-Za-z][A-Za-z0-9]*(_[a-z0-9]+)*`)

func newNames(points []point, messages []*protogen.Message) *names {
	n := &names{to: map[string]string{}}
	for _, m := range messages {
		for _, f := range m.Fields {
			if name := string(f.Desc.Name()); strings.Contains(name, "_") {
				n.to[name] = f.Desc.JSONName()
			}
		}
	}
	for _, p := range points {
		// A point's own name is not one of a field, even if they look alike.
		delete(n.to, p.name)
		if p.exportType() != p.service.GoName+"s" {
			n.to[p.service.GoName] = p.exportType()
		}
	}
	return n
}

func (n *names) rewrite(text string) string {
	return words.ReplaceAllStringFunc(text, func(word string) string {
		if to, ok := n.to[word]; ok {
			return to
		}
		return word
	})
}

// comment writes proto comments as one JSDoc comment, a paragraph each.
func (t types) comment(indent string, comments ...protogen.Comments) {
	var paragraphs []string
	for _, c := range comments {
		if text := strings.TrimSpace(string(c)); text != "" {
			paragraphs = append(paragraphs, text)
		}
	}
	t.jsdoc(indent, strings.Join(paragraphs, "\n\n"))
}

// fieldComment writes the comment of a field, which may begin with its name in Go.
func (t types) fieldComment(f *protogen.Field) {
	text := strings.TrimSpace(string(f.Comments.Leading))
	if rest, ok := strings.CutPrefix(text, f.GoName+" "); ok && strings.Contains(string(f.Desc.Name()), "_") {
		text = f.Desc.JSONName() + " " + rest
	}
	t.jsdoc("    ", text)
}

func (t types) jsdoc(indent, text string) {
	if text == "" {
		return
	}
	text = strings.ReplaceAll(t.names.rewrite(text), "*/", "*\\/")
	lines := strings.Split(text, "\n")
	if len(lines) == 1 {
		t.P(indent, "/** ", lines[0], " */")
		return
	}
	t.P(indent, "/**")
	for _, line := range lines {
		t.P(strings.TrimRight(indent+" * "+strings.TrimSpace(line), " "))
	}
	t.P(indent, " */")
}

// upperFirst makes the first letter a capital.
func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
