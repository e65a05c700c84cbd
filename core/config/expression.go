package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

const envHelp = `The one function is env("NAME"), or env("NAME", "default").`

// functions are those of the config language.
func functions(lookup func(string) (string, bool)) map[string]function.Function {
	text := function.Parameter{Name: "name", Type: cty.String}
	return map[string]function.Function{"env": function.New(&function.Spec{
		Params:   []function.Parameter{text},
		VarParam: &function.Parameter{Name: "default", Type: cty.String},
		Type:     function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if value, set := lookup(args[0].AsString()); set {
				return cty.StringVal(value), nil
			}
			if len(args) > 1 {
				return args[1], nil
			}
			return cty.NilVal, errors.New("not set") // inspect has told so already
		},
	})}
}

// evaluate gives the value of an expression; not ok: the file has an error there,
// which was reported. fromEnv: a variable of the environment is in it.
func (r *reader) evaluate(e hclsyntax.Expression) (v cty.Value, fromEnv, ok bool) {
	in := &inspector{r: r}
	hclsyntax.Walk(e, in)
	if in.failed {
		return cty.NilVal, in.env, false
	}
	v, diags := e.Value(r.eval)
	for _, d := range diags {
		if d.Severity == hcl.DiagError {
			r.fail(rangeOf(d), problem{text: sentence(d.Summary), help: sentence(d.Detail)})
		}
	}
	if diags.HasErrors() || !v.IsWhollyKnown() {
		return cty.NilVal, in.env, false
	}
	return v, in.env, true
}

// inspector reports what the config language has not, and what env() cannot
// answer, in better words than the evaluation would. What it lets pass takes
// time and memory in proportion to the file.
type inspector struct {
	r      *reader
	env    bool
	failed bool
	// muted counts the nodes around us that were reported already.
	muted int
}

var _ hclsyntax.Walker = (*inspector)(nil)

// Enter looks at one node before its children.
func (in *inspector) Enter(n hclsyntax.Node) hcl.Diagnostics {
	if in.muted > 0 {
		in.muted++
		return nil
	}
	if bad := in.look(n); bad != nil {
		in.failed = true
		in.muted = 1
		in.r.fail(n.Range(), *bad)
	}
	return nil
}

// Exit leaves a node.
func (in *inspector) Exit(hclsyntax.Node) hcl.Diagnostics {
	if in.muted > 0 {
		in.muted--
	}
	return nil
}

func (in *inspector) look(n hclsyntax.Node) *problem {
	switch n := n.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return in.variable(n)
	case *hclsyntax.FunctionCallExpr:
		if n.Name == "env" {
			in.env = true
			return in.call(n)
		}
		p := &problem{text: fmt.Sprintf("There is no function %q.", n.Name), help: envHelp}
		if near(strings.ToLower(n.Name), "env") || strings.HasSuffix(strings.ToLower(n.Name), "env") {
			p.hint = "env(…)"
		}
		return p
	case *hclsyntax.ForExpr, *hclsyntax.SplatExpr, *hclsyntax.IndexExpr, *hclsyntax.RelativeTraversalExpr, *hclsyntax.TemplateJoinExpr:
		return &problem{text: "Loops, indexes and paths into values are not part of this file's language.", help: "Write the value itself."}
	}
	return nil
}

func (in *inspector) variable(n *hclsyntax.ScopeTraversalExpr) *problem {
	text := in.r.quote(n.Range())
	p := &problem{text: fmt.Sprintf("%s is not a value: there are no variables in this file.", text), hint: `"` + text + `"`}
	if strings.Contains(text, "*") { // masked
		return &problem{text: "This is not a value: there are no variables in this file.", help: "Text stands in quotes."}
	}
	switch strings.ToLower(n.Traversal.RootName()) {
	case "true", "yes", "on":
		p.hint = "true"
	case "false", "no", "off":
		p.hint = "false"
	case "none", "nil":
		p.hint = ""
		p.help = "Leave the key out."
	default:
		p.help = "Text stands in quotes."
	}
	return p
}

// call checks one env(). It looks the variable up, so that each one that is
// missing is reported by name.
func (in *inspector) call(n *hclsyntax.FunctionCallExpr) *problem {
	if len(n.Args) < 1 || len(n.Args) > 2 || n.ExpandFinal {
		return &problem{text: "env() takes the name of a variable and, if wanted, a default.", help: envHelp}
	}
	for i, arg := range n.Args {
		if _, isText := literal(arg); !isText && (i == 0 || !callsEnv(arg)) {
			p := &problem{text: "env() takes text in quotes.", help: envHelp}
			if t, is := arg.(*hclsyntax.ScopeTraversalExpr); is && i == 0 {
				p.hint = fmt.Sprintf("env(%q)", in.r.quote(t.Range()))
			}
			return p
		}
	}
	name, _ := literal(n.Args[0])
	if name == "" || strings.ContainsAny(name, "=\x00") {
		return &problem{text: fmt.Sprintf("%q cannot be the name of a variable.", name)}
	}
	if _, set := in.r.opts.LookupEnv(name); !set && len(n.Args) == 1 {
		return &problem{
			text: fmt.Sprintf("The environment variable %s is not set.", name),
			help: fmt.Sprintf(`Set it, or give a default: env("%s", "…").`, name),
		}
	}
	return nil
}

// literal is the text of a quoted literal.
func literal(e hclsyntax.Expression) (string, bool) {
	t, is := e.(*hclsyntax.TemplateExpr)
	if !is || !t.IsStringLiteral() {
		if is && len(t.Parts) == 0 {
			return "", true
		}
		return "", false
	}
	v, diags := t.Value(nil)
	return v.AsString(), !diags.HasErrors()
}

// callsEnv reports whether an expression is an env() itself: a default of a default.
func callsEnv(e hclsyntax.Expression) bool {
	f, is := e.(*hclsyntax.FunctionCallExpr)
	return is && f.Name == "env"
}
