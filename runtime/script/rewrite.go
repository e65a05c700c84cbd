package script

import (
	"fmt"
	"math/big"
	"reflect"
	"slices"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
	"github.com/dop251/goja/unistring"
)

// spreadName is the global function that gets what is spread: [...x], f(...x),
// {...x}, [...a] = x and for (key in x).
const spreadName = "__muster_spread"

// twiceName is the global function that gets one of two texts that are the same, and
// the first of many: the length of a text that is added to itself doubles with every
// step.
const twiceName = "__muster_twice"

// maxJoined is how many parts of a template text are put together at once.
const maxJoined = 4

// rewrite changes a program where the engine would do much in one step, without a
// function that could have a guard, and refuses what it cannot change. In large
// numbers of any size each step may be endless; without their literals there are
// none.
func rewrite(p *ast.Program) error {
	r := rewriter{seen: map[any]bool{}, file: p.File}
	for i := range p.Body {
		r.walk(reflect.ValueOf(&p.Body[i]).Elem())
	}
	if r.bigInt != nil {
		return &misplaced{text: fmt.Sprintf("%s is a BigInt: hooks have none, %s", r.bigInt.Literal, unavailable["BigInt"]), at: p.File.Position(int(r.bigInt.Idx) - p.File.Base())}
	}
	return nil
}

// misplaced is an error at a place of the bundle.
type misplaced struct {
	text string
	at   file.Position
}

func (e *misplaced) Error() string { return e.text }

// rewriter goes through the nodes of a program.
type rewriter struct {
	file   *file.File
	seen   map[any]bool // nodes: some can be reached in two ways
	bigInt *ast.NumberLiteral
}

// walk changes what is at v, inside first.
func (r *rewriter) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return
		}
		r.walk(v.Elem())
		if v.CanSet() {
			if to := r.changed(v.Interface()); to != nil {
				v.Set(reflect.ValueOf(to))
			}
		}
	case reflect.Pointer:
		if v.IsNil() || v.Type() == fileType || r.seen[v.Interface()] {
			return
		}
		r.seen[v.Interface()] = true
		r.walk(v.Elem())
		r.change(v.Interface())
	case reflect.Slice:
		for i := range v.Len() {
			r.walk(v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				r.walk(v.Field(i))
			}
		}
	}
}

var fileType = reflect.TypeFor[*file.File]()

// change changes a node in its place.
func (r *rewriter) change(node any) {
	switch n := node.(type) {
	case *ast.ArrayLiteral:
		spreadIn(n.Value)
	case *ast.CallExpression:
		spreadIn(n.ArgumentList)
	case *ast.NewExpression:
		spreadIn(n.ArgumentList)
	case *ast.ObjectLiteral:
		for _, property := range n.Value {
			if s, ok := property.(*ast.SpreadElement); ok {
				s.Expression = spread(s.Expression, true)
			}
		}
	case *ast.Binding:
		if p, ok := n.Target.(*ast.ArrayPattern); ok && p.Rest != nil && n.Initializer != nil {
			n.Initializer = spread(n.Initializer, false)
		}
	case *ast.BinaryExpression:
		if n.Operator == token.PLUS && same(n.Left, n.Right) {
			n.Right = ask(twiceName, n.Right)
		}
	case *ast.AssignExpression:
		if p, ok := n.Left.(*ast.ArrayPattern); ok && p.Rest != nil {
			n.Right = spread(n.Right, false)
		}
		if n.Operator == token.PLUS && same(n.Left, n.Right) {
			n.Right = ask(twiceName, n.Right)
		}
	case *ast.TemplateLiteral:
		for i, e := range n.Expressions {
			if n.Tag == nil && slices.ContainsFunc(n.Expressions[:i], func(before ast.Expression) bool { return same(before, e) }) {
				n.Expressions[i] = ask(twiceName, e)
			}
		}
	case *ast.ForInStatement:
		n.Source = spread(n.Source, true)
	case *ast.NumberLiteral:
		if _, ok := n.Value.(*big.Int); ok && r.bigInt == nil {
			r.bigInt = n
		}
	}
}

// changed is what takes the place of a node, nil to leave it.
func (r *rewriter) changed(node any) ast.Expression {
	t, ok := node.(*ast.TemplateLiteral)
	if !ok || t.Tag != nil || len(t.Expressions) <= maxJoined {
		return nil
	}
	return nested(t)
}

// spreadIn asks about what is spread in a list.
func spreadIn(list []ast.Expression) {
	for _, e := range list {
		if s, ok := e.(*ast.SpreadElement); ok {
			s.Expression = spread(s.Expression, false)
		}
	}
}

// spread asks about what is spread. Of some only the keys are taken.
func spread(e ast.Expression, keys bool) ast.Expression {
	if !keys {
		return ask(spreadName, e)
	}
	return ask(spreadName, e, &ast.BooleanLiteral{Idx: e.Idx0(), Literal: "true", Value: true})
}

// ask calls a function of the platform.
func ask(function string, args ...ast.Expression) ast.Expression {
	at := args[0].Idx0()
	return &ast.CallExpression{
		Callee:          &ast.Identifier{Name: unistring.String(function), Idx: at},
		LeftParenthesis: at, ArgumentList: args, RightParenthesis: args[0].Idx1(),
	}
}

// same reports whether both are the same variable, or the same property of one.
func same(a, b ast.Expression) bool {
	switch a := a.(type) {
	case *ast.Identifier:
		b, ok := b.(*ast.Identifier)
		return ok && a.Name == b.Name
	case *ast.ThisExpression:
		_, ok := b.(*ast.ThisExpression)
		return ok
	case *ast.DotExpression:
		b, ok := b.(*ast.DotExpression)
		return ok && a.Identifier.Name == b.Identifier.Name && same(a.Left, b.Left)
	}
	return false
}

// nested puts the first parts of a template into one of their own, again and again,
// so that no step puts many long texts together. They are made text in the same
// order.
func nested(t *ast.TemplateLiteral) ast.Expression {
	empty := func() *ast.TemplateElement { return &ast.TemplateElement{Idx: t.OpenQuote, Valid: true} }
	parts, texts := t.Expressions, t.Elements
	first := &ast.TemplateLiteral{
		OpenQuote: t.OpenQuote, CloseQuote: t.CloseQuote,
		Elements: append(texts[:maxJoined:maxJoined], texts[maxJoined]), Expressions: parts[:maxJoined],
	}
	for parts, texts = parts[maxJoined:], texts[maxJoined+1:]; len(parts) > 0; {
		n := min(maxJoined-1, len(parts))
		elements := append([]*ast.TemplateElement{empty(), empty()}, texts[:n]...)
		first = &ast.TemplateLiteral{
			OpenQuote: t.OpenQuote, CloseQuote: t.CloseQuote,
			Elements: elements, Expressions: append([]ast.Expression{ask(twiceName, first)}, parts[:n]...),
		}
		parts, texts = parts[n:], texts[n:]
	}
	return first
}
