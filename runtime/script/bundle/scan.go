package bundle

import (
	"fmt"
	"regexp"
	"unicode/utf8"
)

// The compiler and the engine call themselves for everything that stands inside of
// something else, and the end of the stack is the end of the process. So nothing is
// compiled that is nested deeper than any person nests. scan reads tokens roughly:
// it need not know what they mean, only what may stand inside of what.
const (
	// maxDepth is how many brackets may be open.
	maxDepth = 500
	// maxChain is how many operators, of all statements that are open at a place, may
	// wait for their end: !!!x, a => b => c, a + b + c, if (a) if (b) c.
	maxChain = 4000
)

// foreignMap is a comment by which the compiler would read a file by itself.
var foreignMap = regexp.MustCompile(`[#@] sourceMappingURL=\s*(?i:file)`)

// scan finds what must not come near the compiler; nil if there is nothing.
func scan(source string) *fault {
	// The compiler does not come to the end of a text that breaks off in a character.
	if !utf8.ValidString(source) {
		return &fault{invalid(source), 0, "The file is not UTF-8"}
	}
	if at := foreignMap.FindStringIndex(source); at != nil {
		return &fault{at[0], at[1] - at[0], "A source map cannot be at a file: URL"}
	}
	s := &scanner{lexer: lexer{source: source, lineStart: true}, levels: make([]level, 1, 32)}
	for s.next() {
		s.follow()
		switch {
		case len(s.levels) > maxDepth+1:
			return &fault{s.start, 1, fmt.Sprintf("The source is nested over %d levels deep", maxDepth)}
		case s.chain > maxChain:
			return &fault{s.start, s.at - s.start, fmt.Sprintf("An expression or statement goes on for over %d operators", maxChain)}
		case s.kind == htmlComment:
			return &fault{s.start, s.at - s.start, "HTML comments are not supported"}
		}
	}
	return nil
}

// invalid is the offset of the first byte that is not UTF-8.
func invalid(source string) int {
	for i, r := range source {
		if _, size := utf8.DecodeRuneInString(source[i:]); r == utf8.RuneError && size == 1 {
			return i
		}
	}
	return len(source)
}

// level is an open bracket, or the whole source.
type level struct {
	open byte // ( [ { ` or $ for ${; 0 for the source
	// head is set for the brackets behind if, for, while, with; object for braces
	// that stand where a value does.
	head, object bool
	// operators wait for the end of the statement or item, controls for that of the
	// statement behind them, elses for one that no other follows.
	operators, controls, elses int
	// angles are < that no > has closed: in types they nest, and commas end nothing.
	angles int
}

func (l *level) sum() int { return l.operators + l.controls + l.elses }

type scanner struct {
	lexer
	levels []level
	chain  int // the sums of all levels
}

func (s *scanner) top() *level { return &s.levels[len(s.levels)-1] }

// add counts one more that waits.
func (s *scanner) add(counter *int) {
	*counter++
	s.chain++
}

func (s *scanner) drop(counter *int) {
	s.chain -= *counter
	*counter = 0
}

// end ends an expression.
func (s *scanner) end(l *level) {
	s.drop(&l.operators)
	l.angles = 0
}

// follow takes one token in.
func (s *scanner) follow() {
	before, top := s.before, s.top()
	s.before = s.kind
	s.settle(before)
	switch s.kind {
	case opening:
		s.push(before)
	case closing:
		s.pop()
	case separator:
		semicolon := s.text() == ";"
		if semicolon || top.angles == 0 {
			s.end(top)
		}
		if semicolon {
			s.drop(&top.controls)
		}
	case operator, prefix, infix:
		s.add(&top.operators)
		switch s.text() {
		case "<":
			top.angles++
		case ">":
			top.angles = max(0, top.angles-1)
		}
	case control:
		if s.text() == "else" {
			s.add(&top.elses)
		} else {
			s.add(&top.controls)
		}
	}
}

// settle sees where a statement ended without a semicolon: when what comes cannot
// go on with what was.
func (s *scanner) settle(before kind) {
	top := s.top()
	word := s.kind == operand || s.kind == prefix || s.kind == control || s.kind == beginning
	if word && (before == operand || before == block) || s.kind == beginning {
		s.end(top)
	}
	if s.kind == control && s.text() == "else" {
		return
	}
	if before == block && word {
		s.drop(&top.controls)
	}
	if before == block && word || before == separator && s.last == ';' {
		s.drop(&top.elses)
	}
}

// push opens a level. What is called, indexed or tagged nests as an operator does.
func (s *scanner) push(before kind) {
	s.before = opening
	s.add(&s.top().operators)
	l := level{open: s.source[s.start]}
	switch l.open {
	case '(':
		l.head = before == control
	case '{':
		l.object = s.object(before)
	}
	s.levels = append(s.levels, l)
}

// object tells a brace that opens an object from one that opens a block.
func (s *scanner) object(before kind) bool {
	parent := s.top()
	inside := parent.object || parent.open == '(' || parent.open == '[' || parent.open == '$'
	switch before {
	case prefix, infix:
		return true
	case operator:
		return !s.arrow && s.last != ')' && (s.last != ':' || inside)
	case opening, separator:
		return inside
	}
	return false
}

// pop closes a level if the token closes it; another one is a fault of the source,
// which the compiler will tell.
func (s *scanner) pop() {
	top := *s.top()
	want := map[byte]byte{'(': ')', '[': ']', '{': '}', '$': '}', '`': '`'}[top.open]
	s.before = operand
	if want == 0 || s.source[s.start] != want {
		return
	}
	s.chain -= top.sum()
	s.levels = s.levels[:len(s.levels)-1]
	switch {
	case top.head:
		s.before = operator // a statement follows, and it may begin with a regular expression
	case top.open == '{' && !top.object:
		s.before = block
	case top.open == '$':
		s.before = operator
	}
	s.inTemplate = s.top().open == '`'
}
