package bundle

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is what a token is, as far as the scanner cares.
type kind int

const (
	none      kind = iota
	operand        // a name, number, text, regular expression, or the end of brackets
	block          // the end of a block: a statement or an operator follows
	operator       // punctuation
	separator      // , ;
	opening        // ( [ { ` ${
	closing        // ) ] } `
	prefix         // typeof, new, …: words that an operand follows
	infix          // in, extends, …: words between operands
	control        // if, else, …
	beginning      // var, case, …: words that begin a statement
	htmlComment
)

// words that are no operands, those of types among them.
var words = map[string]kind{
	"typeof": prefix, "void": prefix, "delete": prefix, "new": prefix, "await": prefix, "yield": prefix, "throw": prefix, "return": prefix,
	"async": prefix, "function": prefix, "class": prefix, "keyof": prefix, "readonly": prefix, "unique": prefix, "infer": prefix,
	"asserts": prefix, "abstract": prefix,
	"in": infix, "of": infix, "instanceof": infix, "as": infix, "satisfies": infix, "extends": infix, "is": infix,
	"if": control, "for": control, "while": control, "with": control, "do": control, "else": control,
	"var": beginning, "let": beginning, "const": beginning, "case": beginning, "default": beginning, "import": beginning,
	"export": beginning, "break": beginning, "continue": beginning, "debugger": beginning,
}

// lexer splits a source into tokens. Whether a slash divides or begins a regular
// expression it tells by the token before.
type lexer struct {
	source     string
	start, at  int // of the token
	kind       kind
	before     kind // of the token before, as the scanner sees it
	last       byte // last character of the token before
	arrow      bool // the token before is =>
	lineStart  bool // nothing but space and comments since the line began
	inTemplate bool
}

func (l *lexer) text() string { return l.source[l.start:l.at] }

// next reads a token; false at the end.
func (l *lexer) next() bool {
	if l.at > 0 && l.kind != none {
		l.last, l.arrow = l.source[l.at-1], l.text() == "=>"
	}
	if l.inTemplate {
		return l.template()
	}
	l.space()
	if l.at >= len(l.source) {
		return false
	}
	l.start = l.at
	c := l.source[l.at]
	first := l.lineStart
	l.lineStart = false
	switch {
	case strings.HasPrefix(l.source[l.at:], "<!--"), first && strings.HasPrefix(l.source[l.at:], "-->"):
		l.kind, l.at = htmlComment, l.at+3
	case c == '`':
		l.kind, l.inTemplate = opening, true
		l.at++
	case c == '(' || c == '[' || c == '{':
		l.kind, l.at = opening, l.at+1
	case c == ')' || c == ']' || c == '}':
		l.kind, l.at = closing, l.at+1
	case c == ',' || c == ';':
		l.kind, l.at = separator, l.at+1
	case c == '"' || c == '\'':
		l.kind = operand
		l.quoted(c)
	case c == '/' && l.before != operand:
		l.kind = operand
		l.regexp()
	case part(c):
		l.word()
	default:
		l.punctuation(c)
	}
	return true
}

// punctuation reads an operator. ++ and -- behind an operand belong to it.
func (l *lexer) punctuation(c byte) {
	l.kind, l.at = operator, l.at+1
	if l.at >= len(l.source) {
		return
	}
	switch d := l.source[l.at]; {
	case c == '=' && d == '>' || c == '&' && d == '&' || c == '|' && d == '|' || c == '?' && (d == '?' || d == '.') || c == '*' && d == '*':
		l.at++
	case (c == '+' || c == '-') && d == c:
		if l.at++; l.before == operand {
			l.kind = operand
		}
	case c == '!' && l.before == operand && d != '=':
		l.kind = operand // TypeScript's x!
	}
}

func (l *lexer) word() {
	for l.at < len(l.source) && part(l.source[l.at]) {
		r, size := utf8.DecodeRuneInString(l.source[l.at:])
		if blank(r) {
			break
		}
		l.at += size
	}
	l.kind = operand
	if k, ok := words[l.text()]; ok && l.last != '.' {
		l.kind = k
	}
}

// part reports whether a byte is one of a name or number. What is not ASCII is
// one, if space has not taken it.
func part(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c == '#' || c == '\\' || c >= utf8.RuneSelf
}

// space skips white space and comments.
func (l *lexer) space() {
	for l.at < len(l.source) {
		rest := l.source[l.at:]
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case newline(r):
			l.lineStart = true
			l.at += size
		case blank(r):
			l.at += size
		case strings.HasPrefix(rest, "//") || l.at == 0 && strings.HasPrefix(rest, "#!"):
			end := strings.IndexFunc(rest, newline)
			if end < 0 {
				end = len(rest)
			}
			l.at += end
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				l.at = len(l.source)
				return
			}
			l.lineStart = l.lineStart || strings.ContainsFunc(rest[:end+2], newline)
			l.at += end + 4
		default:
			return
		}
	}
}

func blank(r rune) bool { return unicode.IsSpace(r) || newline(r) || r == 0xFEFF }

func newline(r rune) bool { return r == '\n' || r == '\r' || r == 0x2028 || r == 0x2029 }

// quoted reads a text, to the end of the line at most.
func (l *lexer) quoted(quote byte) {
	for l.at++; l.at < len(l.source); l.at++ {
		switch l.source[l.at] {
		case quote:
			l.at++
			return
		case '\n', '\r':
			return
		case '\\':
			if l.at++; l.at+1 < len(l.source) && l.source[l.at] == '\r' && l.source[l.at+1] == '\n' {
				l.at++
			}
		}
	}
	l.at = len(l.source)
}

// regexp reads a regular expression, or a slash alone if the line ends first.
func (l *lexer) regexp() {
	class := false
	for i := l.at + 1; i < len(l.source); i++ {
		switch c := l.source[i]; {
		case c == '\n' || c == '\r':
			l.kind, l.at = operator, l.at+1
			return
		case c == '\\':
			i++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			l.at = i + 1
			return
		}
	}
	l.kind, l.at = operator, l.at+1
}

// template reads a part of a template: to its end, or to a ${.
func (l *lexer) template() bool {
	for ; l.at < len(l.source); l.at++ {
		switch {
		case l.source[l.at] == '\\':
			l.at++
		case l.source[l.at] == '`':
			l.start, l.kind, l.at = l.at, closing, l.at+1
			l.inTemplate = false
			return true
		case strings.HasPrefix(l.source[l.at:], "${"):
			l.start, l.kind, l.at = l.at, opening, l.at+2
			l.inTemplate = false
			return true
		}
	}
	l.at = len(l.source)
	return false
}
